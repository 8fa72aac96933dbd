"""docs/tutorial.md, followed to the letter: its files are written, its commands run in order, what it shows of `d2nn check` is what comes out,
and the C program at its end is compiled and run."""

import json
import pathlib
import re
import shlex
import unittest

from command_line import PROGRAM, SOURCE, WELL, WRONG_INPUT, CommandLineTest

SCRIPT = re.compile(r"^```sh prefix\nPREFIX=.*\n(?P<body>(?:.*\n)*?)```$", re.MULTILINE)
PART = re.compile(r"^```(?:\w+) file=(?P<file>\S+)\n(?P<body>.*?)^```$|^```text\n(?P<shown>\$ .*?)^```$", re.MULTILINE | re.DOTALL)


class Tutorial(CommandLineTest):
    def test_following_the_tutorial_works(self):
        commands = 0
        for part in PART.finditer((SOURCE / "docs" / "tutorial.md").read_text(encoding="utf-8")):
            if part["file"]:
                self.write(part["file"], part["body"])
                continue
            for shown in re.split(r"^\$ ", part["shown"], flags=re.MULTILINE)[1:]:
                self.follow(*shown.split("\n", 1))
                commands += 1
        self.assertGreaterEqual(commands, 12)
        flags = json.loads((self.folder / "digits.json").read_text(encoding="utf-8"))
        self.expect(WELL, self.call("cc", "main.c", "digits.a", *flags["compile_flags"], *flags["link_flags"], "-o", "main"))
        self.expect_pictures(self.expect(WELL, self.call("./main")))
        self.link_by_pkg_config()

    def link_by_pkg_config(self):
        """The build tree is laid out as a prefix of an installation."""
        scripts = SCRIPT.findall((SOURCE / "docs" / "tutorial.md").read_text(encoding="utf-8"))
        self.assertEqual(len(scripts), 2)
        prefix = pathlib.Path(PROGRAM).parent.parent
        for script in scripts:
            with self.subTest(script):
                (self.folder / "main").unlink()
                self.expect_pictures(self.expect(WELL, self.call("sh", "-e", "-c", f"PREFIX={shlex.quote(str(prefix))}\n{script}")))

    def expect_pictures(self, done):
        lines = done.out.splitlines()
        self.assertEqual(len(lines), 4)
        self.assertRegex(lines[0], r"^picture 0 went (high: 343184|low: 56592) multiplications$")

    def follow(self, command, output):
        with self.subTest(command):
            words = shlex.split(command)
            done = self.call(PROGRAM if words[0] == "d2nn" else words[0], *words[1:])
            if words[:2] == ["d2nn", "check"]:
                self.assertEqual(done.out + done.err, output)
                self.assertEqual(done.status, WRONG_INPUT if "error[" in output else WELL)
            else:
                self.assertEqual(done.status, WELL, done)


if __name__ == "__main__":
    unittest.main()
