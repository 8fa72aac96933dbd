"""What the pages of the examples, and the README, show is what d2nn prints: every `$ d2nn check ...` of a text block is run, and the drawings
are those that d2nn draws. `cmake --build build/dev --target update-pages` writes both anew."""

import re
import unittest

import pages
from command_line import EXAMPLES, HIGH_LOW, SOURCE, WELL, CommandLineTest


class Pages(CommandLineTest):
    def test_shown_commands_print_what_is_shown(self):
        shown = 0
        for page in pages.PAGES:
            for command, expected in pages.transcripts(page):
                with self.subTest(f"{page.relative_to(SOURCE)}: {command}"):
                    self.assertEqual(pages.printed(command), (WELL, expected, ""))
                shown += 1
        self.assertGreaterEqual(shown, 20)

    def test_every_example_shows_its_drawing_and_its_paths(self):
        for folder in sorted(program.parent for program in EXAMPLES.glob("*/*.d2nn") if "embed" not in program.parent.name):
            with self.subTest(folder.name):
                page = (folder / "README.md").read_text()
                commands = [command for command, _ in pages.transcripts(folder / "README.md")]
                for program in folder.glob("*.d2nn"):
                    self.assertTrue(any("check --paths " in c and str(program.relative_to(SOURCE)) in c for c in commands), program.name)
                drawn = pages.DRAWING.findall(page)
                self.assertNotEqual(drawn, [])
                for _, name in drawn:
                    self.assertIn(f"]({name})", page)
                    self.assertTrue((folder / name).is_file())
                self.assertIn("d2nn train ", page)

    def test_the_readme_shows_the_program_of_the_example(self):
        program = re.sub(r"(?m)^///.*\n", "", HIGH_LOW.read_text())
        self.assertIn(program, (SOURCE / "README.md").read_text())

    def test_the_committed_drawings_are_those_that_are_drawn(self):
        for words, committed in pages.drawings():
            with self.subTest(committed.relative_to(SOURCE)):
                done = pages.run(["graph"] + words + ["-o", str(self.folder / "drawn.svg")])
                self.assertEqual((done.returncode, done.stderr), (WELL, ""))
                self.assertEqual(pages.drawn_parts(committed), pages.drawn_parts(self.folder / "drawn.svg"))
        self.assertLessEqual({"Q", "N1", "N2", "N3", "high", "low", "join last"}, set(pages.drawn_parts(EXAMPLES / "high_low" / "high_low.svg")[1]))

    def test_every_example_is_checked_in_silence(self):
        programs = sorted(EXAMPLES.glob("*/*.d2nn"))
        self.assertGreaterEqual(len(programs), 14)
        self.assertEqual(self.d2nn("check", *programs), (WELL, "", ""))


if __name__ == "__main__":
    unittest.main(verbosity=2)
