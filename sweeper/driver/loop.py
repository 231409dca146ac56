"""The loop: events in, commands and changes out, until the scheduler says that it is over."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

from sweeper import scheduler
from sweeper.driver.audit import audit_if_wanted
from sweeper.driver.interrupts import interrupted
from sweeper.driver.watch import Watch
from sweeper.records import Cancel, Drain, Ended, Ending, EndKind, Limit, Row, Runaway
from sweeper.records.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from sweeper.driver.claim import Claim
    from sweeper.driver.growth import Growth
    from sweeper.driver.interrupts import EndRequest
    from sweeper.driver.progress import Teller
    from sweeper.driver.scoreboard import Scoreboard
    from sweeper.records import Event, Proposed
    from sweeper.runs.control import Asked
    from sweeper.scheduler import Policy, State
    from sweeper.workers.pool import Pool

POLL_S = 0.1
# How long running attempts may take to end by themselves once a fault ended the sweep.
PATIENCE_S = 10.0
_STOPPED = interrupted("stopped by `sweep stop`", 60.0)


class Loop:
    """One driver's loop.

    state: the scheduler's first; first: what there is to do, batch by batch.
    growth: where more may come from, None where nothing will.    limit: of each trial.
    check: raises ClusterError once the cluster is lost.
    """

    def __init__(
        self,
        policy: Policy,
        state: State,
        first: Iterable[Proposed],
        *,
        claim: Claim,
        pool: Pool,
        scoreboard: Scoreboard,
        teller: Teller,
        growth: Growth | None = None,
        limit: Limit | None = None,
        check: Callable[[], None],
    ) -> None:
        self._policy = policy
        self._state = state
        self._ledger = claim.ledger
        self._control = claim.control
        self._interrupts = claim.interrupts
        self._pool = pool
        self._scoreboard = scoreboard
        self._teller = teller
        self._check = check
        self._deadline: float | None = None
        self._request: EndRequest | None = None
        self._audit = audit_if_wanted(os.environ)
        self._growth = growth
        self._watch = Watch(limit or Limit())
        self._known: set[str] = set()
        for event in first:
            self._propose(event)

    def run(self) -> Ending:
        """Loop to the end, and record how it ended."""
        try:
            while not self._state.over:
                self._heed()
                self._check()
                self._grow()
                for item in self._pool.events(POLL_S):
                    self._hear(item)
                for late in self._watch.look(self._state):
                    self._step(late)
                self._ledger.write_if_due()
                state, self._teller.hint = self._state, self._scoreboard.hint
                self._teller.tell_if_due(state.tally, state.running, self._scoreboard.best)
            ending = self._ending()
            self._ledger.finish(ending)
        except StoreError:
            raise  # nothing can be recorded any more, or another driver does
        except BaseException as error:
            self._stop_at_once(str(error) or type(error).__name__)
            self._ledger.write()
            raise
        finally:
            self._pool.kill()
        self._teller.tell(self._state.tally, self._state.running, self._scoreboard.best)
        return ending

    def _ending(self) -> Ending:
        """How the sweep ended."""
        if self._scoreboard.fault:
            return Ending(EndKind.INPUT, self._scoreboard.fault)
        end = self._state.end
        if end.kind is EndKind.INTERRUPTED and self._request is not None:
            return self._request.ending
        return end

    def _hear(self, item: Event | Row) -> None:
        if isinstance(item, Row):
            self._ledger.add(item)
            self._watch.see_row(item.trial)
            self._scoreboard.see(item)
            if self._growth is not None:
                self._growth.see(item)
        else:
            self._step(item)
            if isinstance(item, Ended):
                self._scoreboard.see_end(item)
        if self._scoreboard.fault and self._state.ending is None:
            self._step(Drain(self._scoreboard.fault, time.time()))

    def _step(self, event: Event) -> None:
        if isinstance(event, Runaway):
            self._teller.message = event.reason
        self._take(event, scheduler.step(self._policy, self._state, event))

    def _propose(self, event: Proposed) -> None:
        self._known.update(trial.id for trial in event.trials)
        self._step(event)
        expected = self._growth.expected if self._growth is not None else 0
        self._teller.total = max(self._state.total, expected)

    def _grow(self) -> None:
        """Take what the sweep's source has proposed, if it has."""
        if self._growth is None or self._state.ending is not None:
            return
        event = self._growth.look(self._state.backlog.stuck)
        if event is not None:
            if event.is_last:
                self._growth = None
            self._propose(event)

    def _take(self, event: Event, result: scheduler.Result) -> None:
        self._state, commands, changes = result
        for change in changes:
            self._ledger.add(change)
            self._scoreboard.see_change(change)
            if self._growth is not None:
                self._growth.see_change(change)
        if self._audit is not None:  # what is wrong then is no reason to lose what is kept
            self._audit.see(event, result)
        for command in commands:
            self._pool.obey(command)

    def _heed(self) -> None:
        """Drain where that is asked for; end at once at the second Ctrl-C, or without patience."""
        interrupts = self._interrupts
        if interrupts.request is not None:
            self._drain(interrupts.request)
        for asked in self._control.asked():
            self._obey(asked)
        now = time.monotonic()  # patience is no longer where a clock is set back
        if self._state.ending is not None and self._deadline is None:
            self._deadline = now + (self._request.patience_s if self._request else PATIENCE_S)
            again = " (Ctrl-C again ends it at once)" if interrupts.count == 1 else ""
            self._teller.message = f"ending: {self._state.end.reason}{again}"
        is_late = self._deadline is not None and now > self._deadline
        if interrupts.count > 1 or is_late:
            self._stop_at_once(self._state.end.reason)

    def _drain(self, request: EndRequest) -> None:
        if self._state.ending is None:
            self._request = request
            self._step(Drain(request.ending.reason, time.time()))

    def _obey(self, asked: Asked) -> None:
        """Do what another process asked for."""
        if asked.command != "stop":
            self._teller.message = f"asked to {asked.command!r}, which means nothing here"
            return
        if not asked.trials:
            self._drain(_STOPPED)
            return
        unknown = [trial for trial in asked.trials if trial not in self._known]
        self._step(Cancel(asked.trials, time.time()))
        said = f"cancelled by `sweep stop`: {', '.join(asked.trials)}"
        self._teller.message = f"{said} (not left to do: {', '.join(unknown)})" if unknown else said

    def _stop_at_once(self, reason: str) -> None:
        """End the processes; their attempts are interrupted."""
        self._step(Drain(reason, time.time()))
        for event in self._pool.kill():
            self._hear(event)
