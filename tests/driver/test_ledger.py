"""What is written, and when."""

from __future__ import annotations

from array import array

from sweeper.driver.ledger import Ledger
from sweeper.records import Ending, EndKind, Row, TrialChanged, TrialState


class Pages:
    """A store that remembers what it was asked to write."""

    def __init__(self):
        self.written = []
        self.beats = []
        self.published = 0

    def write(self, generation, changes):
        self.written.append((generation, list(changes)))
        return 0

    def heartbeat(self, generation, now):
        self.beats.append(generation)

    def publish(self, now):
        self.published += 1
        return True

    def finish(self, generation, state, now):
        self.written.append((generation, state))


def test_only_the_newest_state_of_a_trial_is_written_and_rows_come_first():
    pages = Pages()
    ledger = Ledger(pages, 7)
    first = Row("t", 1, 0, 0, 0.0, ("loss",), array("d", [1.0]).tobytes())
    ledger.add(TrialChanged("t", TrialState.LEASED, 0.0))
    ledger.add(TrialChanged("t", TrialState.RUNNING, 1.0))
    ledger.add(first)
    ledger.finish(Ending(EndKind.FINISHED))
    newest = TrialChanged("t", TrialState.RUNNING, 1.0)
    assert pages.written == [(7, [first, newest]), (7, Ending(EndKind.FINISHED))]


def test_a_heartbeat_is_published_while_nothing_changes(monkeypatch):
    now, pages = [0.0], Pages()
    monkeypatch.setattr("sweeper.driver.ledger.time.monotonic", lambda: now[0])
    ledger = Ledger(pages, 7)
    for now[0] in (1.0, 4.9, 5.0, 9.9, 10.0):
        ledger.write_if_due()
    assert (pages.written, pages.beats, pages.published) == ([], [7, 7], 2)
