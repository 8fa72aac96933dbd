"""Every ```d2nn block of README.md and docs/*.md is a whole program that `d2nn check` passes in silence; the Python of
docs/c-api.md runs."""

import os
import re
import sys
import unittest

from command_line import EXAMPLES, SOURCE, WELL, CommandLineTest

BLOCK = re.compile(r"^```d2nn\n(.*?)^```$", re.MULTILINE | re.DOTALL)


class Docs(CommandLineTest):
    def test_every_program_of_the_pages_checks(self):
        pages = [SOURCE / "README.md", *sorted((SOURCE / "docs").glob("*.md"))]
        programs = [(page, text) for page in pages for text in BLOCK.findall(page.read_text(encoding="utf-8"))]
        self.assertGreater(len(programs), 3)
        for page, text in programs:
            with self.subTest(page=page.name, program=text):
                self.assertEqual(self.d2nn("check", self.write("page.d2nn", text)), (WELL, "", ""))

    @unittest.skipUnless("D2NN_LIBRARY" in os.environ, "Python loads no library with a sanitizer")
    def test_a_shared_module_is_loaded_as_the_page_says(self):
        page = (SOURCE / "docs/c-api.md").read_text(encoding="utf-8")
        (script,) = re.findall(r"^```python\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
        gate = EXAMPLES / "c_embed"
        self.expect(WELL, self.d2nn("build", gate / "gate.d2nn", "--weights", gate / "gate.safetensors", "--emit", "shared", "-o", "gate.so"))
        self.write("load.py", script.replace('"libd2nn.so"', repr(os.environ["D2NN_LIBRARY"])))
        done = self.call(sys.executable, "load.py")
        self.assertEqual((done.status, done.out), (WELL, "[2.0, 4.0, -2.0, 0.5]\n"), done.err)


if __name__ == "__main__":
    unittest.main()
