"""Which trials a lease may hold together, and how many of them run as one program."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass

from sweeper import spec as specs
from sweeper.records import ExperimentText, SweepSpec, Trial

# On a CPU the smallest pack has four slots, and a group is split among two of a host's cores at
# least: fewer trials are as fast one by one.
SMALLEST_GROUP = 8
# A GPU waits for launches: it gains by any pack.
SMALLEST_GROUP_ON_GPU = 4


@dataclass(frozen=True, slots=True)
class Group:
    """A trial's group.

    pack: how many of it run as one program; None leaves it to the engine.
    size: how many trials of its batch can be one program with it, itself counted; 1 where none is.
    """

    key: Hashable
    pack: int | None
    size: int

    @property
    def fills(self) -> bool:
        """Whether its leases should fill a worker's slots."""
        return self.pack != 1


def groups_of(
    header: SweepSpec, trials: Sequence[Trial], texts: Mapping[str, ExperimentText]
) -> dict[str, Group]:
    """Trial id to its group. trials: all of a batch, finished ones too.

    It follows from the batch alone, as that does from the spec: a trial runs in a pack of the same
    width in whatever order the trials are leased, and after a resume.
    """
    used = {trial.text_id: texts[trial.text_id] for trial in trials}
    keys = specs.program_groups(trials, used)
    sizes = Counter(keys)
    return {
        trial.id: _group(header, trial, key, sizes[key])
        for trial, key in zip(trials, keys, strict=True)
    }


def _group(header: SweepSpec, trial: Trial, key: Hashable, size: int) -> Group:
    resources = header.resources
    on_gpu = resources.gpus > 0 and resources.device != "cpu"
    least = SMALLEST_GROUP_ON_GPU if on_gpu else SMALLEST_GROUP
    if size >= least or header.pack not in (None, 1):
        return Group(key, header.pack, size)
    # Trials that run one by one anyway share leases: a sweep over an integer would else make a
    # lease a trial.
    return Group(trial.text_id, 1, 1)
