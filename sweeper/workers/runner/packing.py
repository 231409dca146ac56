"""Attempts side by side: each goes on by itself until it needs the engine."""

from __future__ import annotations

from collections.abc import Callable, Generator, Hashable, Iterator
from dataclasses import replace
from typing import Any

from pylearn2core.engine import Answer, Measure, Request, TrainPass, alike, answer, mode, width
from sweeper.records import AtRung, Began, Built, Ended, Row


class Pause:
    """An attempt waits: it is not advanced until it is begun again."""


Item = Began | Built | Row | AtRung | Ended
# An attempt yields items, and requests to which it is sent an Answer.
RunningAttempt = Generator[Item | Request | Pause, Any, None]


def reply_of(request: Request, answered: Answer, info: dict[str, Any]) -> Any:
    """What an attempt goes on with; an exception in its place is raised.

    info: of the attempt; it gets the widest program that trained it, and in what mode.
    """
    if isinstance(request, TrainPass) and answered.slots > info.get("slots", 0):
        info["slots"] = answered.slots
        info["mode"] = mode(request, answered.slots)
    if isinstance(answered.reply, Exception):
        raise answered.reply
    return answered.reply


class _Slot:
    """One running attempt, stopped at its request."""

    def __init__(self, attempt: RunningAttempt) -> None:
        self._attempt = attempt
        self.request: Request | None = None

    def advance(self, n_slots: int, reply: Answer | None = None) -> Iterator[Item]:
        """Go on to the next request, or to the end; give the items on the way.

        n_slots: how many attempts go side by side.
        """
        self.request = None
        try:
            while True:
                item = self._attempt.send(reply)
                if isinstance(item, TrainPass | Measure):
                    self.request = item
                    return
                if isinstance(item, Pause):
                    return
                reply = None
                if isinstance(item, Built):
                    item = replace(item, slots=max(item.slots, n_slots))
                yield item
        except StopIteration:
            return


class _Widths:
    """The widths of the requests' programs, and how many attempts go side by side for them.

    Monitoring and training are programs of their own, each with its own width: the widest one has
    to be filled.
    """

    def __init__(self, asked: int | None, mates: int | None) -> None:
        self._asked = asked
        self._mates = mates
        self.n_slots = 1

    def of(self, request: Request) -> int:
        """How many slots the request's pack has."""
        return width(request, self._asked, self._mates)

    def note(self, request: Request | None) -> None:
        """An attempt has come to this request."""
        if request is not None:
            self.n_slots = max(self.n_slots, self.of(request))


def side_by_side(
    begin: Callable[[], RunningAttempt | None], asked: int | None, mates: int | None = None
) -> Iterator[Item]:
    """Run attempts, as many at a time as a pack of their program has slots; give their items.

    begin: makes the next attempt, or gives one that has waited; None where there is none now;
    asked whenever a slot is free.
    asked: the user's own number of slots.
    mates: how many trials of the whole sweep are likely to be one program; None: not known.
    """
    slots: list[_Slot] = []
    widths = _Widths(asked, mates)
    while True:
        while len(slots) < widths.n_slots and (attempt := begin()) is not None:
            slot = _Slot(attempt)
            yield from slot.advance(widths.n_slots)
            widths.note(slot.request)
            if slot.request is not None:
                slots.append(slot)
        if not slots:
            return
        group = _next_group(slots)
        for slot, reply in zip(group, _answers(group, widths), strict=True):
            yield from slot.advance(widths.n_slots, reply)
            widths.note(slot.request)
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


def _answers(group: list[_Slot], widths: _Widths) -> list[Answer]:
    requests = [slot.request for slot in group if slot.request is not None]
    return answer(requests, widths.of(requests[0]))
