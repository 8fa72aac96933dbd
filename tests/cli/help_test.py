"""Help texts are complete, and docs/cli.md describes every command and option, no more and no fewer."""

import re
import unittest

from command_line import SOURCE, WELL, CommandLineTest

COMMANDS = ("check", "build", "run", "bench", "import", "train", "eval", "graph", "fmt", "explain")
COLUMN = 30
OPTION = re.compile(r"^  (-[^ ]+)(.*)$")


def options_of(help_text):
    """{long or only name: description} of the options that a help text lists."""
    found, lines = {}, help_text.splitlines()
    for number, line in enumerate(lines):
        match = OPTION.match(line)
        if match:
            name = match.group(1).split(",")[-1]
            following = lines[number + 1] if number + 1 < len(lines) else ""
            # Descriptions begin in a column of their own, on the next line where the option is too long for it.
            found[name] = line[COLUMN - 1:COLUMN] == " " and line[COLUMN:].strip() != "" or following.startswith(" " * COLUMN)
    return found


def documented(command):
    """The options of the section "## d2nn COMMAND" of docs/cli.md, and those that several commands share, where it says so."""
    text = (SOURCE / "docs" / "cli.md").read_text()
    section = text.split(f"\n## d2nn {command}\n")[1].split("\n## ")[0]
    names = set(re.findall(r"^\| `(?:-\w, )?(--?[\w-]+)", section, re.MULTILINE))
    for shared in re.findall(r"\(#(options-[\w-]+)\)", section):
        heading = shared.replace("-", " ").capitalize()
        names |= set(re.findall(r"^\| `(?:-\w, )?(--?[\w-]+)", text.split(f"\n## {heading}\n")[1].split("\n## ")[0], re.MULTILINE))
    return names


class Help(CommandLineTest):
    def test_the_program_lists_its_commands(self):
        printed = self.expect(WELL, self.d2nn("--help")).out
        for command in COMMANDS:
            self.assertRegex(printed, rf"\n  {command} +\S")

    def test_every_option_of_every_command_is_described(self):
        for command in COMMANDS:
            with self.subTest(command):
                options = options_of(self.expect(WELL, self.d2nn(command, "--help")).out)
                self.assertIn("--help", options)
                self.assertEqual([name for name, described in options.items() if not described], [])

    def test_the_page_of_the_command_line_has_the_options_of_the_help(self):
        for command in COMMANDS:
            with self.subTest(command):
                options = set(options_of(self.d2nn(command, "--help").out)) - {"--help"}
                self.assertEqual(documented(command), options)

    def test_the_version_is_that_of_the_project(self):
        version = re.search(r"project\(d2nn VERSION (\S+)", (SOURCE / "CMakeLists.txt").read_text()).group(1)
        self.assertEqual(self.d2nn("--version"), (WELL, f"d2nn {version}\n", ""))

    def test_explain_prints_a_page_or_the_catalogue(self):
        self.expect(WELL, self.d2nn("explain", "e0302"), "# E0302: ")
        self.assertRegex(self.expect(WELL, self.d2nn("explain")).out, r"(?m)^E0101  \S")
        self.expect(1, self.d2nn("explain", "E9999"), "`E9999`", "d2nn explain")


if __name__ == "__main__":
    unittest.main(verbosity=2)
