"""Rules of the sweep end a trial where its rows are made."""

from __future__ import annotations

from itertools import pairwise

import pytest
from broken_off import TRAIN, WALK

from sweeper.records import AttemptState, Plateau, Stopping, Threshold
from sweeper.workers.runner.checkpoint_file import FILE

AFTER_3 = Stopping((Threshold("done", above=2.5),))
ERROR = "train_y_misclass"


def test_an_object_that_yields_rows_is_stopped_by_its_rows_and_keeps_them(bench):
    heard = bench(stop=AFTER_3).run(WALK, (7, "plain"), (2, "plain"))
    assert (heard.end("t0"), heard.end("t1")) == (AttemptState.STOPPED, AttemptState.FINISHED)
    assert list(heard.values("t0")) == [(0, 1), (0, 2), (0, 3)]
    assert heard.ends["t0"].message == "threshold: epoch 3: done is 3, above 2.5"
    assert heard.ends["t0"].info["stopped_by"] == "threshold"


@pytest.mark.parametrize("pack", [1, 4])
def test_a_train_is_stopped_alone_and_in_a_pack_and_its_mates_are_what_they_were(
    bench, whole, pack
):
    points = [(seed, rate, 6) for seed, rate in enumerate((1e-9, 0.1, 0.2, 0.3, 0.4))]
    expected = whole(TRAIN, *points, pack=pack)
    rule = Plateau(ERROR, "min", 2, min_change=1e-3)
    heard = bench(stop=Stopping((rule,))).run(TRAIN, *points, pack=pack)
    for trial, rows in expected.rows.items():
        length = first_plateau(expected.values(trial), 2, 1e-3)
        assert list(heard.values(trial)) == list(expected.values(trial))[:length]
        stops = length < len(rows) or heard.end(trial) is AttemptState.STOPPED
        assert heard.end(trial) is (AttemptState.STOPPED if stops else AttemptState.FINISHED)
    assert heard.end("t0") is AttemptState.STOPPED


def first_plateau(values, length, change):
    """How many rows a trial has until it got no better for `length` epochs: a loop by hand."""
    curve = [row[ERROR] for row in values.values()]
    best, at = curve[0], 0
    for epoch, value in enumerate(curve):
        if best - value > change:
            best, at = value, epoch
        if epoch - at >= length:
            return epoch + 1
    return len(curve)


def test_rules_go_on_from_a_checkpoint_where_they_were(bench):
    runs = bench(stop=Stopping((Threshold("done", above=3.5),)), epochs=2)
    runs.run(WALK, (7, "plain"), stop_at=(0, 3))  # saved after epoch 2
    second = runs.run(WALK, (7, "plain"), number=2, known=(0, 2))
    assert list(second.values()) == [(0, 3), (0, 4)]
    assert second.end() is AttemptState.STOPPED
    flat = bench("flat", stop=Stopping((Plateau("done", "max", 2, min_change=5.0),)), epochs=1)
    flat.run(WALK, (7, "plain"), stop_at=(0, 2))
    second = flat.run(WALK, (7, "plain"), number=2, known=(0, 1))
    assert second.ends["t0"].message.startswith("plateau: epoch 3: done got no better by more")
    assert all(a < b for a, b in pairwise(second.values()))


def test_a_stopped_trial_leaves_no_checkpoint(bench):
    runs = bench(stop=AFTER_3, epochs=1)
    runs.run(WALK, (7, "plain"))
    assert not (runs.out(1) / FILE).exists()


def test_a_rule_whose_channel_no_row_has_fails_the_trial_and_names_what_there_is(bench):
    heard = bench(stop=Stopping((Threshold("dome", above=1.0),))).run(WALK, (2, "plain"))
    ended = heard.ends["t0"]
    assert (ended.outcome, ended.kind) == (AttemptState.FAILED, "input")
    assert ended.message == (
        "sweep.stop: a rule looks at the channel 'dome', which no row of this trial has."
        " Did you mean 'done'? Its channels are: done, x."
    )
