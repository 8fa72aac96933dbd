"""Programs of many control nodes for the tests and measurements of `d2nn check --paths`, each as text. All are made from a seed: the same
arguments give the same program. `python3 large_programs.py KIND COUNT [SEED]` prints one."""

import random
import sys


def network(name, declarations, edges):
    return "\n".join([f"network {name} {{", "  input x: f32[2];"] + declarations + edges + ["}"]) + "\n"


def skippable_chain(blocks, seed=0):
    """Blocks in a row, each run or skipped: 2^blocks paths. A skipped block hands on its input by `join last`."""
    declarations, edges, previous = [], [], "x"
    for i in range(blocks):
        declarations.append(f"  control Q{i} {{ dense(actions) }} node B{i} {{ dense({1 + i % 3}) -> dense(2) }} node J{i} join last {{ identity }}")
        edges.append(f"  {previous} -> Q{i}, B{i}, J{i}; B{i} -> J{i}; Q{i} ~> run: B{i}, skip: none;")
        previous = f"J{i}"
    return network("chain", declarations + ["  output y: f32[2] required;"], edges + [f"  {previous} -> y;"])


def cascade(exits, seed=0):
    """Early exits: each stage goes on to the next or stops with its own head. exits + 1 paths."""
    declarations, edges, previous = [], [], "x"
    for i in range(exits):
        declarations.append(f"  control Q{i} {{ dense(actions) }} node S{i} {{ dense(2) -> relu }} node H{i} {{ dense(2) }}")
        edges.append(f"  {previous} -> Q{i}, S{i}, H{i}; H{i} -> y; Q{i} ~> go_on: S{i}, stop: H{i};")
        previous = f"S{i}"
    return network("cascade", declarations + ["  output y: f32[2] join last required;"], edges + [f"  {previous} -> y;"])


def tree(controls, seed=0):
    """A binary tree: each control node sends the sample to the left or right child; leaves are answers. controls + 1 paths."""
    declarations, edges = [], []
    for i in range(controls):
        source = "x" if i == 0 else f"N{i}"
        declarations.append(f"  control Q{i} {{ dense(actions) }}")
        left, right = 2 * i + 1, 2 * i + 2
        for child in (left, right):
            declarations.append(f"  node N{child} {{ dense(2) }}")
            if child >= controls:
                edges.append(f"  N{child} -> y;")
        edges.append(f"  {source} -> Q{i}, N{left}, N{right}; Q{i} ~> left: N{left}, right: N{right};")
    return network("tree", declarations + ["  output y: f32[2] join last required;"], edges)


def local_graph(controls, seed=0, nodes_per_control=6, reach=6, actions=(2, 3), joins=("sum", "last", "first", "mean", "max"), defaults=0.5):
    """A random graph with local control: nodes read one to three of the `reach` nodes before them, a control node's actions target nodes close
    behind it. `defaults` is the share of edges that have one."""
    rng = random.Random(seed)
    nodes, declarations, edges, is_read = ["N0"], ["  node N0 { dense(2) }"], ["  x -> N0;"], set()

    def connect(source, target):
        is_read.add(source)
        edges.append(f"  {source} -> {target}{' default 0' if rng.random() < defaults else ''};")

    for c in range(controls):
        count = rng.choice(actions)
        declarations.append(f"  control Q{c} {{ dense(actions) }}")
        connect(rng.choice(nodes[-reach:]), f"Q{c}")
        before, made = nodes[-reach:], []
        for n in range(nodes_per_control):
            name = f"N{len(nodes)}"
            chosen = rng.sample(before, min(len(before), rng.randint(1, 3)))
            join = f" join {rng.choice(joins)}" if len(chosen) > 1 else ""
            declarations.append(f"  node {name}{join} {{ dense({rng.randint(1, 5)}) -> dense(2) }}")
            for source in chosen:
                connect(source, name)
            nodes.append(name)
            made.append(name)
            if n >= count:
                before = nodes[-reach:]
        last = "none" if rng.random() < 0.3 else made[count - 1]
        edges.append(f"  Q{c} ~> " + ", ".join(f"a{a}: {made[a]}" for a in range(count - 1)) + f", a{count - 1}: {last};")
    loose = [name for name in nodes if name not in is_read]
    edges += [f"  {name} -> y;" for name in loose]
    join = " join last" if len(loose) > 1 else ""
    return network("local_graph", declarations + [f"  output y: f32[2]{join};"], edges)


def tangle(controls, seed=0):
    """Null runs far: three actions each, joins `first` and `last` over the twelve nodes before, no default value."""
    return local_graph(controls, seed, nodes_per_control=6, reach=12, actions=(3,), joins=("first", "last"), defaults=0)


def far_reaching(controls, seed=0, nodes_per_control=6, reach=100, span=200):
    """Beyond what can be counted: each action targets up to three of the next `span` nodes, each node reads up to three of the `reach` before it."""
    rng = random.Random(seed)
    names = [f"N{i}" for i in range(controls * nodes_per_control)]
    declarations, edges, is_read = [], [], set()
    for i, name in enumerate(names):
        before = names[max(0, i - reach):i] or ["x"]
        if i % nodes_per_control == 0:
            source = rng.choice(before)
            is_read.add(source)
            declarations.append(f"  control Q{i // nodes_per_control} {{ dense(actions) }}")
            edges.append(f"  {source} -> Q{i // nodes_per_control};")
        sources = rng.sample(before, min(len(before), rng.randint(1, 3)))
        join = f" join {rng.choice(('first', 'last'))}" if len(sources) > 1 else ""
        declarations.append(f"  node {name}{join} {{ dense({rng.randint(1, 5)}) -> dense(2) }}")
        for source in sources:
            is_read.add(source)
            edges.append(f"  {source} -> {name}{' default 0' if rng.random() < 0.2 else ''};")
    for c in range(controls):
        pool = names[c * nodes_per_control:c * nodes_per_control + span]
        actions = (rng.sample(pool, rng.randint(1, 3)) for _ in range(3))
        edges.append(f"  Q{c} ~> " + ", ".join(f"a{a}: {{{', '.join(targets)}}}" for a, targets in enumerate(actions)) + ";")
    loose = [name for name in names if name not in is_read]
    edges += [f"  {name} -> y;" for name in loose]
    return network("far_reaching", declarations + ["  output y: f32[2] join last;"], edges)


KINDS = {"skippable_chain": skippable_chain, "cascade": cascade, "tree": tree, "local_graph": local_graph, "tangle": tangle, "far_reaching": far_reaching}

if __name__ == "__main__":
    sys.stdout.write(KINDS[sys.argv[1]](int(sys.argv[2]), *(int(word) for word in sys.argv[3:])))
