"""Batches of a search: where they begin, what they look at, what they leave out."""

from __future__ import annotations

import pytest

from sweeper.records import History, Objective, PastTrial, TrialState
from sweeper.spec.search.sampler import Tried
from sweeper.spec.search.tried import tried

X = {"x": "{uniform: [0, 1]}"}
FINISHED, STOPPED, FAILED = TrialState.FINISHED, TrialState.STOPPED, TrialState.FAILED


def test_a_batch_is_the_same_however_often_it_is_asked_for(searched):
    source = searched(X, "tpe", trials=40, batch=8)
    ended = tuple(PastTrial({"x": i / 16}, FINISHED, ((0, 1, i / 3),)) for i in range(16))
    history = History(ended, ({"x": 0.03125},))
    first = source.propose(2, history)
    assert source.propose(2, history) == first
    assert source.propose(3, history) != first


def test_the_last_batch_has_what_is_left_and_none_comes_after_it(searched):
    source = searched(X, trials=10, batch=4)
    assert (source.batches, source.expected) == (3, 10)
    assert [len(source.propose(b, History()).trials) for b in range(3)] == [4, 4, 2]
    assert source.propose(3, History()) is None


def test_start_points_come_first_and_what_they_leave_open_is_drawn(searched, played):
    axes = {**X, "n": "{randint: [0, 9]}"}
    start = "    start: [{x: 0.25, n: 3}, {x: 0.5}, {x: 0.75}]\n"
    first, second, third = played(searched(axes, trials=6, batch=2, more=start), lambda _: 1.0)
    assert first[0] == {"x": 0.25, "n": 3}
    assert (first[1]["x"], second[0]["x"]) == (0.5, 0.75)
    assert all(0 <= one["n"] < 9 for one in (*first, *second, *third))


def test_with_repeat_each_point_has_all_its_seeds_and_trials_counts_points(searched):
    source = searched(X, trials=6, batch=3, header="  repeat: 2\n")
    found = [trial.values for trial in source.propose(0, History()).trials]
    assert [one["seed"] for one in found] == [0, 1] * 3
    assert len({one["x"] for one in found}) == 3
    assert source.expected == 12


def test_the_objective_of_a_point_is_the_mean_over_its_seeds():
    history = History(
        (
            PastTrial({"x": 1, "seed": 0}, FINISHED, ((0, 1, 3.0), (0, 2, 5.0))),
            PastTrial({"x": 2, "seed": 0}, FAILED, ()),
            PastTrial({"x": 1, "seed": 1}, FINISHED, ((0, 1, 4.0),)),
            PastTrial({"x": 2, "seed": 1}, FINISHED, ((0, 1, 1.0),)),
        )
    )
    assert tried(history, Objective("error", "min"), repeats=True) == (
        Tried({"x": 1}, 3.5),
        Tried({"x": 2}, float("inf")),
    )


def test_of_a_stopped_trial_the_last_value_counts_and_how_far_it_came():
    rows = ((0, 1, 0.5), (0, 2, 0.25), (0, 3, 0.375), (1, 2, float("nan")))
    history = History((PastTrial({"x": 1}, STOPPED, rows), PastTrial({"x": 2}, FINISHED, rows)))
    found = tried(history, Objective("error", "max"), repeats=False)
    assert found == (Tried({"x": 1}, -0.375, 5), Tried({"x": 2}, -0.5))


@pytest.mark.parametrize("sampler", ["random", "sobol", "tpe"])
def test_a_point_has_just_the_axes_that_apply_to_it(searched, played, sampler):
    axes = {
        "layers": "{randint: [1, 4]}",
        "dim_2": "{randint: [0, 9], when: layers >= 2}",
        "dim_3": "{uniform: [0, 1], when: layers >= 3 and dim_2 > 1}",
        "after": "{uniform: [0, 1], when: dim_3 > 0.5}",
    }
    found = played(searched(axes, sampler, trials=40, batch=8), lambda v: v["layers"], lag=1)
    points = [one for batch in found for one in batch]
    for one in points:
        has_2 = one["layers"] >= 2
        has_3 = has_2 and one["layers"] >= 3 and one["dim_2"] > 1
        has_after = has_3 and one["dim_3"] > 0.5
        expected = ["layers"] + ["dim_2"] * has_2 + ["dim_3"] * has_3 + ["after"] * has_after
        assert list(one) == expected
    assert {"layers", "dim_2", "dim_3", "after"} <= set().union(*points)


@pytest.mark.parametrize("sampler", ["random", "tpe"])
def test_a_cancelled_point_is_not_proposed_again_and_told_to_no_sampler(searched, sampler):
    axes, header = {"n": "{randint: [0, 6]}"}, "  repeat: 2\n"
    source = searched(axes, sampler, trials=6, batch=3, header=header)
    first = [dict(one.values) for one in source.propose(0, History()).trials]
    out = tuple(first[:2])  # both seeds of the first point
    ended = tuple(PastTrial(one, FINISHED, ((0, 1, 1.0),)) for one in first[2:])
    second = source.propose(1, History(ended, left_out=out)).trials
    assert len({one.values["n"] for one in second}) == 3
    assert {one.values["n"] for one in second}.isdisjoint(one["n"] for one in first)
    assert len(tried(History(ended, left_out=out), None, repeats=True)) == 2
