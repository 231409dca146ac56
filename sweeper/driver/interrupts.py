"""Ctrl-C, a `kill`, a terminal that is gone and time that runs out, counted instead of raised."""

from __future__ import annotations

import signal
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from sweeper.records import Ending, EndKind

if TYPE_CHECKING:
    from types import TracebackType

# The first asks for an orderly end, the second for one at once; a third finds the driver stuck.
PATIENT = 2


@dataclass(frozen=True, slots=True)
class EndRequest:
    """An orderly end that was asked for.

    ending: how the run ends then.
    patience_s: how long running attempts may take to end by themselves, saving what they have.
    """

    ending: Ending
    patience_s: float


def interrupted(reason: str, patience_s: float) -> EndRequest:
    """A user's request."""
    return EndRequest(Ending(EndKind.INTERRUPTED, reason), patience_s)


def _short_of_time(reason: str, patience_s: float) -> EndRequest:
    return EndRequest(Ending(EndKind.TIME_SHORT, reason), patience_s)


_REQUESTS = {
    signal.SIGINT: interrupted("interrupted by Ctrl-C", 10.0),
    signal.SIGTERM: interrupted("interrupted by SIGTERM", 10.0),
    signal.SIGHUP: interrupted("interrupted: its terminal is gone", 10.0),
    signal.SIGUSR1: _short_of_time("interrupted: its time was short (SIGUSR1)", 60.0),
}
# Whoever places drivers gives them half a minute between this signal and the end (SLURM's
# KillWait, a pod's grace period), and starts them again.
_TAKEN_AWAY = _short_of_time("interrupted: its place was taken away (SIGTERM)", 20.0)


class Interrupts:
    """Counts signals while entered; none outside of the main thread.

    placed: the driver runs where a queue or an operator put it.
    request: what the first signal asked for, None before.
    """

    def __init__(self, *, placed: bool = False) -> None:
        self.count = 0
        self.request: EndRequest | None = None
        self._placed = placed
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Self:
        self.install()
        return self

    def install(self) -> None:
        """Take the signals; again where a library has taken them since."""
        if threading.current_thread() is not threading.main_thread():
            return
        for number in _REQUESTS:
            if number == signal.SIGHUP and signal.getsignal(number) == signal.SIG_IGN:
                continue  # `nohup`: the sweep is to outlive its terminal
            handler = signal.signal(number, self._note)
            self._before.setdefault(number, handler)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _REQUESTS)  # held back by the command line

    def _note(self, number: int, _frame: object) -> None:
        self.note(number)

    def note(self, number: int) -> None:
        """Count a signal; the third is raised."""
        if self.request is not None and number == signal.SIGUSR1:
            return  # every process of a job's may be told, and pass it on: that is no impatience
        if self.request is None:
            is_taken = self._placed and number == signal.SIGTERM
            self.request = _TAKEN_AWAY if is_taken else _REQUESTS[signal.Signals(number)]
        self.count += 1
        if self.count > PATIENT:
            raise KeyboardInterrupt

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
