"""What happened to a trial, told from the steps."""

from __future__ import annotations

from play import HERE, Play, lease

from sweeper.records import (
    AttemptEnded,
    AttemptStarted,
    AttemptState,
    Began,
    Cancel,
    LeaseOver,
    NewTrial,
    Proposed,
    TrialChanged,
    TrialState,
    WorkerDown,
    WorkerUp,
)
from sweeper.scheduler import Step, story


class Told(Play):
    """A play that keeps its steps."""

    def __init__(self, *args, **rules):
        self.steps = []
        super().__init__(*args, **rules)

    def tell(self, event):
        commands = super().tell(event)
        self.steps.append(Step(event, commands, self.changes))
        return commands


def test_a_story_has_the_events_and_what_they_led_to_in_order():
    play = Told("aa", retries=0)
    play.up()
    play.began("t0")
    play.down()
    assert story("t0", play.steps) == (
        Proposed((NewTrial("t0", 0, "a", 1, "a"),), True, 0.0),
        WorkerUp(0, HERE, 0.0),
        TrialChanged("t0", TrialState.LEASED, 0.0),
        lease(0, ("t0", 1)),
        Began(0, "t0", 1, 0.0),
        AttemptStarted("t0", 1, 0, HERE, 0.0),
        TrialChanged("t0", TrialState.RUNNING, 0.0),
        WorkerDown(0, "killed by signal 9", True, 0.0),
        AttemptEnded("t0", 1, AttemptState.LOST, 0.0, message="killed by signal 9"),
        TrialChanged("t0", TrialState.FAILED, 0.0),
    )


def test_of_what_names_several_trials_the_one_is_told():
    play = Told("aaaaa")
    play.up()
    play.whole("t0")
    play.over()
    play.tell(Cancel(("t2", "t4"), 3.0))
    assert story("t2", play.steps)[1:4] == (
        LeaseOver(0, 0.0),
        TrialChanged("t2", TrialState.LEASED, 0.0),
        lease(0, ("t2", 1)),
    )
    assert story("t4", play.steps)[1:] == (
        Cancel(("t4",), 3.0),
        TrialChanged("t4", TrialState.CANCELLED, 3.0),
    )


def test_a_trial_that_is_not_there_has_no_story():
    play = Told("aaa")
    play.up()
    assert story("t3", play.steps) == ()
