"""Each mistake in a search is one paragraph, before anything runs."""

from __future__ import annotations

import pytest

from sweeper.records.errors import InputError
from sweeper.spec import first_batch, loads

HEAD = "sweep:\n  objective: {channel: e}\n"
EXPERIMENT = "---\n!obj:a.B { x: {{ x }} }\n"
SEARCH = "sampler: tpe, trials: 5, axes: {x: {uniform: [0, 1]}}"


def message_of(search, head=HEAD, experiment=EXPERIMENT, more=""):
    with pytest.raises(InputError, match=r"g\.yaml\.j2, line") as caught:
        first_batch(loads(f"{head}  search: {{{search}}}\n{more}{experiment}", "g.yaml.j2"))
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    ("search", "message"),
    [
        ("trials: 5, axes: {x: [1, 2]}", "search: 'sampler' is missing"),
        ("sampler: tpe, axes: {x: [1, 2]}", "search: 'trials' is missing"),
        ("sampler: tpe, trials: 5", "search: 'axes' is missing"),
        ("sampler: tpee, trials: 5, axes: {x: [1, 2]}", "search.sampler: expected one of random"),
        ("sampler: tpe, trails: 5, axes: {x: [1]}", "search.trails: unknown key (did you mean tri"),
        ("sampler: tpe, trials: 0, axes: {x: [1, 2]}", "search.trials: expected a whole number of"),
        ("sampler: tpe, trials: 5, axes: {x: [1, 2]}", "search.trials: the axes have 2 points"),
        (f"{SEARCH}, batch: 0", "search.batch: expected a whole number of at least 1"),
        (f"{SEARCH}, lag: -1", "search.lag: expected a whole number of at least 0"),
        (f"{SEARCH}, start: [{{y: 1}}]", "search.start[0].y: no axis of this search"),
        (f"{SEARCH}, start: [{{x: 2}}]", "search.start[0].x: expected a number from 0 to 1"),
        (f"{SEARCH}, start: []", "search.start: 0 points of 5"),
        ("sampler: tpe, trials: 5, axes: {x: 3}", "search.axes: every axis has one value only"),
        ("sampler: tpe, trials: 5, axes: {seed: [1]}", "search.axes.seed: an axis can't be named"),
        (
            "sampler: tpe, trials: 5, axes: {x: {unifrom: [0, 1]}}",
            "search.axes.x.unifrom: unknown key (did you mean uniform",
        ),
        (
            "sampler: tpe, trials: 5, axes: {x: {uniform: [0, 1], when: 3}}",
            "search.axes.x.when: expected an expression, got the number 3",
        ),
        (
            "sampler: tpe, trials: 5, axes: {x: {uniform: [0, 1], when: y > 1}}",
            "search.axes.x.when: 'y > 1': unknown name 'y'",
        ),
        (
            "sampler: tpe, trials: 5, axes: {x: {uniform: [0, 1], when: x > 1}}",
            "whether x applies can't follow from itself",
        ),
        (
            "sampler: tpe, trials: 5, axes: {x: {uniform: [0, 1], when: y > 1}, y: [1, 2]}",
            "y stands after x (g.yaml.j2, line 3, sweep.search.axes.y), and a point is put",
        ),
        (
            "sampler: tpe, trials: 5, axes: {x: {uniform: [0, 1], when: z > 1}, "
            "y: {uniform: [0, 1], when: x > 1}, z: {uniform: [0, 1], when: y > 1}}",
            "they go in a circle",
        ),
    ],
)
def test_a_mistake_in_a_search_is_told_with_its_key(search, message):
    assert message in message_of(search)


def test_a_sampler_that_learns_needs_an_objective():
    found = message_of(SEARCH, head="sweep:\n")
    assert "search.sampler: tpe learns from the objective, and the header has none" in found


@pytest.mark.parametrize("beside", ["grid: {y: [1, 2]}", "where: x > 1"])
def test_a_search_stands_alone(beside):
    found = message_of(SEARCH, more=f"  {beside}\n")
    assert f"{beside.split(':')[0]!r} and `search` don't go together" in found


def test_trials_that_would_save_to_one_path_are_refused():
    experiment = "---\n!obj:a.B { x: {{ x }}, save_path: /tmp/one.pkl }\n"
    found = message_of(SEARCH, experiment=experiment)
    assert "line 5, save_path: a trial saves to /tmp/one.pkl, and one that comes later may" in found


def test_an_axis_that_the_experiment_never_uses_is_refused():
    assert "never uses this axis" in message_of(SEARCH, experiment="---\n!obj:a.B { x: 1 }\n")


@pytest.mark.parametrize("sampler", ["cmaes", "gp"])
def test_a_sampler_that_cannot_do_a_conditional_axis_is_refused(sampler):
    axes = "{y: {randint: [0, 9]}, x: {uniform: [0, 1], when: y > 2}}"
    found = message_of(f"sampler: {sampler}, trials: 5, axes: {axes}")
    assert f"search.sampler: {sampler} can't do the axis x, which some points lack by" in found
