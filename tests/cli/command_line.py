"""How the tests of the command line call d2nn. Each test has a folder of its own, which is the working folder of the program."""

import os
import pathlib
import subprocess
import tempfile
import typing
import unittest

PROGRAM = os.environ["D2NN_PROGRAM"]
SOURCE = pathlib.Path(os.environ["D2NN_SOURCE_DIR"])
EXAMPLES = SOURCE / "examples"
TIMEOUT_SECONDS = 120

GATE = EXAMPLES / "c_embed" / "gate.d2nn"
GATE_WEIGHTS = EXAMPLES / "c_embed" / "gate.safetensors"
HIGH_LOW = EXAMPLES / "high_low" / "high_low.d2nn"

WELL, WRONG_INPUT, WRONG_USE, INTERNAL = 0, 1, 2, 3


class Outcome(typing.NamedTuple):
    status: int
    out: str
    err: str


class CommandLineTest(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = pathlib.Path(scratch.name)

    def call(self, program, *words, stdin="", out=None):
        done = subprocess.run([str(program)] + [str(w) for w in words], cwd=self.folder, input=stdin, text=True, check=False,
                              stdout=out or subprocess.PIPE, stderr=subprocess.PIPE, timeout=TIMEOUT_SECONDS)
        return Outcome(done.returncode, done.stdout or "", done.stderr)

    def d2nn(self, *words, **streams):
        return self.call(PROGRAM, *words, **streams)

    def expect(self, status, outcome, *fragments):
        """The status, and one error sentence with all the fragments; nothing on standard error when all is well."""
        self.assertEqual(outcome.status, status, outcome)
        if status == WELL:
            self.assertEqual(outcome.err, "")
        else:
            self.assertIn("error", outcome.err)
        for fragment in fragments:
            self.assertIn(fragment, outcome.out if status == WELL else outcome.err)
        return outcome

    def write(self, name, text):
        path = self.folder / name
        path.write_text(text)
        return path

    def files(self):
        return sorted(str(p.relative_to(self.folder)) for p in self.folder.rglob("*") if p.is_file())
