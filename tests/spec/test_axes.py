"""Axes and how they combine, against itertools and numpy."""

import itertools
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sweeper.spec import count, expand, loads


def points(expansion, *names):
    return [tuple(trial.values[name] for name in names) for trial in expansion.trials]


def axis(expanded, rule):
    return [x for (x,) in points(expanded(f"  grid: {{x: {rule}}}", "x"), "x")]


def test_a_grid_is_the_product_in_order_the_last_axis_fastest(expanded):
    found = expanded("  grid:\n    b: [1, 2]\n    a: [x, y, z]", "a", "b")
    assert points(found, "b", "a") == list(itertools.product([1, 2], ["x", "y", "z"]))
    assert [trial.ordinal for trial in found.trials] == list(range(6))


def test_zip_pairs_and_multiplies_with_grid_in_the_order_of_the_header(expanded):
    header = "  zip: {a: [1, 2], b: [3, 4]}\n  grid: {c: [5, 6]}"
    found = points(expanded(header, "a", "b", "c"), "a", "b", "c")
    assert found == [(a, b, c) for (a, b), c in itertools.product([(1, 3), (2, 4)], [5, 6])]


def test_points_are_taken_as_they_are_whatever_their_keys_order(expanded):
    found = expanded("  points:\n  - {a: 1, b: 2}\n  - {b: 4, a: 3}", "a", "b")
    assert points(found, "a", "b") == [(1, 2), (3, 4)]


def test_a_union_is_the_points_of_its_blocks_and_repeated_points_are_one_trial(expanded):
    header = (
        "  union:\n"
        "  - grid: {a: [1, 2], b: [1, 2]}\n"
        "  - zip: {b: [2, 3], a: [2, 3]}\n"
        "  - points: [{a: 9, b: 9}]\n"
    )
    found = expanded(header, "a", "b")
    assert points(found, "a", "b") == [(1, 1), (1, 2), (2, 1), (2, 2), (3, 3), (9, 9)]
    assert found.merged == 1


def test_a_union_multiplies_with_what_stands_beside_it(expanded):
    header = "  union:\n  - grid: {a: [1]}\n  - grid: {a: [2]}\n  grid: {b: [3, 4]}"
    assert points(expanded(header, "a", "b"), "a", "b") == [(1, 3), (1, 4), (2, 3), (2, 4)]


def test_where_filters_with_the_values_and_the_defines(expanded):
    header = "  grid: {a: [1, 2, 3], b: [1, 2, 3]}\n  where: a < b and b <= most"
    found = expanded(header, "a", "b", defines={"most": "2"})
    assert points(found, "a", "b") == [(1, 2)]
    assert found.dropped == 8


def test_repeat_comes_last_and_gives_seeds(expanded):
    found = expanded("  grid: {a: [1, 2]}\n  repeat: 3", "a", "seed")
    assert points(found, "a", "seed") == list(itertools.product([1, 2], [0, 1, 2]))
    chosen = expanded("  grid: {a: [1]}\n  repeat: [7, 3]", "a", "seed")
    assert points(chosen, "a", "seed") == [(1, 7), (1, 3)]


def test_without_repeat_seed_is_0_and_no_value(expanded):
    (trial,) = expanded("  grid: {a: [5]}", "a", "seed").trials
    assert dict(trial.values) == {"a": 5}
    assert trial.tokens == (5, 0)


def test_a_sweep_without_axes_is_one_trial(expanded):
    assert len(expanded("  name: alone").trials) == 1


@pytest.mark.parametrize("args", [(5,), (2, 7), (0, 10, 3), (5, 0, -2), (-3, 3, 2)])
def test_range_of_ints_is_pythons(expanded, args):
    found = axis(expanded, f"{{range: {list(args)}}}")
    assert found == list(range(*args))
    assert {type(x) for x in found} == {int}


def test_range_of_floats_steps_in_decimal_and_leaves_stop_out(expanded):
    assert axis(expanded, "{range: [0, 1, 0.1]}") == [i / 10 for i in range(10)]
    assert axis(expanded, "{range: [0.5, 0, -0.25]}") == [0.5, 0.25]


@pytest.mark.parametrize(("a", "b", "n"), [(0, 1, 11), (-1.5, 2, 8), (3, 3, 1), (0.1, 0.7, 7)])
def test_linspace_is_numpys_with_exact_ends(expanded, a, b, n):
    found = axis(expanded, f"{{linspace: [{a}, {b}, {n}]}}")
    np.testing.assert_allclose(found, np.linspace(a, b, n), rtol=1e-14, atol=1e-15)
    assert (found[0], found[-1]) == (a, b)
    assert {type(x) for x in found} == {float}


def test_logspace_of_decades_is_exact(expanded):
    assert axis(expanded, "{logspace: [1e-3, 1.0, 4]}") == [0.001, 0.01, 0.1, 1.0]
    decades = [float(f"1e{k}") for k in range(-7, 3)]
    assert axis(expanded, "{logspace: [1e-7, 1e2, 10]}") == decades


@pytest.mark.parametrize(("a", "b", "n"), [(2, 32, 5), (0.003, 7, 6), (5, 5, 1), (10, 0.1, 3)])
def test_logspace_is_numpys_geomspace_with_exact_ends(expanded, a, b, n):
    found = axis(expanded, f"{{logspace: [{a}, {b}, {n}]}}")
    np.testing.assert_allclose(found, np.geomspace(a, b, n), rtol=1e-14)
    assert (found[0], found[-1]) == (a, b)


numbers = st.integers(-5, 5) | st.floats(-10, 10, allow_nan=False) | st.booleans()
lists = st.lists(numbers, min_size=1, max_size=4, unique_by=repr)


@settings(deadline=None, max_examples=50)
@given(st.dictionaries(st.sampled_from("abcd"), lists, min_size=1), st.integers(1, 3))
def test_expand_gives_the_product_of_axis_lengths(axes, repeats):
    header = json.dumps({"sweep": {"grid": axes, "repeat": repeats}})
    names = [*axes, "seed"]
    body = "!obj:a.B {x: [" + ", ".join(f"{{{{ {name} }}}}" for name in names) + "]}"
    spec = loads(f"{header}\n---\n{body}\n", "grid.yaml.j2")
    size = int(np.prod([len(values) for values in axes.values()])) * repeats
    trials = expand(spec).trials
    assert len(trials) == len({trial.id for trial in trials}) == size == count(spec).trials
    assert len({trial.text_id for trial in trials}) == 1
