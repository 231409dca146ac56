"""A source that is asked for one batch after the other."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field

import pytest

from sweeper.driver.past import Past
from sweeper.driver.proposals import Answer, Proposals
from sweeper.records import Trial, TrialChanged, TrialState
from sweeper.records.errors import InputError
from sweeper.spec import Proposal


@dataclass
class Pairs:
    """Proposes two trials a batch: their x is the number of past trials, and one more."""

    lag: int = 0
    batches: int | None = None
    expected: int | None = None
    end: int = 3
    asked: list = field(default_factory=list)
    gate: threading.Event | None = None  # an answer waits for it

    def propose(self, batch, history):
        self.asked.append((batch, history))
        if self.gate is not None:
            self.gate.wait()
        if batch == self.end:
            return None
        x = len(history.ended)
        return Proposal((trial(batch, 0, x), trial(batch, 1, x + 1)), {})


def trial(batch, place, x):
    return Trial(f"b{batch}t{place}", 2 * batch + place, {"x": x}, "text", ())


def hear(proposals, stuck=()):
    """What a source says, once it has been asked."""
    for _ in range(500):
        answer = proposals.look(stuck)
        if answer is not None:
            return answer
        time.sleep(0.01)
    raise AssertionError("no answer")


def begin(source):
    """A source whose first batch is there."""
    past = Past(None)
    first = source.propose(0, past.history(-1))
    past.add(0, [(one, TrialState.PENDING) for one in first.trials])
    source.asked.clear()
    return past, Proposals(source, past, batches=1)


def end(past, *names, state=TrialState.FINISHED):
    for name in names:
        past.see_change(TrialChanged(name, state, 0.0))


def test_a_batch_is_asked_for_when_the_one_before_it_is_over():
    source = Pairs()
    past, proposals = begin(source)
    end(past, "b0t0")
    assert proposals.look(()) is None
    assert source.asked == []
    end(past, "b0t1")
    answer = hear(proposals)
    assert answer.batch == 1
    assert [one.values for one in answer.proposal.trials] == [{"x": 2}, {"x": 3}]
    assert not answer.is_last


def test_with_a_lag_the_batch_at_work_is_pending_and_nobody_waits_for_it():
    source = Pairs(lag=1)
    past, proposals = begin(source)
    answer = hear(proposals)
    ((_, history),) = source.asked
    assert (answer.batch, history.ended, history.pending) == (1, (), ({"x": 0}, {"x": 1}))
    past.add(1, [(one, TrialState.PENDING) for one in answer.proposal.trials])
    assert proposals.look(()) is None
    assert len(source.asked) == 1
    end(past, "b0t0", "b0t1")
    assert hear(proposals).batch == 2


def test_a_batch_with_a_failed_and_a_stuck_trial_is_over():
    past, proposals = begin(Pairs())
    end(past, "b0t0", state=TrialState.FAILED)
    assert hear(proposals, stuck={"b0t1"}).batch == 1


@pytest.mark.parametrize(("batches", "end_of"), [(2, 9), (None, 2)])
def test_the_end_is_told_with_the_last_batch_where_their_number_is_known(batches, end_of):
    source = Pairs(batches=batches, end=end_of)
    past, proposals = begin(source)
    end(past, "b0t0", "b0t1")
    answer = hear(proposals)
    assert answer.is_last == (batches == 2)
    past.add(1, [(one, TrialState.FINISHED) for one in answer.proposal.trials])
    if batches is None:
        assert hear(proposals) == Answer(2, None, is_last=True)


def test_a_look_does_not_wait_for_the_source():
    source = Pairs(lag=1, gate=threading.Event())
    source.gate.set()
    _, proposals = begin(source)
    source.gate.clear()
    began = time.monotonic()
    assert proposals.look(()) is None
    assert proposals.look(()) is None
    assert time.monotonic() - began < 5.0
    source.gate.set()
    assert hear(proposals).batch == 1


def test_what_the_source_raises_is_raised_where_it_is_looked_at():
    class Wrong(Pairs):
        def propose(self, batch, history):
            if batch == 0:
                return super().propose(batch, history)
            raise InputError("no such sampler")

    past, proposals = begin(Wrong())
    end(past, "b0t0", "b0t1")
    with pytest.raises(InputError, match="no such sampler"):
        hear(proposals)
