"""What waits: trials that were never leased, in piles, and attempts to make again.

Piles are opened in order, `MAX_OPEN` at a time, so that a look for the next trial costs the same
however many are left.
"""

from __future__ import annotations

from bisect import bisect
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sweeper.records import replace
from sweeper.scheduler.attempt import Why
from sweeper.scheduler.policy import average

if TYPE_CHECKING:
    from sweeper.scheduler.attempt import Attempt
    from sweeper.scheduler.batch import Batch, BatchTrial

# Piles that are looked at for the next trial; bounds a step where every trial has its own text.
MAX_OPEN = 32
# Texts that are remembered when none of their trials is left, for trials that may come later.
MAX_KNOWN = 32


@dataclass(frozen=True, slots=True)
class Pile:
    """Trials of one text and one batch, some of which were never leased.

    number: among all piles.    trials: all of its.
    cursor: how many of them were leased, but for those `ahead` of it: ranks of trials that were
    tried because others could not be built.
    proved: a trial of this text was built.
    slots: how many of its trials a worker runs side by side.
    seconds: what one of them takes of a worker's time, None before the first ended.
    """

    number: int
    text: str
    trials: tuple[BatchTrial, ...]
    cursor: int = 0
    ahead: tuple[int, ...] = ()
    proved: bool = False
    slots: int = 1
    seconds: float | None = None

    @property
    def next(self) -> BatchTrial:
        """The first trial that was not leased."""
        return self.trials[self.cursor]


@dataclass(frozen=True, slots=True)
class Doubt:
    """Why a text may be bad: what the first of `failed` probes said that could not be built."""

    text: str
    why: str
    failed: int = 1


@dataclass(frozen=True, slots=True)
class KnownText:
    """What earlier trials have shown of a text. slots, seconds: as in `Pile`."""

    text: str
    is_good: bool
    slots: int = 1
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Backlog:
    """What waits.

    batches: those with trials that were never leased.
    open: piles of which trials are left, `next_pile` the first one that was not opened yet.
    waiting: attempts to make again, by ordinal.
    doubts: of each text of which probes could not be built, and none was yet.
    known: the texts that were shown to be good or bad last.
    stuck: trials that stay pending because their text can't be built; input_fault: what the first
    such text's probe said, "" where there is none.
    unwanted: trials that the user cancelled; one that runs ends first.
    in_batches: what comes later follows from what fails now, so no text is taken for bad: each
    trial is tried, and fails or not, whatever the number of workers.
    """

    batches: tuple[Batch, ...] = ()
    open: tuple[Pile, ...] = ()
    next_pile: int = 0
    waiting: tuple[Attempt, ...] = ()
    doubts: tuple[Doubt, ...] = ()
    known: tuple[KnownText, ...] = ()
    stuck: frozenset[str] = frozenset()
    input_fault: str = ""
    unwanted: frozenset[str] = frozenset()
    in_batches: bool = False

    @property
    def fault(self) -> str:
        """Why a text can't be built, as far as that is known; "" where each can."""
        doubts = self.doubts if self.in_batches else ()
        return self.input_fault or next((doubt.why for doubt in doubts), "")

    @property
    def is_empty(self) -> bool:
        """Whether nothing is left to lease."""
        return not self.waiting and not self.open


def put_back(backlog: Backlog, attempt: Attempt) -> Backlog:
    """Let an attempt wait to be made."""
    waiting = backlog.waiting
    at = bisect(waiting, attempt.trial.ordinal, key=lambda one: one.trial.ordinal)
    return replace(backlog, waiting=(*waiting[:at], attempt, *waiting[at:]))


def find_fresh(backlog: Backlog, name: str) -> BatchTrial | None:
    """The trial of this name, if it was never leased: it may be, unless it is unwanted."""
    for batch in backlog.batches:
        trial = batch.by_id.get(name)
        if trial is not None:
            return trial if is_fresh(backlog, trial) else None
    return None


def is_fresh(backlog: Backlog, trial: BatchTrial) -> bool:
    """Whether a trial was never leased: it may be, unless it is unwanted."""
    at = find_open(backlog, trial.pile)
    if at is None:
        return trial.pile >= backlog.next_pile
    pile = backlog.open[at]
    return trial.rank >= pile.cursor and trial.rank not in pile.ahead


# ------------------------------------------------------------------ piles
def add(backlog: Backlog, batch: Batch) -> Backlog:
    """Put a batch behind those that are there. Costs nothing a trial that is there."""
    return open_piles(replace(backlog, batches=(*backlog.batches, batch)))


def end_of_piles(backlog: Backlog) -> int:
    """The number that the next batch's first pile has."""
    return backlog.batches[-1].end if backlog.batches else backlog.next_pile


def open_piles(backlog: Backlog) -> Backlog:
    """Open further piles until MAX_OPEN are, or none is left; let go of batches that are empty."""
    opened = list(backlog.open)
    following, stuck = backlog.next_pile, backlog.stuck
    while len(opened) < MAX_OPEN and (trials := _pile_at(backlog, following)) is not None:
        new = _skip_gone(backlog, _new_pile(backlog, following, trials))
        following += 1
        if new.cursor == len(trials):
            continue
        if is_bad(backlog, new.text):
            stuck |= left_in(backlog, new)
        else:
            opened.append(new)
    first = opened[0].number if opened else following
    return replace(
        backlog,
        batches=tuple(batch for batch in backlog.batches if batch.end > first),
        open=tuple(opened),
        next_pile=following,
        stuck=stuck,
    )


