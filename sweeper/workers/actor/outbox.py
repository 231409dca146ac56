"""What trials yield, on its way from their thread to the actor's."""

from __future__ import annotations

import threading
from collections import deque
from typing import TypeAlias

from sweeper.records import Event, Row

FLUSH_AT = 1000

Item: TypeAlias = Event | Row


class Outbox:
    """What trials yield, on its way out: one thread puts, another takes."""

    def __init__(self) -> None:
        self._items: deque[Item | BaseException] = deque()
        self._urgent = threading.Event()

    def put(self, item: Item | BaseException, *, urgent: bool) -> None:
        """Add an item; an urgent one is taken at once, and so are `FLUSH_AT`."""
        self._items.append(item)
        if urgent or len(self._items) == FLUSH_AT:
            self._urgent.set()

    def take(self, timeout_s: float) -> list[Item]:
        """What came within `timeout_s`, or until it had to be taken at once."""
        self._urgent.wait(timeout_s)
        self._urgent.clear()
        taken: list[Item] = []
        while self._items:
            item = self._items.popleft()
            if isinstance(item, BaseException):
                if not taken:
                    raise item
                self._items.appendleft(item)  # after what came before it
                self._urgent.set()
                break
            taken.append(item)
        return taken
