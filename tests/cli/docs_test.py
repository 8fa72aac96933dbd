"""Every ```d2nn block of README.md and docs/*.md is a whole program that `d2nn check` passes in silence."""

import re
import unittest

from command_line import SOURCE, WELL, CommandLineTest

BLOCK = re.compile(r"^```d2nn\n(.*?)^```$", re.MULTILINE | re.DOTALL)


class Docs(CommandLineTest):
    def test_every_program_of_the_pages_checks(self):
        pages = [SOURCE / "README.md", *sorted((SOURCE / "docs").glob("*.md"))]
        programs = [(page, text) for page in pages for text in BLOCK.findall(page.read_text(encoding="utf-8"))]
        self.assertGreater(len(programs), 3)
        for page, text in programs:
            with self.subTest(page=page.name, program=text):
                self.assertEqual(self.d2nn("check", self.write("page.d2nn", text)), (WELL, "", ""))


if __name__ == "__main__":
    unittest.main()
