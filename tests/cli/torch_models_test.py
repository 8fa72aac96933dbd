"""Networks of the examples against PyTorch's models, with weights under PyTorch's names and shapes: scores, and the gradients of one step of
training. PyTorch is not needed: its results stand in torch_models.json, made by make_torch_models.py."""

import json
import math
import unittest

import tensors
from command_line import EXAMPLES, SOURCE, WELL, CommandLineTest
from drawn_numbers import drawn, weight

MODELS = json.loads((SOURCE / "tests" / "cli" / "torch_models.json").read_text())


class TorchModels(CommandLineTest):
    def call_with(self, model, command, *words):
        definitions = [f"-D{name}={value}" for name, value in model["definitions"].items()]
        return self.expect_quiet(self.d2nn(command, EXAMPLES / model["program"], *definitions, *words))

    def expect_quiet(self, outcome):
        self.assertEqual(outcome.status, WELL, outcome)
        return outcome

    def write_model(self, model):
        weights = {p["name"]: (p["shape"], weight(p["name"], p["shape"])) for p in model["parameters"]}
        tensors.write_safetensors(self.folder / "w.safetensors", weights)
        shape = [model["samples"], 3, model["size"], model["size"]]
        tensors.write_npy(self.folder / "x.npy", shape, drawn("pictures", math.prod(shape), 0.5, 0.5))
        labels = [i % model["classes"] for i in range(model["samples"])]
        tensors.write_npy(self.folder / "y.npy", [len(labels)], labels, descr="<i4", code="i")
        return weights

    def test_scores_are_those_of_pytorch(self):
        for model in MODELS:
            with self.subTest(model["program"]):
                self.write_model(model)
                self.call_with(model, "run", "--weights", "w.safetensors", "--input", "x.npy", "--output", "scores.npy")
                shape, scores = tensors.read_npy(self.folder / "scores.npy")
                self.assertEqual(shape, [model["samples"], model["classes"]])
                greatest = max(abs(score) for score in model["scores"])
                for score, expected in zip(scores, model["scores"]):
                    self.assertLess(abs(score - expected), 1e-4 * greatest)

    def test_a_step_of_training_follows_the_gradients_of_pytorch(self):
        for model in MODELS:
            with self.subTest(model["program"]):
                before = self.write_model(model)
                self.call_with(model, "train", "--data", "npy:x.npy,y.npy", "--init", "w.safetensors", "-o", "after.safetensors", "--epochs", 1,
                               "--bag", model["samples"], "--batch", 1, "--holdout", 0, "--optimizer", "sgd", "--momentum", 0, "--lr", 1,
                               "--lr-schedule", "constant", "--quiet")
                after = tensors.read_safetensors(self.folder / "after.safetensors")
                self.assertEqual(set(after), set(before))
                for parameter in model["parameters"]:
                    name, norm = parameter["name"], parameter["gradient_norm"]
                    gradient = [a - b for a, b in zip(before[name][1], after[name][1])]
                    tolerance = 1e-3 * norm + 1e-6
                    self.assertLess(abs(math.hypot(*gradient) - norm), tolerance, name)
                    on_probe = sum(g * p for g, p in zip(gradient, drawn("probe " + name, len(gradient))))
                    self.assertLess(abs(on_probe - parameter["gradient_on_probe"]), tolerance, name)


if __name__ == "__main__":
    unittest.main(verbosity=2)
