"""Rules of the sweep end a trial where its rows are made."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from broken_off import TRAIN, WALK, Heard

from sweeper.records import (
    AtRung,
    AttemptState,
    ExperimentText,
    Halving,
    Plateau,
    Row,
    Stop,
    Stopping,
    Threshold,
    TrialTask,
)
from sweeper.workers.interruption import Interruption
from sweeper.workers.runner import Runner
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


# ------------------------------------------------------------------ rungs
HALVING = Stopping((), (Halving("done", "max", (2, 4), Fraction(1, 2)),), 8)
ERRORS = Stopping((), (Halving(ERROR, "min", (1, 3), Fraction(1, 2)),), 8)


class Rungs:
    """A worker whose leases are told by the test."""

    def __init__(self, bench, text, *tokens, pack=None, **setup):
        self.runs = bench(**setup)
        self.runner = Runner(self.runs.setup, 0)
        self.text, self.tokens, self.pack = text, tokens, pack
        self.heard, self.at = Heard(), {}

    def lease(self, *trials, past=0, stop=None, number=1, interrupt=False):
        """A lease of these trials; at: (rung, value) of those that wait by now."""
        tasks = [
            TrialTask(f"t{k}", number, "text", self.tokens[k], k, self.pack, None, None, past, stop)
            for k in trials
        ]
        flag = Interruption()
        texts = {"text": ExperimentText("grid.yaml.j2", self.text, tuple(range(1, 99)))}
        if interrupt:
            flag.set()
        for item in self.runner.run(tasks, texts, flag):
            self.heard.take(item)
            if isinstance(item, AtRung):
                self.at[item.trial] = item.values
        return self


def test_a_trial_waits_at_its_rung_and_goes_on_from_there(bench):
    worker = Rungs(bench, WALK, (5, "plain"), stop=HALVING).lease(0)
    assert worker.at == {"t0": ((2, 2.0),)}
    assert list(worker.heard.values()) == [(0, 1), (0, 2)]
    worker.lease(0, past=2)
    assert worker.at == {"t0": ((2, 2.0), (4, 4.0))}
    worker.lease(0, past=4)
    assert list(worker.heard.values()) == [(0, epoch) for epoch in range(1, 6)]
    assert worker.heard.end() is AttemptState.FINISHED


def test_a_trial_ends_at_its_rung_and_says_which_rule_it_was(bench):
    worker = Rungs(bench, WALK, (5, "plain"), stop=HALVING).lease(0)
    worker.lease(0, stop=Stop("halving", "epoch 2: it lost"))
    ended = worker.heard.ends["t0"]
    assert (ended.outcome, ended.message) == (AttemptState.STOPPED, "halving: epoch 2: it lost")
    assert ended.info["stopped_by"] == "halving"
    assert list(worker.heard.values()) == [(0, 1), (0, 2)]


def test_survivors_are_packed_again_and_give_the_numbers_of_trials_that_never_waited(bench, whole):
    points = [(seed, rate, 4) for seed, rate in enumerate((0.05, 0.1, 0.2, 0.3, 0.4, 0.5))]
    expected = whole(TRAIN, *points, pack=4)
    worker = Rungs(bench, TRAIN, *points, pack=4, stop=ERRORS).lease(0, 1, 2, 3, 4, 5)
    assert sorted(worker.at) == [f"t{k}" for k in range(6)]
    worker.lease(1, 2, 4, 5, past=1).lease(2, 4, past=3)
    for trial, last in {"t0": 1, "t1": 3, "t2": 4, "t4": 4, "t5": 3}.items():
        found = worker.heard.values(trial)
        assert list(found) == list(expected.values(trial))[: last + 1]
        for at, row in found.items():
            for name, value in expected.values(trial)[at].items():
                np.testing.assert_allclose(row[name], value, rtol=1e-9, err_msg=name)
    assert worker.heard.ends["t2"].info["slots"] == 4


def test_what_waits_saves_itself_when_its_worker_is_interrupted_and_waits_again(bench):
    worker = Rungs(bench, WALK, (5, "plain"), stop=HALVING).lease(0)
    worker.lease(0, interrupt=True)
    assert worker.heard.end() is AttemptState.INTERRUPTED
    assert (worker.runs.out(1) / FILE).exists()
    again = Rungs(bench, WALK, (5, "plain"), stop=HALVING)
    task = TrialTask("t0", 2, "text", (5, "plain"), 0, None, (0, 2))
    texts = {"text": ExperimentText("grid.yaml.j2", WALK, (1,))}
    said = list(again.runner.run([task], texts, Interruption()))
    assert [one.values for one in said if isinstance(one, AtRung)] == [((2, 2.0),)]
    assert not any(isinstance(one, Row) for one in said)
    task = TrialTask("t0", 2, "text", (5, "plain"), 0, None, (0, 2), None, 2)
    said = list(again.runner.run([task], texts, Interruption()))
    assert [(one.epoch) for one in said if isinstance(one, Row)] == [3, 4]


def test_a_rung_without_the_objective_fails_the_trial_with_a_paragraph(bench):
    late = "!obj:checkpoint_experiments.Late { first: __sweep_token_0__ }\n"
    heard = bench(stop=HALVING).run(late, (3,))
    assert heard.ends["t0"].kind == "input"
    assert heard.ends["t0"].message == (
        "sweep.stop: epoch 2 is a rung, and no row of it has the objective 'done': the next that"
        " has it is of epoch 3. Report it at each rung, or choose other rungs."
    )
