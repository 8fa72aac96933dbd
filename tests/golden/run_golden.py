#!/usr/bin/env python3
"""Runs golden cases: one .d2nn file each, with its command and what must come out written into it.

    // RUN: d2nn check %s
    network n {
    // CHECK: {{.*}}:[[#@LINE+1]]:9: error[E0106]: found `;`, expected a name
      N1 -> ;
    }

Standard output and standard error of all RUN lines together go through LLVM's FileCheck with --implicit-check-not for errors
and warnings, so that nothing unexpected is said. A case named bad_... must exit with status 1, any other with 0. A case without
CHECK lines must print nothing. In RUN lines %s is the case's file, %t a scratch path; the first word is always d2nn. No shell.

--update rewrites the CHECK lines of cases that expect diagnostics; review the diff.
"""

import argparse
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile

RUN = re.compile(rb"^(?:\xef\xbb\xbf)?\s*//\s*RUN:\s*(.*?)\s*$")
CHECK = re.compile(rb"^\s*//\s*CHECK(-NEXT|-NOT|-SAME|-DAG|-LABEL|-EMPTY|-COUNT-\d+)?:")
DIAGNOSTIC = re.compile(rb"^(?P<file>[^:\n]+):(?P<line>\d+):(?P<column>\d+): (?P<rest>(error|warning|hint)\[E\d{4}\]: .*|note: .*)$")
TIMEOUT_SECONDS = 120


class Case:
    """A file with its RUN lines; `text` is bytes because a case may hold bytes that are not UTF-8."""

    def __init__(self, path):
        self.path = path
        self.text = path.read_bytes()
        self.commands = [m.group(1).decode() for m in map(RUN.match, self.text.split(b"\n")) if m]
        self.has_checks = any(CHECK.match(line) for line in self.text.split(b"\n"))
        self.must_fail = path.name.startswith("bad_")

    def run(self, d2nn, folder, scratch):
        """Output of all commands together, and the list of their exit statuses."""
        output, statuses = b"", []
        for command in self.commands:
            words = [w.replace("%s", self.path.name).replace("%t", scratch) for w in shlex.split(command)]
            if not words or words[0] != "d2nn":
                raise ValueError(f"{self.path}: a RUN line begins with `d2nn`, this one is `{command}`")
            done = subprocess.run([d2nn] + words[1:], cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, timeout=TIMEOUT_SECONDS, check=False)
            output += done.stdout
            statuses.append(done.returncode)
        return output, statuses


def complain(case, message, output=b""):
    print(f"FAIL {case.path}: {message}")
    if output:
        print("    " + output.decode(errors="replace").rstrip().replace("\n", "\n    "))
    return False


def check(case, d2nn, filecheck):
    if not case.commands:
        return complain(case, "there is no RUN line")
    with tempfile.TemporaryDirectory() as scratch:
        output, statuses = case.run(d2nn, case.path.parent, str(pathlib.Path(scratch) / "out"))
        if any(s not in (0, 1) for s in statuses):
            return complain(case, f"exit status {statuses}", output)
        if case.must_fail != (1 in statuses):
            expected = "fail with 1 (its name begins with bad_)" if case.must_fail else "succeed"
            return complain(case, f"exit status {statuses}, it must {expected}", output)
        if not case.has_checks:
            if case.must_fail:
                return complain(case, "a case that fails says how in CHECK lines", output)
            return complain(case, "it has no CHECK lines but prints", output) if output else True
        captured = pathlib.Path(scratch) / "output"
        captured.write_bytes(output)
        command = [filecheck, str(case.path), "--input-file", str(captured), "--allow-empty", "--dump-input=never",
                   "--implicit-check-not=error[", "--implicit-check-not=warning["]
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=TIMEOUT_SECONDS, check=False)
        if done.returncode != 0:
            return complain(case, "the output is not the expected one", done.stdout + b"\n--- output:\n" + output)
    return True


def escape(text):
    """FileCheck reads {{ and [[ as its own."""
    return text.replace(b"{{", rb"{{\{\{}}").replace(b"[[", rb"{{\[\[}}")


def update(case, d2nn):
    lines = [line for line in case.text.split(b"\n") if not CHECK.match(line)]
    with tempfile.TemporaryDirectory() as folder:
        stripped = pathlib.Path(folder) / case.path.name
        stripped.write_bytes(b"\n".join(lines))
        for neighbour in case.path.parent.iterdir():  # what the case imports
            if neighbour.is_dir():
                (pathlib.Path(folder) / neighbour.name).symlink_to(neighbour)
        output, _ = case.run(d2nn, folder, str(pathlib.Path(folder) / "out"))
    said = [m for m in map(DIAGNOSTIC.match, output.split(b"\n")) if m]
    found = [m for m in said if m.group("file").decode(errors="replace") == case.path.name]
    # Diagnostics in imported files come last.
    elsewhere = [b"// CHECK: " + escape(m.group(0)) for m in said if m not in found and not m.group("rest").startswith(b"note:")]
    if case.has_checks and not found:
        print(f"left {case.path}: its CHECK lines are not about diagnostics")
        return True
    # A diagnostic stands above its line, its notes right behind it. (target line, text) in order of output.
    placed, above = [], {}
    anchor = 1
    for m in found:
        if not m.group("rest").startswith(b"note:"):
            anchor = min(int(m.group("line")), len(lines))
        placed.append((anchor, m))
        above.setdefault(anchor, []).append(m)
    new_line_of, count = {}, 0
    for number in range(1, len(lines) + 1):
        count += len(above.get(number, [])) + 1
        new_line_of[number] = count
    new_line_of[len(lines) + 1] = count + 1
    result, at = [], 0
    for number, line in enumerate(lines, 1):
        for m in above.get(number, []):
            at += 1
            offset = new_line_of[int(m.group("line"))] - at
            place = b"[[#@LINE%+d]]" % offset
            result.append(b"// CHECK: {{.*}}:" + place + b":" + m.group("column") + b": " + escape(m.group("rest")))
        at += 1
        result.append(line)
    text = b"\n".join(result + elsewhere)
    if text != case.text:
        case.path.write_bytes(text)
        print(f"updated {case.path}")
    return True


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--d2nn", required=True, help="the d2nn program")
    parser.add_argument("--filecheck", default="FileCheck-19")
    parser.add_argument("--update", action="store_true", help="rewrite the expectations")
    parser.add_argument("paths", nargs="+", type=pathlib.Path, help="cases, or folders of cases")
    arguments = parser.parse_args()
    cases = [Case(path.resolve()) for given in arguments.paths for path in (sorted(given.glob("*.d2nn")) if given.is_dir() else [given])]
    if not cases:
        sys.exit("no cases")
    d2nn = str(pathlib.Path(arguments.d2nn).resolve())
    failed = 0
    for case in cases:
        try:
            sound = update(case, d2nn) if arguments.update else check(case, d2nn, arguments.filecheck)
        except (ValueError, subprocess.TimeoutExpired, OSError) as error:
            sound = complain(case, str(error))
        failed += not sound
    print(f"{len(cases) - failed} of {len(cases)} cases {'written' if arguments.update else 'passed'}")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
