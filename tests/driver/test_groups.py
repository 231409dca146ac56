"""Which trials share a lease, and how wide their packs are: from the spec alone."""

from __future__ import annotations

import pytest

from sweeper import spec as specs
from sweeper.driver.groups import groups_of
from sweeper.spec import Expansion, Spec


def expanded(header: str, experiment: str = "!obj:a.B {a: {{ x }}}") -> tuple[Spec, Expansion]:
    spec = specs.loads(f"sweep:\n{header}\n---\n{experiment}\n", "grid.yaml.j2", {})
    return spec, specs.expand(spec)


def test_trials_of_programs_of_their_own_share_leases_and_run_one_by_one():
    spec, expansion = expanded("  grid: {x: {range: [0, 50, 1]}}")
    groups = groups_of(spec.header, expansion.trials, expansion.texts)
    assert {(group.key, group.pack) for group in groups.values()} == {
        (expansion.trials[0].text_id, 1)
    }


def test_trials_that_differ_in_a_float_are_a_group_whose_leases_fill_packs():
    spec, expansion = expanded("  grid: {x: {linspace: [0.1, 1, 8]}}")
    groups = set(groups_of(spec.header, expansion.trials, expansion.texts).values())
    assert {(group.fills, group.size) for group in groups} == {(True, 8)}


@pytest.mark.parametrize(
    ("resources", "trials", "fills"),
    [
        ("{}", 7, False),
        ("{gpus: 1}", 7, True),
        ("{gpus: 0.5}", 4, True),
        ("{gpus: 1}", 3, False),
        ("{gpus: 1, device: cpu}", 7, False),
    ],
)
def test_a_few_trials_of_one_program_are_a_pack_on_a_gpu_alone(resources, trials, fills):
    axis = f"linspace: [0.1, 1, {trials}]"
    spec, expansion = expanded(f"  resources: {resources}\n  grid: {{x: {{{axis}}}}}")
    groups = groups_of(spec.header, expansion.trials, expansion.texts)
    assert {group.fills for group in groups.values()} == {fills}


def test_a_width_that_the_user_asked_for_holds_for_small_groups_too():
    spec, expansion = expanded("  pack: 4\n  grid: {x: [1, 2, 3]}")
    groups = groups_of(spec.header, expansion.trials, expansion.texts)
    assert {group.pack for group in groups.values()} == {4}
    assert len({group.key for group in groups.values()}) == 3
