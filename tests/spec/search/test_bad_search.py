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
        *(
            (f"{SEARCH}, start: [{{x: {value}}}]", "expected a number from 0 to 1, got the number")
            for value in (".inf", ".nan", "1" + "0" * 299)
        ),
        *(
            (
                f"sampler: random, trials: 2, axes: {{x: {{{rule}}}}}, start: [{{x: {value}}}]",
                "search.start[0].x: expected one of 0, 1, ... up to 8, got the number",
            )
            for rule in ("randint: [0, 9]", "quniform: [0, 8, 1]")
            for value in (".inf", "-.inf", ".nan", "1" + "0" * 299)
        ),
        *(
            (
                "sampler: random, trials: 2, axes: {x: {normal: [0, 1]}}, "
                f"start: [{{x: {value}}}]",
                "search.start[0].x: expected a finite number, got the number",
            )
            for value in (".inf", ".nan")
        ),
        (
            "sampler: tpe, trials: 3, axes: {x: [0.1, 1/3, 0.5]}",
            "search: 1/3 would be a string among numbers, for YAML does no arithmetic. Write the",
        ),
        (
            "sampler: random, trials: 3, axes: {x: {choice: [0.1, 1/3, 0.5]}}",
            "search: 1/3 would be a string among numbers",
        ),
        (
            "sampler: tpe, trials: 3, axes: {x: [1, 2, 3]}, start: [{x: 12:30}]",
            "search: 12:30 is read as the number 750, for YAML counts it in base 60",
        ),
        (
            "sampler: tpe, trials: 3, axes: {x: [1, 1, 2]}",
            "search.trials: the axes have 2 points in all, and no point runs twice",
        ),
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


def test_strings_that_look_like_numbers_are_noticed_as_in_a_grid():
    search = "sampler: random, trials: 2, axes: {x: [1/3, 1/2]}"
    notices = loads(f"{HEAD}  search: {{{search}}}\n{EXPERIMENT}", "g.yaml.j2").notices
    (found,) = [notice for notice in notices if "1/3" in notice]
    assert "These are strings, for YAML does no arithmetic" in found


def test_values_that_repeat_count_once_and_1_is_another_one_than_its_float():
    search = "sampler: random, trials: 3, axes: {x: [1, 1, 1.0, 2]}"
    spec = loads(f"{HEAD}  search: {{{search}}}\n{EXPERIMENT}", "g.yaml.j2")
    assert spec.search.space.size == 3
    assert [one.values["x"] for one in first_batch(spec).trials].count(2) == 1
