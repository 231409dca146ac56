"""Which trials pass a limit, by a clock that the test turns."""

from __future__ import annotations

import socket

from sweeper.driver.watch import GRACE_S, Watch
from sweeper.records import (
    Began,
    Cancel,
    Device,
    Limit,
    NewTrial,
    Overdue,
    Proposed,
    Runaway,
    WorkerUp,
)
from sweeper.scheduler import Policy, begin, step

POLICY = Policy(max_lease=1)


class Watched:
    """One worker that was given trial t0, and says that it began if it is to."""

    def __init__(self, limit, *, says_so=True, host="elsewhere"):
        self.now = 100.0
        self.watch = Watch(limit, lambda: self.now)
        self.state = begin(1)
        self.tell(Proposed((NewTrial("t0", 0, "x", 1, "x"),), True, 0.0))
        self.tell(WorkerUp(0, Device(host, 1), 0.0))
        if says_so:
            self.tell(Began(0, "t0", 1, 0.0))
        self.look(0.3)

    def tell(self, event):
        self.state, *_ = step(POLICY, self.state, event)

    def look(self, seconds):
        """What is said within so many seconds, looked at once a second."""
        said = []
        end = self.now + seconds
        while self.now < end:
            self.now = min(self.now + 1.0, end)
            for event in self.watch.look(self.state):
                said.append(event)
                self.tell(event)
        return said


def kinds(said):
    return [type(event) for event in said]


def test_a_trial_is_late_once_its_seconds_are_over_and_runs_away_after_the_grace():
    watched = Watched(Limit(seconds=60))
    assert watched.look(59) == []
    (late,) = watched.look(3)
    assert (late.worker, late.trial, late.attempt) == (0, "t0", 1)
    assert late.reason == "The trial ran for longer than 60 s, the header's limit.seconds."
    assert watched.look(GRACE_S - 3) == []
    (gone,) = watched.look(4)
    assert (type(gone), gone.worker, gone.is_sure) == (Runaway, 0, True)
    assert gone.reason.startswith("Worker 0 was ended, for trial t0 did not end within 6 s")
    assert "worker-0.log" not in gone.reason  # nobody can tell it to write there
    assert watched.look(100) == []


def test_a_trial_that_gives_rows_does_not_stall_and_one_that_stops_to_give_them_does():
    watched = Watched(Limit(stall=10))
    for _ in range(10):
        assert watched.look(5) == []
        watched.watch.see_row("t0")
    assert watched.look(9) == []
    (late,) = watched.look(2)
    assert late.reason == "The trial gave no row for 10 s, the header's limit.stall."


def test_a_worker_that_could_not_even_say_that_its_trial_began_is_watched_from_its_lease_on():
    watched = Watched(Limit(stall=10), says_so=False, host=socket.gethostname())
    late, gone = watched.look(10 + GRACE_S + 3)
    assert kinds([late, gone]) == [Overdue, Runaway]
    assert gone.reason.endswith("; the end of logs/worker-0.log says where it was.")


def test_without_a_limit_only_a_cancelled_trial_is_watched():
    watched = Watched(Limit())
    assert watched.look(10_000) == []
    watched.tell(Cancel(("t0",), 0.0))
    assert watched.look(GRACE_S - 1) == []
    assert kinds(watched.look(3)) == [Runaway]


def test_what_the_driver_itself_lost_is_no_trial_s_doing():
    watched = Watched(Limit(stall=60))
    watched.now += 3600  # a laptop that was closed
    assert watched.look(1) == []
    assert watched.look(50) == []
    assert kinds(watched.look(12)) == [Overdue]
