"""What became of the trials, as far as their source may know it."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sweeper.records import History, PastTrial, TrialChanged, TrialState

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from sweeper.records import Change, Objective, Row, Trial, Value

_FLOAT64 = struct.Struct("=d")
_GOOD = (TrialState.FINISHED, TrialState.STOPPED)
_TOLD = (*_GOOD, TrialState.FAILED)


@dataclass(slots=True)
class _Seen:
    """A trial, as far as it has come.

    attempt: the newest one of which a row came.    points: (phase, epoch) to the objective.
    told: the same, as a source is told of it; None while it was not, or is not true any more.
    """

    batch: int
    values: Mapping[str, Value]
    state: TrialState
    attempt: int = 0
    points: dict[tuple[int, int], float] = field(default_factory=dict)
    told: PastTrial | None = None

    def tell(self) -> PastTrial:
        """The trial, as a source is told of it; made once. One without a good end has failed."""
        if self.told is None:
            is_good = self.state in _GOOD
            points = sorted(self.points.items()) if is_good else ()
            self.told = PastTrial(
                self.values,
                self.state if is_good else TrialState.FAILED,
                tuple((*at, value) for at, value in points),
            )
        return self.told


class Past:
    """The trials of all batches, with the objective at each of their rows."""

    def __init__(self, objective: Objective | None) -> None:
        self._channel = objective.channel if objective is not None else None
        self._seen: dict[str, _Seen] = {}  # by ordinal
        self._left: dict[int, set[str]] = {}
        self._places: dict[tuple[str, ...], int | None] = {}

    def add(self, batch: int, trials: Iterable[tuple[Trial, TrialState]]) -> None:
        """Trials of a batch are there, in the order of their ordinals, in these states."""
        left = self._left.setdefault(batch, set())
        for trial, state in trials:
            self._seen[trial.id] = _Seen(batch, trial.values, state)
            if not state.is_final:
                left.add(trial.id)

    def see(self, row: Row) -> None:
        """Look at one row of a trial that is there."""
        seen = self._seen[row.trial]
        if row.attempt < seen.attempt:
            return
        seen.told = None
        at = row.phase, row.epoch
        if row.attempt > seen.attempt:
            # It went on from before its first row: what an earlier attempt said from there is over.
            seen.points = {place: value for place, value in seen.points.items() if place < at}
            seen.attempt = row.attempt
        place = self._place(row)
        if place is not None:
            (seen.points[at],) = _FLOAT64.unpack_from(row.data, place)

    def _place(self, row: Row) -> int | None:
        """Where the objective lies in the data of rows of this shape, None where it does not."""
        channels = row.channels
        if channels not in self._places:
            is_there = self._channel is not None and self._channel in channels
            place = _FLOAT64.size * channels.index(self._channel or "") if is_there else None
            self._places[channels] = place
        return self._places[channels]

    def see_change(self, change: Change) -> None:
        """Look at what is kept of a trial."""
        if isinstance(change, TrialChanged) and change.state.is_final:
            seen = self._seen[change.trial]
            seen.state, seen.told = change.state, None
            self._left[seen.batch].discard(change.trial)

    def is_over(self, batch: int, stuck: Collection[str]) -> bool:
        """Whether every trial of this batch and of those before it came to its end.

        stuck: trials that will come to none, because their text can't be built.
        """
        left = (trials for number, trials in self._left.items() if number <= batch)
        return all(trial in stuck for trials in left for trial in trials)

    def history(self, until: int, stuck: Collection[str] = ()) -> History:
        """What a source may know that looks at the results of batches 0 .. `until`.

        stuck: trials that will come to no end: they have failed.
        """
        ended = (
            one
            for name, one in self._seen.items()
            if one.batch <= until and (one.state in _TOLD or name in stuck)
        )
        return History(
            ended=tuple(one.tell() for one in ended),
            pending=tuple(one.values for one in self._seen.values() if one.batch > until),
            left_out=tuple(
                one.values
                for one in self._seen.values()
                if one.batch <= until and one.state is TrialState.CANCELLED
            ),
        )
