"""What waits: trials that were never leased, by their texts, and attempts to make again.

Texts are opened in order, `MAX_OPEN` at a time, so that a look for the next trial costs the same
however many are left.
"""

from __future__ import annotations

from bisect import bisect
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sweeper.records import replace
from sweeper.scheduler import policy
from sweeper.scheduler.attempt import Why

if TYPE_CHECKING:
    from sweeper.scheduler.attempt import Attempt
    from sweeper.scheduler.plan import Plan, PlannedTrial

# Texts that are looked at for the next trial; bounds a step where every trial has its own text.
MAX_OPEN = 32


@dataclass(frozen=True, slots=True)
class OpenText:
    """A text with trials that were never leased.

    text: its place in the plan.    trials: all of its.
    cursor: how many of them were leased, but for those `ahead` of it: ranks of trials that were
    tried because others could not be built.
    proved: one of its trials was built.
    slots: how many of its trials a worker runs side by side.
    seconds: what one of them takes of a worker's time, None before the first ended.
    """

    text: int
    trials: tuple[PlannedTrial, ...]
    cursor: int = 0
    ahead: tuple[int, ...] = ()
    proved: bool = False
    slots: int = 1
    seconds: float | None = None

    @property
    def next(self) -> PlannedTrial:
        """The first trial that was not leased."""
        return self.trials[self.cursor]


@dataclass(frozen=True, slots=True)
class Doubt:
    """Why a text may be bad: what the first of `failed` probes said that could not be built."""

    text: int
    why: str
    failed: int = 1


@dataclass(frozen=True, slots=True)
class Backlog:
    """What waits.

    plan: all there is to do.    open: texts with trials left, `next_text` the first one that was
    not opened yet.
    waiting: attempts to make again, by ordinal.
    doubts: of each text of which probes could not be built, and none was yet.
    stuck: trials that stay pending because their text can't be built; input_fault: what the first
    such text's probe said, "" where there is none.
    unwanted: trials that the user cancelled; one that runs ends first.
    """

    plan: Plan
    open: tuple[OpenText, ...] = ()
    next_text: int = 0
    waiting: tuple[Attempt, ...] = ()
    doubts: tuple[Doubt, ...] = ()
    stuck: frozenset[str] = frozenset()
    input_fault: str = ""
    unwanted: frozenset[str] = frozenset()

    @property
    def is_empty(self) -> bool:
        """Whether nothing is left to lease."""
        return not self.waiting and not self.open


def put_back(backlog: Backlog, attempt: Attempt) -> Backlog:
    """Let an attempt wait to be made."""
    waiting = backlog.waiting
    at = bisect(waiting, attempt.trial.place, key=lambda one: one.trial.place)
    return replace(backlog, waiting=(*waiting[:at], attempt, *waiting[at:]))


def is_fresh(backlog: Backlog, trial: PlannedTrial) -> bool:
    """Whether a trial was never leased: it may be, unless it is unwanted."""
    at = find_open(backlog, trial.text)
    if at is None:
        return trial.text >= backlog.next_text
    opened = backlog.open[at]
    return trial.rank >= opened.cursor and trial.rank not in opened.ahead


# ------------------------------------------------------------------ open texts
def open_texts(backlog: Backlog) -> Backlog:
    """Open further texts until MAX_OPEN of them are, or none is left."""
    texts = backlog.plan.texts
    opened = list(backlog.open)
    following = backlog.next_text
    while len(opened) < MAX_OPEN and following < len(texts):
        new = _skip_gone(backlog, OpenText(following, texts[following]))
        following += 1
        if new.cursor < len(new.trials):
            opened.append(new)
    if following == backlog.next_text:
        return backlog
    return replace(backlog, open=tuple(opened), next_text=following)


def is_there(backlog: Backlog, opened: OpenText, trial: PlannedTrial) -> bool:
    """Whether a trial behind the cursor is still to lease."""
    return trial.id not in backlog.unwanted and trial.rank not in opened.ahead


def _skip_gone(backlog: Backlog, opened: OpenText) -> OpenText:
    """Put the cursor behind the trials that it stands at and that are not there to lease."""
    cursor = opened.cursor
    while cursor < len(opened.trials) and not is_there(backlog, opened, opened.trials[cursor]):
        cursor += 1
    return opened if cursor == opened.cursor else replace(opened, cursor=cursor)


def find_open(backlog: Backlog, text: int) -> int | None:
    """Where `text` is in `backlog.open`, None if it is not."""
    for index, opened in enumerate(backlog.open):
        if opened.text == text:
            return index
    return None


def set_open(backlog: Backlog, index: int, opened: OpenText) -> Backlog:
    """Put `opened` in place `index`."""
    others = backlog.open
    return replace(backlog, open=(*others[:index], opened, *others[index + 1 :]))


def move_on(backlog: Backlog, index: int, opened: OpenText) -> Backlog:
    """Put `opened` in place `index`, or close it where none of its trials is left."""
    opened = _skip_gone(backlog, opened)
    if opened.cursor == len(opened.trials):
        return close_text(backlog, index)
    return set_open(backlog, index, opened)


def close_text(backlog: Backlog, index: int) -> Backlog:
    """Take a text out, and open the next."""
    others = backlog.open
    return open_texts(replace(backlog, open=(*others[:index], *others[index + 1 :])))


def note_seconds(backlog: Backlog, text: int, seconds: float) -> Backlog:
    """A trial of this text took so long, with a worker's slots full."""
    at = find_open(backlog, text)
    if at is None:
        return backlog
    opened = backlog.open[at]
    mean = policy.average(opened.seconds, max(0.0, seconds) / opened.slots)
    return set_open(backlog, at, replace(opened, seconds=mean))


# ------------------------------------------------------------------ proofs and doubts
def find_doubt(backlog: Backlog, text: int) -> Doubt | None:
    """What speaks against a text, None where nothing does."""
    return next((doubt for doubt in backlog.doubts if doubt.text == text), None)


def without_doubt(backlog: Backlog, text: int) -> tuple[Doubt, ...]:
    """The doubts about other texts."""
    return tuple(doubt for doubt in backlog.doubts if doubt.text != text)


def cleared(attempt: Attempt, text: int) -> Attempt:
    """The attempt, no longer a probe if it is of this text, which is good."""
    if attempt.why is not Why.PROBE or attempt.trial.text != text:
        return attempt
    return replace(attempt, why=Why.WAS_PROBE if attempt.is_first else Why.AGAIN)


def prove(backlog: Backlog, text: int, slots: int | None) -> Backlog:
    """A trial of this text was built: none of those that wait is a probe any more.

    slots: how many trials of the text a worker runs side by side, None if it is not known.
    """
    backlog = replace(
        backlog,
        waiting=tuple(cleared(one, text) for one in backlog.waiting),
        doubts=without_doubt(backlog, text),
    )
    at = find_open(backlog, text)
    if at is None:
        return backlog
    opened = backlog.open[at]
    return set_open(backlog, at, replace(opened, proved=True, slots=slots or opened.slots))


def refute(backlog: Backlog, text: int, message: str) -> Backlog:
    """A probe of this text could not be built, for what the user wrote."""
    known = find_doubt(backlog, text)
    new = replace(known, failed=known.failed + 1) if known else Doubt(text, message)
    return replace(backlog, doubts=(*without_doubt(backlog, text), new))
