"""The look at each step that `SWEEP_CHECK=1` asks for."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sweeper.driver.audit import Audit, audit_if_wanted
from sweeper.records import Device, NewTrial, Proposed, WorkerUp
from sweeper.scheduler import BrokenInvariantError, Policy, begin, step

NEW = Proposed((NewTrial("t0", 0, "a", 1, "a"), NewTrial("t1", 1, "a", 1, "a")), True, 0.0)
UP = WorkerUp(0, Device("here", 7), 1.0)


def a_contradiction():
    """A step that should be one, and is none: the trial that it leases counts as not leased."""
    first = step(Policy(), begin(1), NEW)
    state, commands, changes = step(Policy(), first[0], UP)
    return first, (replace(state, backlog=first[0].backlog), commands, changes)


def test_it_is_made_where_the_environment_asks_for_it():
    assert audit_if_wanted({}) is None
    assert audit_if_wanted({"SWEEP_CHECK": "0"}) is None
    assert isinstance(audit_if_wanted({"SWEEP_CHECK": "1"}), Audit)


def test_a_contradiction_is_raised_with_the_story_of_the_trials_that_it_is_about():
    first, broken = a_contradiction()
    audit = Audit()
    audit.see(NEW, first)
    with pytest.raises(BrokenInvariantError, match=r"contradicts itself: .*\(t0\)") as raised:
        audit.see(UP, broken)
    notes = "\n".join(raised.value.__notes__)
    assert "after WorkerUp(worker=0" in notes
    assert "TrialChanged(trial='t0', state=<TrialState.LEASED: 'leased'>, time=1.0)" in notes
    assert "trial t1:" not in notes


def test_what_was_said_once_does_not_keep_the_driver_from_its_end():
    first, broken = a_contradiction()
    audit = Audit()
    audit.see(NEW, first)
    with pytest.raises(BrokenInvariantError, match="t0"):
        audit.see(UP, broken)
    audit.see(UP, broken)
    assert [one.event for one in audit.steps] == [NEW, UP, UP]
