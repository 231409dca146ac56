"""Which trials a lease may hold together, and how many of them run as one program."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass

from sweeper import spec as specs
from sweeper.records import ExperimentText, SweepSpec, Trial

# A pack computes all of its slots, filled or not: five trials would leave three of eight empty,
# and one by one they are as fast.
SMALLEST_GROUP = 6


@dataclass(frozen=True, slots=True)
class Group:
    """A trial's group. pack: how many of it run as one program; None leaves it to the engine."""

    key: Hashable
    pack: int | None

    @property
    def fills(self) -> bool:
        """Whether its leases should fill a worker's slots."""
        return self.pack != 1


def groups_of(
    header: SweepSpec, trials: Sequence[Trial], texts: Mapping[str, ExperimentText]
) -> dict[str, Group]:
    """Trial id to its group. trials: all of the sweep's, finished ones too.

    It follows from the spec alone: a trial runs in a pack of the same width in whatever order the
    trials are leased, and after a resume.
    """
    keys = specs.program_groups(trials, texts)
    sizes = Counter(keys)
    return {
        trial.id: Group(key, _pack(header, sizes[key]))
        for trial, key in zip(trials, keys, strict=True)
    }


def _pack(header: SweepSpec, size: int) -> int | None:
    if header.pack is not None:
        return header.pack
    return None if size >= SMALLEST_GROUP else 1
