"""The residual networks of the examples have the parameters of PyTorch's models, name by name; well-known networks have the sizes and costs
that others report."""

import json
import math
import os
import subprocess
import unittest

from command_line import EXAMPLES, PROGRAM, WELL, CommandLineTest

NORM = ("weight", "bias", "running_mean", "running_var")


def conv_and_norm(conv, norm):
    return {f"{conv}.weight"} | {f"{norm}.{role}" for role in NORM}


def residual_names(blocks, convs, has_downsample, classifier):
    """Parameters of a torchvision-like ResNet: blocks per stage, convolutions per block, whether block 0 of a stage has a `downsample`."""
    names = conv_and_norm("conv1", "bn1") | {f"{classifier}.weight", f"{classifier}.bias"}
    for stage, count in enumerate(blocks, 1):
        for block in range(count):
            for conv in range(1, convs + 1):
                names |= conv_and_norm(f"layer{stage}.{block}.conv{conv}", f"layer{stage}.{block}.bn{conv}")
        if has_downsample(stage):
            names |= conv_and_norm(f"layer{stage}.0.downsample.0", f"layer{stage}.0.downsample.1")
    return names


class Examples(CommandLineTest):
    def manifest(self, program, *options):
        self.expect(WELL, self.d2nn("build", EXAMPLES / program, *options, "--emit", "obj", "-O0", "-o", "net.o"))
        (network,) = json.loads((self.folder / "net.json").read_text())["networks"]
        trained = sum(math.prod(p["shape"]) for p in network["parameters"] if p["trained"])
        return network, {p["name"] for p in network["parameters"]}, trained

    def usage(self, *words):
        """(CPU seconds, peak megabytes) of a command that must succeed."""
        with subprocess.Popen([PROGRAM] + [str(w) for w in words], cwd=self.folder, stdout=subprocess.DEVNULL) as child:
            _, status, used = os.wait4(child.pid, 0)
            child.returncode = os.waitstatus_to_exitcode(status)
        self.assertEqual(child.returncode, WELL)
        return used.ru_utime + used.ru_stime, used.ru_maxrss / 1024

    def test_residual_networks_for_cifar_have_the_names_of_pytorch(self):
        for n, trained in ((3, 269722), (9, 853018)):
            network, names, count = self.manifest("resnet_cifar/resnet_cifar.d2nn", f"-Dn={n}")
            self.assertEqual(names, residual_names([n] * 3, 2, lambda stage: False, "linear"))
            self.assertEqual(count, trained)

    def test_residual_networks_for_imagenet_have_the_names_sizes_and_costs_of_torchvision(self):
        for name, blocks, convs, trained, cost in (("resnet18", [2, 2, 2, 2], 2, 11689512, 1814073344), ("resnet34", [3, 4, 6, 3], 2, 21797672, 3663761408),
                                                   ("resnet50", [3, 4, 6, 3], 3, 25557032, 4089184256)):
            with self.subTest(name):
                network, names, count = self.manifest("imagenet/resnet.d2nn", "--network", name)
                self.assertEqual(names, residual_names(blocks, convs, lambda stage: stage > 1 or convs == 3, "fc"))
                self.assertEqual((count, network["least_cost"]), (trained, cost))

    def test_mobilenets_have_their_sizes_and_costs(self):
        for name, trained, cost in (("mobilenet", 4231976, 568740352), ("mobilenet_v2", 3504872, 300774272), ("mobilenet_v3_small", 2542856, 56510400),
                                    ("mobilenet_v3_large", 5483032, 216589760)):
            with self.subTest(name):
                program = "mobilenet_v3/mobilenet_v3.d2nn" if "v3" in name else "imagenet/mobilenet.d2nn"
                network, _, count = self.manifest(program, "--network", name)
                self.assertEqual((count, network["least_cost"]), (trained, cost))

    def test_transformers_and_convnexts_have_the_sizes_of_torchvision(self):
        vit_b_16 = ["-Dclasses=1000", "-Dsize=224", "-Dpatch=16", "-Ddim=768", "-Ddepth=12", "-Dheads=12", "-Dhidden=3072"]
        for program, options, trained, cost, some in (
                ("vit_tiny/vit_tiny.d2nn", vit_b_16, 86567656, 17563828224,
                 {"class_token", "encoder.pos_embedding", "encoder.layers.encoder_layer_11.self_attention.in_proj_weight", "heads.head.bias"}),
                ("convnext_tiny/convnext_tiny.d2nn", [], 28589128, 4455531264,
                 {"features.0.1.bias", "features.5.8.layer_scale", "features.6.1.weight", "classifier.2.weight"})):
            with self.subTest(program):
                network, names, count = self.manifest(program, *options)
                self.assertEqual((count, network["least_cost"]), (trained, cost))
                self.assertLessEqual(some, names)

    def test_all_paths_of_cmnist_chain_cost_between_three_and_thirty_million(self):
        paths = json.loads(self.expect(WELL, self.d2nn("check", "--paths", "--json", EXAMPLES / "cmnist_chain" / "cmnist_chain.d2nn")).out)["paths"]
        self.assertEqual(len(paths), 16)
        self.assertTrue(all(3e6 <= path["cost"] <= 3e7 for path in paths))

    def test_the_hierarchy_works_for_several_sizes(self):
        for size in (32, 64, 224):
            printed = json.loads(self.expect(WELL, self.d2nn("check", "--paths", "--json", f"-Dsize={size}", EXAMPLES / "hierarchy" / "hierarchy.d2nn")).out)
            self.assertEqual(printed["path_count"], "45")

    def test_each_of_the_54_blocks_of_resnet_skip_can_be_skipped(self):
        printed = json.loads(self.expect(WELL, self.d2nn("check", "--paths", "--json", EXAMPLES / "resnet_skip" / "resnet_skip.d2nn")).out)
        self.assertEqual(printed["path_count"], str(2**54))
        self.assertEqual((printed["least_cost"], printed["greatest_cost"], printed["costs_are_exact"]), (476224, 252920896, True))
        seconds, megabytes = self.usage("check", "--paths", EXAMPLES / "resnet_skip" / "resnet_skip.d2nn")
        self.assertLess(seconds, 1)
        self.assertLess(megabytes, 500)
        seconds, _ = self.usage("build", EXAMPLES / "resnet_skip" / "resnet_skip.d2nn", "-o", "skip")
        self.assertLess(seconds, 60)
        eight = json.loads(self.d2nn("check", "--paths", "--json", "-Dn=1", EXAMPLES / "resnet_skip" / "resnet_skip.d2nn").out)
        self.assertEqual(len(eight["paths"]), 8)
        for path in eight["paths"]:
            for control, action in path["actions"].items():
                self.assertEqual(control.replace("gate", "branch") in path["executed"], action == "run")


if __name__ == "__main__":
    unittest.main(verbosity=2)
