"""What the pages of the examples, and the README, show is what d2nn prints: every `$ d2nn ...` of a text block is run, and the drawings are
those that d2nn draws."""

import re
import shlex
import subprocess
import unittest

from command_line import EXAMPLES, HIGH_LOW, PROGRAM, SOURCE, TIMEOUT_SECONDS, WELL, CommandLineTest

PAGES = [SOURCE / "README.md", SOURCE / "docs" / "cli.md"] + sorted(EXAMPLES.glob("*/README.md"))
BLOCK = re.compile(r"^```(?:text)?\n(\$ d2nn check.*?)^```$", re.MULTILINE | re.DOTALL)


def transcripts(page):
    """[(command, expected output)] of the blocks that show `d2nn check`."""
    found = []
    for block in BLOCK.findall(page.read_text()):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, expected = part.partition("\n")
            found.append((command, expected))
    return found


class Pages(CommandLineTest):
    def test_shown_commands_print_what_is_shown(self):
        shown = 0
        for page in PAGES:
            for command, expected in transcripts(page):
                with self.subTest(f"{page.relative_to(SOURCE)}: {command}"):
                    done = subprocess.run([PROGRAM] + shlex.split(command)[1:], cwd=SOURCE, capture_output=True, text=True, check=False, timeout=TIMEOUT_SECONDS)
                    self.assertEqual((done.returncode, done.stdout, done.stderr), (WELL, expected, ""))
                shown += 1
        self.assertGreaterEqual(shown, 8)

    def test_the_readme_shows_the_program_of_the_example(self):
        program = re.sub(r"(?m)^///.*\n", "", HIGH_LOW.read_text())
        self.assertIn(program, (SOURCE / "README.md").read_text())

    def test_the_committed_drawing_is_the_one_that_is_drawn(self):
        """As text boxes and arrows; positions depend on the version of Graphviz."""
        self.expect(WELL, self.d2nn("graph", HIGH_LOW, "-o", "drawn.svg"))

        def parts(path):
            text = path.read_text()
            return sorted(re.findall(r"<title>(.*?)</title>", text)), sorted(re.findall(r"<text [^>]*>(.*?)</text>", text))

        committed = parts(EXAMPLES / "high_low" / "high_low.svg")
        self.assertEqual(committed, parts(self.folder / "drawn.svg"))
        self.assertLessEqual({"Q", "N1", "N2", "N3", "high", "low", "join last"}, set(committed[1]))

    def test_every_example_is_checked_in_silence(self):
        programs = sorted(EXAMPLES.glob("*/*.d2nn"))
        self.assertGreaterEqual(len(programs), 7)
        self.assertEqual(self.d2nn("check", *programs), (WELL, "", ""))


if __name__ == "__main__":
    unittest.main(verbosity=2)
