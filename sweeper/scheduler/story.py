"""What happened to a trial, step by step: for whoever looks for a fault."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from sweeper.records import Cancel, Extend, Lease, Proposed, replace

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sweeper.records import Change, Command, Event

    Said: TypeAlias = Event | Command | Change


@dataclass(frozen=True, slots=True)
class Step:
    """One step as it was taken."""

    event: Event
    commands: tuple[Command, ...]
    changes: tuple[Change, ...]


def story(trial: str, steps: Iterable[Step]) -> tuple[Said, ...]:
    """What the steps say of a trial, in order: an event, then the changes and commands of it.

    An event that names no trial, such as a worker's end, is told where it led to something. Of what
    names several trials, the one is told.
    """
    return tuple(said for step in steps for said in _told(trial, step))


def _told(trial: str, step: Step) -> Iterator[Said]:
    effects = [
        one for said in (*step.changes, *step.commands) if (one := _about(trial, said)) is not None
    ]
    event = _about(trial, step.event)
    if event is not None or effects:
        yield event or step.event
    yield from effects


def _about(trial: str, said: Said) -> Said | None:
    """What is said of this trial alone, None where it is not named."""
    if isinstance(said, Lease | Extend):
        mine = tuple(one for one in said.attempts if one.trial == trial)
        return replace(said, attempts=mine) if mine else None
    if isinstance(said, Proposed):
        new = tuple(one for one in said.trials if one.id == trial)
        return replace(said, trials=new) if new else None
    if isinstance(said, Cancel):
        return replace(said, trials=(trial,)) if trial in said.trials else None
    return said if getattr(said, "trial", None) == trial else None
