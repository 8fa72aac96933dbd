"""ResNet-20 to -56, trained in PyTorch by others, as examples/resnet_cifar: the logits that PyTorch gave, and as many pictures of CIFAR-10's
test set right, in process, through a shared library and by an executable. The files hold PyTorch's names; nothing is renamed."""

import array
import json
import os
import pathlib
import unittest

import cifar10
import native_library
import tensors
from command_line import EXAMPLES, SOURCE, WELL, CommandLineTest

DATA = pathlib.Path(os.environ.get("D2NN_DATA") or SOURCE.parent / "shared" / "data")
PROGRAM = EXAMPLES / "resnet_cifar" / "resnet_cifar.d2nn"
NETWORK = "resnet_cifar"
CLASSES = 10
# By name of the weights: blocks per stage, n of the program.
BLOCKS = {"resnet20": 3, "resnet32": 5, "resnet44": 7, "resnet56": 9}
# Of the largest logit of a picture.
TOLERANCE = 1e-4
# Pictures whose two best scores are so close that rounding may decide.
GREATEST_DIFFERENCE = 2
BATCH = 100


def classes_of(logits):
    """The class with the greatest score of each picture, the first of equal ones."""
    rows = (logits[at:at + CLASSES] for at in range(0, len(logits), CLASSES))
    return [max(range(CLASSES), key=row.__getitem__) for row in rows]


class RealData(CommandLineTest):
    def setUp(self):
        super().setUp()
        for needed in (DATA / "resnet" / "expected.json", DATA / "cifar10"):
            if not needed.exists():
                self.skipTest(f"skipped: there is no {needed}; set D2NN_DATA")
        self.expected = json.loads((DATA / "resnet" / "expected.json").read_text())["models"]

    def weights(self, model):
        return DATA / "resnet" / f"{model}.safetensors"

    def options(self, model):
        return [f"-Dn={BLOCKS[model]}", "--weights", self.weights(model)]

    def expect_logits(self, model, values):
        """The first logits are those that PyTorch gave."""
        for i, expected in enumerate(self.expected[model]["logits"]):
            scale = max(map(abs, expected))
            for value, wanted in zip(values[i * CLASSES:(i + 1) * CLASSES], expected):
                self.assertLessEqual(abs(value - wanted), TOLERANCE * scale, (model, i))

    def write_first_pictures(self):
        pictures = cifar10.as_floats(cifar10.first_pictures(DATA / "cifar10", 8))
        tensors.write_npy(self.folder / "eight.npy", [8, 3, 32, 32], pictures)
        return pictures

    def all_ways(self, model, pictures, file):
        """{way: logits of the pictures}, which stand in an npy file too."""
        logits = {}
        self.expect(WELL, self.d2nn("run", PROGRAM, *self.options(model), file, "-o", "process.npy"))
        logits["in process"] = tensors.read_npy(self.folder / "process.npy")[1]
        if "D2NN_LIBRARY" in os.environ:  # Python loads no library with a sanitizer
            self.expect(WELL, self.d2nn("build", PROGRAM, *self.options(model), "--emit", "shared", "-o", f"{model}.so"))
            network = native_library.Network(self.folder / f"{model}.so", NETWORK, BATCH)
            logits["shared library"] = list(network.run(pictures))
            network.close()
        self.expect(WELL, self.d2nn("build", PROGRAM, *self.options(model), "-o", model))
        self.expect(WELL, self.call(self.folder / model, "run", file, "-o", "executable.npy"))
        logits["executable"] = tensors.read_npy(self.folder / "executable.npy")[1]
        return logits


class ResNet20(RealData):
    def test_the_first_eight_pictures_have_the_logits_of_pytorch(self):
        pictures = self.write_first_pictures()
        for way, logits in self.all_ways("resnet20", pictures, "eight.npy").items():
            with self.subTest(way):
                self.expect_logits("resnet20", logits)

    def test_the_weights_can_be_imported_as_they_are(self):
        """Equal names: nothing to rename."""
        self.expect(WELL, self.d2nn("import", PROGRAM, "-Dn=3", "--from", self.weights("resnet20"), "-o", "w"))
        self.assertEqual(tensors.read_safetensors(self.folder / "w"), tensors.read_safetensors(self.weights("resnet20")))


class AllResNets(RealData):
    def test_as_many_pictures_are_right_as_in_pytorch(self):
        folder = cifar10.unpacked_folder(DATA / "cifar10", self.folder / "cifar10")
        labels, pictures = cifar10.test_set(folder)
        floats = cifar10.as_floats(pictures)
        (self.folder / "all.npy").write_bytes(tensors.npy_bytes([len(labels), 3, 32, 32], array.array("f")) + floats.tobytes())
        for model in BLOCKS:
            wanted = self.expected[model]["test_correct"]
            printed = self.expect(WELL, self.d2nn("eval", PROGRAM, *self.options(model), "--data", f"cifar10:{folder}", "--json")).out
            counts = {"d2nn eval": json.loads(printed)["outputs"]["scores"]["correct"]}
            for way, logits in self.all_ways(model, floats, "all.npy").items():
                with self.subTest(model=model, way=way):
                    self.expect_logits(model, logits)
                    counts[way] = sum(c == label for c, label in zip(classes_of(logits), labels))
            print(f"{model}: {wanted} right in PyTorch; " + ", ".join(f"{count} {way}" for way, count in counts.items()), flush=True)
            for way, count in counts.items():
                with self.subTest(model=model, way=way):
                    self.assertLessEqual(abs(count - wanted), GREATEST_DIFFERENCE)


if __name__ == "__main__":
    unittest.main(verbosity=2)
