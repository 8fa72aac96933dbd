#!/usr/bin/env python3
"""Compiles the programs of docs/errors: the block ```d2nn wrong of each page must give the page's code and no other, the
block ```d2nn right must be silent. Pages from E07 on are about files and commands and need no programs. Exemptions, with reasons, are
the lines `CODE wrong REASON` and `CODE right REASON` of exemptions.txt."""

import argparse
import pathlib
import re
import subprocess
import sys
import tempfile

BLOCK = re.compile(r"^```d2nn (wrong|right)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"(?:error|warning|hint)\[(E\d{4})\]")


def run(d2nn, text):
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "page.d2nn"
        path.write_text(text, encoding="utf-8")
        done = subprocess.run([d2nn, "check", path.name], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120, check=False)
        return done.returncode, done.stdout.decode(errors="replace")


def check(page, d2nn, exempt):
    code = page.stem
    blocks = BLOCK.findall(page.read_text(encoding="utf-8"))
    problems = []
    for kind in ("wrong", "right"):
        found = sum(1 for k, _ in blocks if k == kind)
        is_exempt = (code, kind) in exempt
        if found == 0 and not is_exempt and code < "E0700":
            problems.append(f"{page}: there is no ```d2nn {kind} program")
        if found > 0 and is_exempt:
            problems.append(f"{page}: it has a {kind} program, its exemption is stale")
    for kind, text in blocks:
        status, output = run(d2nn, text)
        codes = sorted(set(CODE.findall(output)))
        if kind == "wrong" and (codes != [code] or status != (1 if "error[" in output else 0)):
            problems.append(f"{page}: the wrong program gives {codes} (exit {status}), not {code} alone\n{output}")
        if kind == "right" and (status != 0 or output):
            problems.append(f"{page}: the right program is not silent (exit {status})\n{output}")
    return problems


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--d2nn", required=True)
    parser.add_argument("--exemptions", required=True, type=pathlib.Path)
    parser.add_argument("folder", type=pathlib.Path)
    arguments = parser.parse_args()
    lines = [line.split() for line in arguments.exemptions.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]
    exempt = {(words[0], words[1]) for words in lines}
    pages = sorted(arguments.folder.glob("E[0-9][0-9][0-9][0-9].md"))
    problems = [problem for page in pages for problem in check(page, str(pathlib.Path(arguments.d2nn).resolve()), exempt)]
    print("\n".join(problems))
    print(f"{len(pages)} pages, {len(problems)} problems")
    sys.exit(1 if problems or not pages else 0)


if __name__ == "__main__":
    main()
