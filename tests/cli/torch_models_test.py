"""Networks of the examples against PyTorch's models, with weights under PyTorch's names and shapes: scores, and the gradients of one step of
training; of dynamic networks scores and paths. PyTorch is not needed: its results stand in torch_models.json, made by make_torch_models.py."""

import json
import math
import unittest

import tensors
from command_line import EXAMPLES, SOURCE, WELL, CommandLineTest
from drawn_numbers import drawn, weight

MODELS = json.loads((SOURCE / "tests" / "cli" / "torch_models.json").read_text())


class TorchModels(CommandLineTest):
    def call_with(self, model, command, *words):
        options = [f"-D{name}={value}" for name, value in model["definitions"].items()] + (["--network", model["network"]] if model["network"] else [])
        return self.expect_quiet(self.d2nn(command, EXAMPLES / model["program"], *options, *words))

    def expect_quiet(self, outcome):
        self.assertEqual(outcome.status, WELL, outcome)
        return outcome

    def write_model(self, model):
        chosen = model.get("biases", {})
        weights = {p["name"]: (p["shape"], chosen.get(p["name"]) or weight(p["name"], p["shape"])) for p in model["parameters"] + model["statistics"]}
        tensors.write_safetensors(self.folder / "w.safetensors", weights)
        shape = [model["samples"], 3, model["size"], model["size"]]
        pictures = drawn("pictures", math.prod(shape), 0.5, 0.5)
        if "paths" in model:  # of different brightness, so that gates decide differently
            elements = len(pictures) // model["samples"]
            pictures = [pixel * (at // elements + 1) / model["samples"] for at, pixel in enumerate(pictures)]
        tensors.write_npy(self.folder / "x.npy", shape, pictures)
        return weights

    def test_parameters_are_those_of_pytorch(self):
        for model in MODELS:
            with self.subTest(model["program"]):
                self.call_with(model, "build", "--emit", "obj", "-O0", "-o", "net.o")
                (network,) = json.loads((self.folder / "net.json").read_text())["networks"]
                for trained, key in ((True, "parameters"), (False, "statistics")):
                    self.assertEqual({p["name"]: math.prod(p["shape"]) for p in network["parameters"] if p["trained"] == trained},
                                     {p["name"]: math.prod(p["shape"]) for p in model[key]})

    def test_scores_and_paths_are_those_of_pytorch(self):
        for model in MODELS:
            with self.subTest(model["program"]):
                self.write_model(model)
                self.call_with(model, "run", "--weights", "w.safetensors", "--input", "x.npy", "--output", "scores.npy", "--trace", "trace.json")
                shape, scores = tensors.read_npy(self.folder / "scores.npy")
                self.assertEqual((shape[0], len(scores)), (model["samples"], len(model["scores"])))
                greatest = max(abs(score) for score in model["scores"])
                for score, expected in zip(scores, model["scores"]):
                    self.assertLess(abs(score - expected), 1e-4 * greatest)
                if "paths" in model:
                    trace = json.loads((self.folder / "trace.json").read_text())
                    self.assertEqual([sample["actions"] for sample in trace["samples"]], model["paths"])

    def test_a_step_of_training_follows_the_gradients_of_pytorch(self):
        for model in MODELS:
            if not model.get("has_gradients"):
                continue
            with self.subTest(model["program"]):
                before = self.write_model(model)
                labels = [i % model["classes"] for i in range(model["samples"])]
                tensors.write_npy(self.folder / "y.npy", [len(labels)], labels, descr="<i4", code="i")
                self.call_with(model, "train", "--data", "npy:x.npy,y.npy", "--init", "w.safetensors", "-o", "after.safetensors", "--epochs", 1,
                               "--bag", model["samples"], "--batch", 1, "--holdout", 0, "--optimizer", "sgd", "--momentum", 0, "--lr", 1,
                               "--lr-schedule", "constant", "--quiet")
                after = tensors.read_safetensors(self.folder / "after.safetensors")
                self.assertEqual(set(after), set(before))
                for parameter in model["parameters"]:
                    name, norm = parameter["name"], parameter["gradient_norm"]
                    gradient = [a - b for a, b in zip(before[name][1], after[name][1])]
                    tolerance = 2e-3 * norm + 1e-6
                    self.assertLess(abs(math.hypot(*gradient) - norm), tolerance, name)
                    on_probe = sum(g * p for g, p in zip(gradient, drawn("probe " + name, len(gradient))))
                    self.assertLess(abs(on_probe - parameter["gradient_on_probe"]), tolerance, name)
                for statistic in model["statistics"]:
                    values = after[statistic["name"]][1]
                    self.assertLess(abs(sum(values) / len(values) - statistic["mean_after"]), 1e-4 * max(1, abs(statistic["mean_after"])), statistic["name"])


if __name__ == "__main__":
    unittest.main(verbosity=2)
