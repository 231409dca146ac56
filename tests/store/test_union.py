"""Stores of a run's parts, read as one."""

from __future__ import annotations

import pytest

from sweeper.records import Ending, EndKind, TrialState
from sweeper.store.memory import MemoryBackend
from sweeper.store.union import UnionReader

FINISHED = Ending(EndKind.FINISHED)
SHORT = Ending(EndKind.TIME_SHORT, "time")
FULL = Ending(EndKind.STORE, "disk")


@pytest.fixture
def parts(make):
    """A run of four trials that was divided in two: (reader, part with t0 and t2, with t1 and t3).

    Each part was claimed by a driver.
    """
    stores, trials = MemoryBackend(), make.trials(4)
    whole = stores.create("whole", make.sweep(), trials)
    shares = [stores.create(f"part {k}", make.sweep(), trials[k::2]) for k in (0, 1)]
    for number, share in enumerate(shares):
        share.claim(f"node{number}", 70 + number, 1000.0 + number)
    return UnionReader(whole, shares), *shares


def test_what_the_parts_wrote_comes_by_the_run_s_order(parts, make):
    reader, even, odd = parts
    even.write(1, [make.started("t2"), make.row("t2", 0), make.started("t0"), make.row("t0", 0)])
    odd.write(1, [make.started("t1"), make.row("t1", 0), make.row("t1", 1)])
    assert [one.trial for one in reader.attempts()] == ["t0", "t1", "t2"]
    assert [(row.trial, row.epoch) for row in reader.rows()] == [
        ("t0", 0), ("t1", 0), ("t1", 1), ("t2", 0),
    ]  # fmt: skip
    assert list(reader.rows("t1")) == [make.row("t1", 0), make.row("t1", 1)]


def test_a_trial_is_as_its_part_says(parts, make):
    reader, even, _ = parts
    even.write(1, [make.changed("t2", "finished")])
    assert [one.id for one in reader.trials()] == ["t0", "t1", "t2", "t3"]
    assert reader.counts()[TrialState.FINISHED] == 1
    assert [one.id for one in reader.unfinished()] == ["t0", "t1", "t3"]
    assert reader.unfinished()[0].tokens == make.trials(1)[0].tokens


def test_a_run_goes_on_while_one_of_its_parts_does(parts):
    reader, even, _ = parts
    even.finish(1, Ending(EndKind.INTERRUPTED, "Ctrl-C"), 1500.0)
    sweep = reader.sweep()
    assert sweep.state == "running"
    assert (sweep.host, sweep.pid) == ("node1", 71)


@pytest.mark.parametrize(
    ("ends", "end"),
    [
        ((SHORT, FULL), FULL),
        ((FINISHED, SHORT), SHORT),
        ((FINISHED, FINISHED), Ending(EndKind.INTERRUPTED, "some parts have not begun")),
    ],
)
def test_a_run_ended_as_the_worst_of_its_parts(parts, ends, end):
    reader, *shares = parts
    for share, of_part in zip(shares, ends, strict=True):
        share.finish(1, of_part, 2000.0)
    sweep = reader.sweep()
    assert (sweep.state, sweep.heartbeat) == (end, 2000.0)


def test_a_run_is_finished_when_each_of_its_trials_is_over(parts, make):
    reader, *shares = parts
    for share in shares:
        share.write(1, [make.changed(trial.id, "finished") for trial in share.trials()])
        share.finish(1, FINISHED, 2000.0)
    assert reader.sweep().state == FINISHED