def are_all_open(backlog: Backlog) -> bool:
    """Whether no pile is left to open."""
    return _pile_at(backlog, backlog.next_pile) is None


def _pile_at(backlog: Backlog, number: int) -> tuple[BatchTrial, ...] | None:
    for batch in backlog.batches:
        if number < batch.end:
            return batch.piles[number - batch.first]
    return None


def _new_pile(backlog: Backlog, number: int, trials: tuple[BatchTrial, ...]) -> Pile:
    text = trials[0].text
    known = find_known(backlog, text)
    if known is None or not known.is_good:
        return Pile(number, text, trials)
    return Pile(number, text, trials, proved=True, slots=known.slots, seconds=known.seconds)


def is_there(backlog: Backlog, pile: Pile, trial: BatchTrial) -> bool:
    """Whether a trial behind the cursor is still to lease."""
    return trial.id not in backlog.unwanted and trial.rank not in pile.ahead


def left_in(backlog: Backlog, pile: Pile) -> frozenset[str]:
    """The trials of a pile that are still to lease."""
    left = pile.trials[pile.cursor :]
    return frozenset(one.id for one in left if is_there(backlog, pile, one))


def _skip_gone(backlog: Backlog, pile: Pile) -> Pile:
    """Put the cursor behind the trials that it stands at and that are not there to lease."""
    cursor = pile.cursor
    while cursor < len(pile.trials) and not is_there(backlog, pile, pile.trials[cursor]):
        cursor += 1
    return pile if cursor == pile.cursor else replace(pile, cursor=cursor)


def find_open(backlog: Backlog, number: int) -> int | None:
    """Where the pile with this number is in `backlog.open`, None if it is not."""
    for index, pile in enumerate(backlog.open):
        if pile.number == number:
            return index
    return None


def set_pile(backlog: Backlog, index: int, pile: Pile) -> Backlog:
    """Put `pile` in place `index`."""
    others = backlog.open
    return replace(backlog, open=(*others[:index], pile, *others[index + 1 :]))


def move_on(backlog: Backlog, index: int, pile: Pile) -> Backlog:
    """Put `pile` in place `index`, or close it where none of its trials is left."""
    pile = _skip_gone(backlog, pile)
    if pile.cursor < len(pile.trials):
        return set_pile(backlog, index, pile)
    if pile.proved:
        backlog = learn(backlog, KnownText(pile.text, True, pile.slots, pile.seconds))
    return close_pile(backlog, index)


def close_pile(backlog: Backlog, index: int) -> Backlog:
    """Take a pile out, and open the next."""
    others = backlog.open
    return open_piles(replace(backlog, open=(*others[:index], *others[index + 1 :])))


# ------------------------------------------------------------------ what texts are
def find_known(backlog: Backlog, text: str) -> KnownText | None:
    """What earlier trials have shown of a text, None where that is nothing or was forgotten."""
    return next((known for known in backlog.known if known.text == text), None)


def is_bad(backlog: Backlog, text: str) -> bool:
    """Whether a text was shown to be bad."""
    known = find_known(backlog, text)
    return known is not None and not known.is_good


def learn(backlog: Backlog, new: KnownText) -> Backlog:
    """Remember what was shown of a text."""
    others = (known for known in backlog.known if known.text != new.text)
    return replace(backlog, known=(*others, new)[-MAX_KNOWN:])


def find_doubt(backlog: Backlog, text: str) -> Doubt | None:
    """What speaks against a text, None where nothing does."""
    return next((doubt for doubt in backlog.doubts if doubt.text == text), None)


def without_doubt(backlog: Backlog, text: str) -> tuple[Doubt, ...]:
    """The doubts about other texts."""
    return tuple(doubt for doubt in backlog.doubts if doubt.text != text)


def cleared(attempt: Attempt, text: str) -> Attempt:
    """The attempt, no longer a probe if it is of this text, which is good."""
    if attempt.why is not Why.PROBE or attempt.trial.text != text:
        return attempt
    return replace(attempt, why=Why.WAS_PROBE if attempt.is_first else Why.AGAIN)


def prove(backlog: Backlog, text: str, slots: int | None) -> Backlog:
    """A trial of this text was built: none of those that wait is a probe any more.

    slots: how many trials of the text a worker runs side by side, None if it is not known.
    """

    def proved(pile: Pile) -> Pile:
        if pile.text != text:
            return pile
        return replace(pile, proved=True, slots=slots or pile.slots)

    backlog = learn(backlog, KnownText(text, True, slots or 1))
    return replace(
        backlog,
        open=tuple(map(proved, backlog.open)),
        waiting=tuple(cleared(one, text) for one in backlog.waiting),
        doubts=without_doubt(backlog, text),
    )


def refute(backlog: Backlog, text: str, message: str) -> Backlog:
    """A probe of this text could not be built, for what the user wrote."""
    known = find_doubt(backlog, text)
    new = replace(known, failed=known.failed + 1) if known else Doubt(text, message)
    doubts = (*without_doubt(backlog, text), new)
    # In batches a doubt may stay to the end: it is kept for what it says alone.
    return replace(backlog, doubts=doubts[-MAX_KNOWN:] if backlog.in_batches else doubts)


def note_seconds(backlog: Backlog, text: str, seconds: float) -> Backlog:
    """A trial of this text took so long, with a worker's slots full."""
    for index, pile in enumerate(backlog.open):
        if pile.text == text:
            mean = average(pile.seconds, max(0.0, seconds) / pile.slots)
            backlog = set_pile(backlog, index, replace(pile, seconds=mean))
    return backlog
