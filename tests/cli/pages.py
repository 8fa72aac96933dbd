"""What the README, docs/cli.md and the pages of the examples show of d2nn: transcripts of `d2nn check` and drawings by `d2nn graph`.
pages_test.py holds them against what d2nn does; run as a program (target `update-pages`), this file writes them anew."""

import argparse
import os
import pathlib
import re
import shlex
import subprocess

SOURCE = pathlib.Path(os.environ["D2NN_SOURCE_DIR"])
PROGRAM = os.environ["D2NN_PROGRAM"]
EXAMPLES = SOURCE / "examples"
PAGES = [SOURCE / "README.md", SOURCE / "docs" / "cli.md"] + sorted(EXAMPLES.glob("*/README.md"))
TIMEOUT_SECONDS = 120

BLOCK = re.compile(r"^```(?:text)?\n(\$ d2nn check.*?)^```$", re.MULTILINE | re.DOTALL)
# `$ d2nn check ... | head -n 3` shows the first lines alone.
HEAD = re.compile(r" \| head -n (\d+)$")
# The line of a page that says how a drawing was made.
DRAWING = re.compile(r"`d2nn graph ([^`]*) -o (\w+\.svg)`")


def transcripts(page):
    """[(command, output shown)] of the blocks that show `d2nn check`."""
    found = []
    for block in BLOCK.findall(page.read_text()):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, shown = part.partition("\n")
            found.append((command, shown))
    return found


def run(words, folder=SOURCE):
    return subprocess.run([PROGRAM] + words, cwd=folder, capture_output=True, text=True, check=False, timeout=TIMEOUT_SECONDS)


def printed(command):
    """(status, standard output, standard error) of a command as a page shows it."""
    head = HEAD.search(command)
    done = run(shlex.split(HEAD.sub("", command))[1:])
    lines = done.stdout.splitlines(keepends=True)
    return done.returncode, "".join(lines[:int(head.group(1))] if head else lines), done.stderr


def drawings():
    """[(words of `d2nn graph` without -o, path of the committed drawing)] of all pages of examples."""
    return [(shlex.split(words), page.parent / name) for page in PAGES for words, name in DRAWING.findall(page.read_text()) if EXAMPLES in page.parents]


def drawn_parts(path):
    """Titles and texts of a drawing; positions depend on the version of Graphviz."""
    text = path.read_text()
    return sorted(re.findall(r"<title>(.*?)</title>", text)), sorted(re.findall(r"<text [^>]*>(.*?)</text>", text))


def update():
    for page in PAGES:
        text = page.read_text()
        for command, shown in transcripts(page):
            status, output, errors = printed(command)
            if status != 0 or errors:
                raise SystemExit(f"{page}: {command}\n{errors}")
            text = text.replace(f"$ {command}\n{shown}", f"$ {command}\n{output}")
        page.write_text(text)
    for words, path in drawings():
        done = run(["graph"] + words + ["-o", str(path)])
        if done.returncode != 0:
            raise SystemExit(f"{path}: {done.stderr}")


if __name__ == "__main__":
    argparse.ArgumentParser(description=__doc__).parse_args()
    update()
