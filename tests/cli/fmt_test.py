"""d2nn fmt: in place, from standard input, as a check; what it must not touch."""

import os
import stat
import unittest

from command_line import EXAMPLES, HIGH_LOW, SOURCE, WELL, WRONG_INPUT, WRONG_USE, CommandLineTest

LOOSE = "network n{input x:f32[4];// four\noutput y:f32[2];node A{dense(2)}x->A->y;}"
TIDY = ("network n {\n  input x: f32[4];  // four\n  output y: f32[2];\n  node A { dense(2) }\n  x -> A -> y;\n}\n")
WRONG = "network n {  input x f32[4]; }\n"


class Fmt(CommandLineTest):
    def test_files_are_rewritten_in_place(self):
        one, two = self.write("one.d2nn", LOOSE), self.write("two.d2nn", LOOSE)
        self.assertEqual(self.d2nn("fmt", one, two), (WELL, "", ""))
        self.assertEqual((one.read_text(), two.read_text()), (TIDY, TIDY))
        self.assertEqual(self.files(), ["one.d2nn", "two.d2nn"])

    def test_a_file_that_is_laid_out_well_is_not_written(self):
        tidy = self.write("tidy.d2nn", TIDY)
        os.utime(tidy, ns=(10**18, 10**18))
        self.expect(WELL, self.d2nn("fmt", tidy))
        self.assertEqual(tidy.stat().st_mtime_ns, 10**18)

    def test_a_dash_formats_standard_input(self):
        self.assertEqual(self.d2nn("fmt", "-", stdin=LOOSE), (WELL, TIDY, ""))
        self.assertEqual(self.d2nn("fmt", "-", stdin=TIDY), (WELL, TIDY, ""))

    def test_check_names_what_would_change_and_changes_nothing(self):
        loose, tidy = self.write("loose.d2nn", LOOSE), self.write("tidy.d2nn", TIDY)
        self.assertEqual(self.d2nn("fmt", "--check", "tidy.d2nn", "loose.d2nn"), (WRONG_INPUT, "loose.d2nn\n", ""))
        self.assertEqual(self.d2nn("fmt", "--check", "tidy.d2nn"), (WELL, "", ""))
        self.assertEqual(self.d2nn("fmt", "--check", "-", stdin=LOOSE), (WRONG_INPUT, "-\n", ""))
        self.assertEqual((loose.read_text(), tidy.read_text()), (LOOSE, TIDY))

    def test_syntax_errors_leave_a_file_alone_and_the_others_are_formatted(self):
        wrong, loose = self.write("wrong.d2nn", WRONG), self.write("loose.d2nn", LOOSE)
        self.expect(WRONG_INPUT, self.d2nn("fmt", wrong, loose), "wrong.d2nn:1:22: error[E0106]")
        self.assertEqual((wrong.read_text(), loose.read_text()), (WRONG, TIDY))
        printed = self.expect(WRONG_INPUT, self.d2nn("fmt", "-", stdin=WRONG), "<stdin>:1:22: error[E0106]")
        self.assertEqual(printed.out, "")
        self.expect(WRONG_INPUT, self.d2nn("fmt", "--check", wrong), "error[E0106]")

    def test_what_only_sema_refuses_is_formatted(self):
        program = self.write("program.d2nn", "network n{node A{no_such_layer}}")
        self.expect(WELL, self.d2nn("fmt", program))
        self.assertEqual(program.read_text(), "network n {\n  node A { no_such_layer }\n}\n")

    def test_permissions_are_kept_and_links_followed(self):
        program = self.write("program.d2nn", LOOSE)
        program.chmod(0o640)
        link = self.folder / "link.d2nn"
        link.symlink_to("program.d2nn")
        self.expect(WELL, self.d2nn("fmt", link))
        self.assertTrue(link.is_symlink())
        self.assertEqual((program.read_text(), stat.S_IMODE(program.stat().st_mode)), (TIDY, 0o640))

    def test_files_that_cannot_be_read_or_written_are_errors(self):
        self.expect(WRONG_INPUT, self.d2nn("fmt", "none.d2nn"), "error[E0801]", "`none.d2nn`", "No such file")
        self.expect(WRONG_INPUT, self.d2nn("fmt", "."), "error[E0801]", "directory")
        self.expect(WRONG_USE, self.d2nn("fmt"), "--help")
        with open("/dev/full", "w") as full:
            self.expect(WRONG_INPUT, self.d2nn("fmt", "-", stdin=LOOSE, out=full), "error[E0806]", "standard output")
        if os.geteuid() != 0:
            program = self.write("program.d2nn", LOOSE)
            program.chmod(0o444)
            self.expect(WRONG_INPUT, self.d2nn("fmt", program), "error[E0806]", "cannot write", "program.d2nn", "Permission denied")
            self.assertEqual(program.read_text(), LOOSE)

    def test_the_programs_of_examples_and_library_are_laid_out(self):
        programs = sorted([*EXAMPLES.rglob("*.d2nn"), *(SOURCE / "stdlib").rglob("*.d2nn")])
        self.assertIn(HIGH_LOW, programs)
        self.assertEqual(self.d2nn("fmt", "--check", *programs), (WELL, "", ""), "run `d2nn fmt` on these")


if __name__ == "__main__":
    unittest.main(verbosity=2)
