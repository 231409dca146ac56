"""The loop: events in, commands and changes out, until the scheduler says that it is over."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

from sweeper import scheduler
from sweeper.driver.audit import audit_if_wanted
from sweeper.driver.interrupts import INTERRUPTED, Ending
from sweeper.records import Cancel, Drain, Ended, Row
from sweeper.records.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Callable

    from sweeper.driver.control import Control
    from sweeper.driver.interrupts import Interrupts
    from sweeper.driver.ledger import Ledger
    from sweeper.driver.progress import Teller
    from sweeper.driver.watch import Watch
    from sweeper.records import Event
    from sweeper.runs.control import Asked
    from sweeper.scheduler import Fault, Plan, Tally
    from sweeper.workers.pool import Pool

POLL_S = 0.1
# How long running attempts may take to end by themselves once a fault ended the sweep.
PATIENCE_S = 10.0
_STOPPED = Ending("stopped by `sweep stop`", INTERRUPTED, 60.0)
_EXIT_CODES = {"": 0, "interrupted": INTERRUPTED, "input": 2, "cluster": 3, "failures": 1}


class Loop:
    """One driver's loop over its plan.

    before: how many trials came to their ends under earlier drivers.
    check: raises ClusterError once the cluster is lost.
    """

    def __init__(
        self,
        plan: Plan,
        *,
        pool: Pool,
        ledger: Ledger,
        watch: Watch,
        teller: Teller,
        control: Control,
        before: Tally,
        check: Callable[[], None],
    ) -> None:
        self._plan = plan
        self._pool = pool
        self._ledger = ledger
        self._watch = watch
        self._teller = teller
        self._control = control
        self._check = check
        self._deadline: float | None = None
        self._ending: Ending | None = None
        self._audit = audit_if_wanted(os.environ)
        self._take(None, scheduler.begin(plan, time.time(), before))

    def run(self, interrupts: Interrupts) -> None:
        """Loop to the end, and record how it ended."""
        try:
            while not self._state.over:
                self._heed(interrupts)
                self._check()
                for item in self._pool.events(POLL_S):
                    self._hear(item)
                self._ledger.write_if_due()
                state = self._state
                self._teller.tell_if_due(state.tally, state.running, self._watch.best)
            self._ledger.finish(self._how(), self.reason)
        except StoreError:
            raise  # nothing can be recorded any more, or another driver does
        except BaseException as error:
            self._stop_at_once(str(error) or type(error).__name__)
            self._ledger.write()
            raise
        finally:
            self._pool.kill()
        self._teller.tell(self._state.tally, self._state.running, self._watch.best)

    @property
    def fault(self) -> Fault:
        """Why the sweep ended early, "" where it did not."""
        return "input" if self._watch.fault else self._state.fault

    @property
    def reason(self) -> str:
        """The same, as a paragraph."""
        return self._watch.fault or self._state.reason

    @property
    def exit_code(self) -> int:
        """0 where nothing ended the sweep early."""
        if self.fault == "interrupted" and self._ending is not None:
            return self._ending.code
        return _EXIT_CODES[self.fault]

    def _how(self) -> str:
        if not self.fault:
            return "finished"
        return "interrupted" if self.fault == "interrupted" else "failed"

    def _hear(self, item: Event | Row) -> None:
        if isinstance(item, Row):
            self._ledger.add(item)
            self._watch.see(item)
        else:
            self._step(item)
            if isinstance(item, Ended):
                self._watch.see_end(item)
        if self._watch.fault and self._state.ending is None:
            self._step(Drain(self._watch.fault, time.time()))

    def _step(self, event: Event) -> None:
        self._take(event, scheduler.step(self._plan, self._state, event))

    def _take(self, event: Event | None, result: scheduler.Result) -> None:
        self._state, commands, changes = result
        if self._audit is not None:
            self._audit.see(event, result)
        for change in changes:
            self._ledger.add(change)
            self._watch.see_change(change)
        for command in commands:
            self._pool.obey(command)

    def _heed(self, interrupts: Interrupts) -> None:
        """Drain where that is asked for; end at once at the second Ctrl-C, or without patience."""
        if interrupts.ending is not None:
            self._drain(interrupts.ending)
        for asked in self._control.asked():
            self._obey(asked)
        now = time.time()
        if self._state.ending is not None and self._deadline is None:
            self._deadline = now + (self._ending.patience_s if self._ending else PATIENCE_S)
            again = " (Ctrl-C again ends it at once)" if interrupts.count == 1 else ""
            self._teller.message = f"ending: {self._state.reason}{again}"
        is_late = self._deadline is not None and now > self._deadline
        if interrupts.count > 1 or is_late:
            self._stop_at_once(self._state.reason)

    def _drain(self, ending: Ending) -> None:
        if self._state.ending is None:
            self._ending = ending
            self._step(Drain(ending.reason, time.time()))

    def _obey(self, asked: Asked) -> None:
        """Do what another process asked for."""
        if asked.command != "stop":
            self._teller.message = f"asked to {asked.command!r}, which means nothing here"
            return
        if not asked.trials:
            self._drain(_STOPPED)
            return
        unknown = [trial for trial in asked.trials if trial not in self._plan.by_id]
        self._step(Cancel(asked.trials, time.time()))
        said = f"cancelled by `sweep stop`: {', '.join(asked.trials)}"
        self._teller.message = f"{said} (not left to do: {', '.join(unknown)})" if unknown else said

    def _stop_at_once(self, reason: str) -> None:
        """End the processes; their attempts are interrupted."""
        self._step(Drain(reason, time.time()))
        for event in self._pool.kill():
            self._hear(event)
