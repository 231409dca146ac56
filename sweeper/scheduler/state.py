"""What the scheduler knows: a plan that never changes and a small state that does.

The state holds what waits to be tried again and what runs now, never a record a trial: a step
costs O(workers), and finished trials are the store's.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Literal

from sweeper.records import replace

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Mapping, Sequence

    from sweeper.records import Device

# Texts that are looked at for the next trial; bounds a step where every trial has its own text.
MAX_OPEN = 32
# Trials of a text that are tried at once before it is known to be good.
MAX_PROBES = 8
# So many have to fail, where there are so many, before a text is taken for bad.
PROOFS = 3
# A worker that dies so often in a row with nothing to do is not started again.
MAX_STUMBLES = 3

Fault = Literal["", "interrupted", "input", "failures", "cluster"]


@dataclass(frozen=True, slots=True)
class Policy:
    """How trials are leased and tried again.

    retries, retry_on, max_failures: as in SweepSpec.
    target_s: seconds of work that a lease should hold.    max_lease: trials a lease, at most.
    """

    retries: int = 1
    retry_on: Literal["lost", "error"] = "lost"
    max_failures: int | None = None
    target_s: float = 1.0
    max_lease: int = 256


@dataclass(frozen=True, slots=True)
class Plan:
    """What there is to do. A trial is known by its place in `trials`.

    trials: ids in ordinal order.    numbers: the next attempt's number of each.
    text_of: for each trial, its text's place in `texts`.
    texts: for each text, the places of its trials, those of one group together; texts and groups
    in the order of their first.
    group_of: for each trial, what is equal for those that a lease may hold together.
    fills: for each trial, whether a lease of its group should fill a worker's slots.
    place_of: each trial's place in `trials`.    rank_of: for each trial, its place in its text.
    """

    trials: tuple[str, ...]
    numbers: tuple[int, ...]
    text_of: tuple[int, ...]
    texts: tuple[tuple[int, ...], ...]
    group_of: tuple[Hashable, ...]
    fills: tuple[bool, ...]
    place_of: Mapping[str, int]
    rank_of: tuple[int, ...]
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
    trials: list[str] = []
    numbers: list[int] = []
    text_of: list[int] = []
    texts: list[list[int]] = []
    place_of_text: dict[str, int] = {}
    for trial, text, number in left:
        place = place_of_text.setdefault(text, len(texts))
        if place == len(texts):
            texts.append([])
        texts[place].append(len(trials))
        trials.append(trial)
        numbers.append(number)
        text_of.append(place)
    chosen = groups if groups is not None else [(text, True) for text in text_of]
    group_of = tuple(group for group, _ in chosen)
    first = {group: place for place, group in reversed(list(enumerate(group_of)))}
    for places in texts:
        places.sort(key=lambda place: (first[group_of[place]], place))
    ranks = {place: rank for places in texts for rank, place in enumerate(places)}
    return Plan(
        trials=tuple(trials),
        numbers=tuple(numbers),
        text_of=tuple(text_of),
        texts=tuple(map(tuple, texts)),
        group_of=group_of,
        fills=tuple(fills for _, fills in chosen),
        place_of={trial: place for place, trial in enumerate(trials)},
        rank_of=tuple(ranks[place] for place in range(len(trials))),
        workers=workers,
        policy=policy,
    )


@dataclass(frozen=True, slots=True)
class Attempt:
    """An attempt that runs, or waits to be made.

    place: of its trial in the plan.    number: from 1, growing and never used again: there may
    be gaps.    charges: losses laid to the trial.
    probe: its text is not known to be good; its lease holds nothing else.
    lone: it was leased alone because its worker's slots were not known: once it is built they are.
    late: it was added to a lease that ran, which may have been over before it arrived; of one that
    waits: it was, so that nothing speaks against it.
    began: when, None before.
    """

    place: int
    number: int
    charges: int = 0
    probe: bool = False
    lone: bool = False
    late: bool = False
    began: float | None = None


@dataclass(frozen=True, slots=True)
class Doubt:
    """Why a text may be bad: what the first of `failed` probes said that could not be built."""

    text: int
    why: str
    failed: int = 1


@dataclass(frozen=True, slots=True)
class OpenText:
    """A text with trials that were never leased.

    text: place in the plan.    cursor: how many of its trials were leased, but for those `ahead` of
    it: places that were tried because others could not be built.
    proved: one of its trials was built.
    slots: how many of its trials a worker runs side by side.
    seconds: what one of them takes of a worker's time, None before the first ended.
    """

    text: int
    cursor: int = 0
    ahead: tuple[int, ...] = ()
    proved: bool = False
    slots: int = 1
    seconds: float | None = None


class Slot(Enum):
    """ABSENT -> STARTING -> IDLE <-> BUSY, and ABSENT again when the process is gone."""

    ABSENT = "absent"
    STARTING = "starting"
    IDLE = "idle"
    BUSY = "busy"


@dataclass(frozen=True, slots=True)
class Worker:
    """One worker's slot.

    lease: its attempts that are not over, in order.
    stumbles: deaths in a row while it had nothing to do; after 3 it is given up.
    """

    slot: Slot = Slot.ABSENT
    device: Device | None = None
    lease: tuple[Attempt, ...] = ()
    stumbles: int = 0


@dataclass(frozen=True, slots=True)
class State:
    """Everything that changes.

    open: texts with trials left, `next_text` the first one that was not opened yet.
    waiting: attempts to make again, by place; each is leased alone.
    doubts: of each text of which probes could not be built, and none was yet.
    stuck: places of trials that stay pending because their text can't be built.
    unwanted: places of trials that the user cancelled; one that runs ends first.
    finished, failed, cancelled: trials of the run that came to these ends, earlier drivers' among
    them.
    echoes: failed trials that say of their text what another one had said.
    ending: why no more leases are given, "" while they are; reason: for the user.
    input_fault: message of the first text that could not be built, "" where there is none.
    over: EndSweep was given.
    """

    workers: tuple[Worker, ...]
    open: tuple[OpenText, ...] = ()
    next_text: int = 0
    waiting: tuple[Attempt, ...] = ()
    doubts: tuple[Doubt, ...] = ()
    stuck: frozenset[int] = frozenset()
    unwanted: frozenset[int] = frozenset()
    finished: int = 0
    failed: int = 0
    cancelled: int = 0
    echoes: int = 0
    ending: Fault = ""
    reason: str = ""
    input_fault: str = ""
    over: bool = False

    @property
    def fault(self) -> Fault:
        """Why the sweep ended or will end early, "" where it does not."""
        return self.ending or ("input" if self.input_fault else "")


def set_worker(state: State, number: int, worker: Worker) -> State:
    """Put `worker` in place `number`."""
    workers = (*state.workers[:number], worker, *state.workers[number + 1 :])
    return replace(state, workers=workers)
