"""Which trials are likely to be one program, told from the text."""

from sweeper import spec as specs

SPEC = """sweep:
  grid:
    rate: [0.1, 0.2, 1.0]
    width: [5, 7]
    start: [0, 1]
    layer: [Sigmoid, Tanh]
---
!obj:pylearn2core.models.mlp.MLP {
    seed: [2013, 1, {{ start }}],
    layers: [!obj:pylearn2core.models.mlp.{{ layer }} { dim: {{ width }}, rate: {{ rate }} }],
}
"""


def test_trials_that_differ_in_floats_and_seeds_are_one_group():
    expansion = specs.expand(specs.loads(SPEC, "g.yaml.j2"))
    groups = specs.program_groups(expansion.trials, expansion.texts)
    by_group = {}
    for trial, group in zip(expansion.trials, groups, strict=True):
        by_group.setdefault(group, []).append((trial.values["width"], trial.values["layer"]))
    assert sorted(len(members) for members in by_group.values()) == [6, 6, 6, 6]
    assert all(len(set(members)) == 1 for members in by_group.values())


def test_a_seed_inside_an_anchor_is_found_once_and_a_width_beside_it_is_not():
    text = (
        "sweep: {grid: {a: [1, 2], b: [3, 4]}}\n---\n"
        "!obj:a.B\nx: &x {seed: '{{ a }}', n: {{ b }}}\ny: *x\n"
    )
    expansion = specs.expand(specs.loads(text, "g.yaml.j2"))
    groups = specs.program_groups(expansion.trials, expansion.texts)
    assert len(set(groups)) == 2
