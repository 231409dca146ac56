"""Attempts side by side: each goes on by itself until it needs the engine."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Generator, Hashable, Iterable, Iterator
from typing import Any

from pylearn2core.engine import Measure, Request, TrainPass, alike, answer, width
from sweeper.records import Began, Built, Ended, Row

log = logging.getLogger(__name__)

Item = Began | Built | Row | Ended
# An attempt yields items, and requests to whose answers it is sent (an exception is an answer too).
Attempt = Generator[Item | Request, Any, None]


class _Slot:
    """One running attempt, stopped at its request."""

    def __init__(self, attempt: Attempt) -> None:
        self._attempt = attempt
        self.request: Request | None = None

    def advance(self, reply: Any = None) -> Iterator[Item]:
        """Go on to the next request, or to the end; give the items on the way."""
        self.request = None
        try:
            while True:
                item = self._attempt.send(reply)
                if isinstance(item, TrainPass | Measure):
                    self.request = item
                    return
                reply = None
                yield item
        except StopIteration:
            return


def side_by_side(attempts: Iterable[Attempt], asked: int | None) -> Iterator[Item]:
    """Run attempts, as many at a time as a pack of their program has slots; give their items.

    A slot whose attempt ends is taken by the next. asked: the user's own number of slots.
    """
    queue = deque(attempts)
    slots: list[_Slot] = []
    n_slots = 1
    while queue or slots:
        while queue and len(slots) < n_slots:
            slot = _Slot(queue.popleft())
            yield from slot.advance()
            if slot.request is not None:
                slots.append(slot)
                n_slots = width(slot.request, asked)
        if slots:
            group = _next_group(slots)
            for slot, reply in zip(group, _answers(group, n_slots), strict=True):
                yield from slot.advance(reply)
            slots = [slot for slot in slots if slot.request is not None]


def _next_group(slots: list[_Slot]) -> list[_Slot]:
    """The slots to answer next: the largest group of like requests.

    Monitoring goes first: so an attempt that has just started gets to its first epoch while the
    others wait at their next one, and from there they train together.
    """
    measuring = [slot for slot in slots if isinstance(slot.request, Measure)]
    groups: dict[Hashable, list[_Slot]] = {}
    for slot in measuring or slots:
        if slot.request is not None:
            groups.setdefault(alike(slot.request), []).append(slot)
    return max(groups.values(), key=len)


def _answers(group: list[_Slot], n_slots: int) -> list[Any]:
    """An answer for each slot; what the engine raises for a trial is the answer to that trial.

    A pack that fails, for lack of memory say, changes no trial's values: each is tried alone.
    """
    requests = [slot.request for slot in group if slot.request is not None]
    try:
        return answer(requests, n_slots)
    except Exception as error:
        if len(requests) == 1 and n_slots == 1:
            return [error]
        log.warning("A pack of %d trials failed (%s): each goes on alone.", len(requests), error)
        return [_alone(request) for request in requests]


def _alone(request: Request) -> Any:
    try:
        (reply,) = answer([request], 1)
    except Exception as error:
        return error
    return reply
