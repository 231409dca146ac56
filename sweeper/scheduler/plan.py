"""What there is to do when a driver begins."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Mapping, Sequence

    from sweeper.scheduler.policy import Policy


@dataclass(frozen=True, slots=True)
class PlannedTrial:
    """What the scheduler knows of a trial.

    place: among the plan's trials, by ordinal.    number: of its next attempt.
    text: its text's place in the plan.    rank: its place among the trials of its text.
    group: equal for those that a lease may hold together.
    fills: whether a lease of its group should fill a worker's slots.
    """

    id: str
    place: int
    number: int
    text: int
    rank: int
    group: Hashable
    fills: bool


@dataclass(frozen=True, slots=True)
class Plan:
    """What there is to do.

    texts: for each text, its trials, those of one group together; texts and groups in the order of
    their first.    by_id: the trials by their ids.
    """

    texts: tuple[tuple[PlannedTrial, ...], ...]
    by_id: Mapping[str, PlannedTrial]
    workers: int
    policy: Policy


def make_plan(
    left: Iterable[tuple[str, str, int]],
    *,
    workers: int,
    policy: Policy,
    groups: Sequence[tuple[Hashable, bool]] | None = None,
) -> Plan:
    """Plan what is left: (id, text id, next attempt's number) of each trial, in ordinal order.

    groups: (group, whether a lease of it fills slots) of each trial; None: a group a text.
    """
    trials = list(left)
    chosen = groups if groups is not None else [(text, True) for _, text, _ in trials]
    first: dict[Hashable, int] = {}
    members: dict[str, list[int]] = {}
    for place, (_, text, _) in enumerate(trials):
        first.setdefault(chosen[place][0], place)
        members.setdefault(text, []).append(place)
    texts = []
    for number, places in enumerate(members.values()):
        places.sort(key=lambda place: (first[chosen[place][0]], place))
        texts.append(
            tuple(
                PlannedTrial(
                    trials[place][0], place, trials[place][2], number, rank, *chosen[place]
                )
                for rank, place in enumerate(places)
            )
        )
    by_id = {trial.id: trial for text in texts for trial in text}
    return Plan(tuple(texts), by_id, workers, policy)
