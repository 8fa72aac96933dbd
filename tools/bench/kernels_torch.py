"""The training step of examples/high_low in PyTorch eager: the peer of `kernels_bench --benchmark_filter=high_low/step`.

Half of the rows take each path: gather, run the branch, scatter. Prints milliseconds of wall and of CPU time per step
(forward, backward, plain SGD), the least of several repeats."""

import argparse
import time

import torch
from torch import nn


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--repeats", type=int, default=5)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    torch.manual_seed(1)

    pool = lambda: nn.MaxPool2d(3, stride=2, padding=1)
    n1 = nn.Sequential(nn.Conv2d(3, 8, 3, stride=2, padding=1), nn.ReLU(), pool())
    n2 = nn.Sequential(nn.Conv2d(8, 16, 3, padding=1), nn.ReLU(), pool(), nn.Flatten(), nn.Linear(3136, 512), nn.ReLU(), nn.Linear(512, 2))
    n3 = nn.Sequential(pool(), nn.Flatten(), nn.Linear(1568, 32), nn.ReLU(), nn.Linear(32, 2))
    q = nn.Sequential(nn.Conv2d(8, 2, 3, padding=1), nn.ReLU(), pool(), nn.Flatten(), nn.Linear(392, 128), nn.ReLU(), nn.Linear(128, 2))
    model = nn.ModuleList([n1, n2, n3, q])
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-6)
    images = torch.rand(args.batch, 3, 112, 112)
    labels = torch.randint(0, 2, (args.batch,))
    high = torch.arange(0, args.batch, 2)
    low = torch.arange(1, args.batch, 2)

    def step():
        optimizer.zero_grad()
        shared = n1(images)
        scores = torch.empty(args.batch, 2)
        decisions = q(shared)
        scores = scores.index_copy(0, high, n2(shared[high])).index_copy(0, low, n3(shared[low]))
        loss = nn.functional.cross_entropy(scores, labels) + decisions.square().mean()
        loss.backward()
        optimizer.step()

    for _ in range(3):
        step()
    best_wall = best_cpu = float("inf")
    for _ in range(args.repeats):
        wall, cpu = time.perf_counter(), time.process_time()
        for _ in range(args.steps):
            step()
        best_wall = min(best_wall, (time.perf_counter() - wall) / args.steps)
        best_cpu = min(best_cpu, (time.process_time() - cpu) / args.steps)
    print(f"pytorch {torch.__version__} threads {args.threads}: {best_wall * 1e3:.2f} ms wall, {best_cpu * 1e3:.2f} ms cpu")


if __name__ == "__main__":
    main()
