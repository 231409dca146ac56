"""What a source of trials may know of those that it proposed before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sweeper.records.plain import Value
from sweeper.records.states import TrialState


@dataclass(frozen=True, slots=True)
class PastTrial:
    """A trial that came to its end.

    values: as in `Trial`.    state: FINISHED, STOPPED or FAILED.
    objective: (phase, epoch, value) of each of its rows that has the objective, in order; it is
    that of its history, where an attempt went on from an earlier one. None of a trial that failed.
    """

    values: Mapping[str, Value]
    state: TrialState
    objective: tuple[tuple[int, int, float], ...]


@dataclass(frozen=True, slots=True)
class History:
    """What a batch may follow from: the same in whatever order the trials ran.

    ended: trials of the batches that are looked at, by ordinal, without those that were cancelled.
    pending: values of the trials of later batches, by ordinal, whether they have ended or not.
    left_out: values of those of the batches that are looked at which were cancelled, by ordinal:
    they say nothing, and are not to be proposed again.
    """

    ended: tuple[PastTrial, ...] = ()
    pending: tuple[Mapping[str, Value], ...] = ()
    left_out: tuple[Mapping[str, Value], ...] = ()
