#!/usr/bin/env python3
"""Compiles the programs of docs/errors: the first ```d2nn block of each page must give the page's code and no other error,
the last must be silent. Pages of E07 and above are about files and commands; theirs are optional. Exemptions, with reasons, are the
lines `CODE program REASON` of exemptions.txt."""

import argparse
import pathlib
import re
import subprocess
import sys
import tempfile

BLOCK = re.compile(r"^```d2nn\n(.*?)^```$", re.MULTILINE | re.DOTALL)
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
    if not blocks and (code >= "E0700" or code in exempt):
        return []
    if len(blocks) < (1 if code in exempt else 2):
        return [f"{page}: a page has a wrong and a right program (```d2nn)"]
    problems = []
    if code not in exempt:
        status, output = run(d2nn, blocks[0])
        codes = set(CODE.findall(output))
        if codes != {code}:
            problems.append(f"{page}: the wrong program gives {sorted(codes) or 'nothing'}, not {code} alone\n{output}")
        elif status not in (0, 1) or (status == 0) != ("error[" not in output):
            problems.append(f"{page}: the wrong program exits with {status}")
    status, output = run(d2nn, blocks[-1])
    if status != 0 or output:
        problems.append(f"{page}: the right program is not silent (exit {status})\n{output}")
    return problems


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--d2nn", required=True)
    parser.add_argument("--exemptions", required=True, type=pathlib.Path)
    parser.add_argument("folder", type=pathlib.Path)
    arguments = parser.parse_args()
    lines = [line.split() for line in arguments.exemptions.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]
    exempt = {words[0] for words in lines if words[1] == "program"}
    pages = sorted(arguments.folder.glob("E[0-9][0-9][0-9][0-9].md"))
    problems = [problem for page in pages for problem in check(page, str(pathlib.Path(arguments.d2nn).resolve()), exempt)]
    print("\n".join(problems))
    print(f"{len(pages)} pages, {len(problems)} problems")
    sys.exit(1 if problems or not pages else 0)


if __name__ == "__main__":
    main()
