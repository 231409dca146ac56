"""How far a sweep is, and how fast."""

from __future__ import annotations

from sweeper.driver.progress import Teller
from sweeper.scheduler import Tally


def test_progress_counts_what_ended_before_this_driver():
    told = []
    teller = Teller(told.append, total=10, before=4)
    teller.tell(Tally(finished=3, failed=1), 0, None)
    assert (told[0].done, told[0].failed, told[0].left_s) == (4, 1, None)
    teller.tell(Tally(finished=5, failed=2), 0, ("t", 0.5))
    assert (told[1].done, told[1].failed, told[1].best) == (7, 2, ("t", 0.5))


def test_no_pace_is_told_before_it_means_something(monkeypatch):
    now, told = [0.0], []
    monkeypatch.setattr("sweeper.driver.progress.time.monotonic", lambda: now[0])
    teller = Teller(told.append, total=20, before=10)
    for now[0], ended in [(5.0, 1), (5.5, 3), (7.5, 2), (8.0, 3)]:
        teller.tell(Tally(finished=10 + ended), 0, None)
    assert [progress.rate_per_min for progress in told] == [0.0, 0.0, 0.0, 60.0]  # 3 in 3 s
    assert [progress.left_s for progress in told] == [None, None, None, 7.0]
