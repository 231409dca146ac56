"""Ctrl-C, a `kill` and a terminal that is gone, counted instead of raised."""

from __future__ import annotations

import signal
import threading
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from types import TracebackType

# The first asks for an orderly end, the second for one at once; a third finds the driver stuck.
PATIENT = 2


class Interrupts:
    """Counts SIGINT, SIGTERM and SIGHUP while entered; none outside of the main thread."""

    def __init__(self) -> None:
        self.count = 0
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Self:
        self.install()
        return self

    def install(self) -> None:
        """Take the signals; again where a library has taken them since."""
        if threading.current_thread() is not threading.main_thread():
            return
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            if number == signal.SIGHUP and signal.getsignal(number) == signal.SIG_IGN:
                continue  # `nohup`: the sweep is to outlive its terminal
            handler = signal.signal(number, self._note)
            self._before.setdefault(number, handler)

    def _note(self, _number: int, _frame: object) -> None:
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
