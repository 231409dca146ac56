"""Where a run's driver was put."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Placed:
    """Where a run's driver was put.

    kind: of the launcher ("local", "slurm", ...).
    job: its name there (a SLURM job's number, a Jobs API id, a process id): letters, digits and
        `._:-`, for it goes to other programs.
    address: of what is asked about it (a Jobs API URL, a namespace).
    remote_dir: the run's folder there, "" where it is the one here.
    cluster_file: text of the clusters/*.yaml as it was.
    started: when it was put there.    facts: what else a backend has to remember.
    is_own: this user put it there. Of any other run only kind, job, started and the number of its
        parts are known, and nothing is asked of where it is.
    """

    kind: str
    job: str
    address: str = ""
    remote_dir: str = ""
    cluster_file: str = ""
    started: float = 0.0
    facts: Mapping[str, str] = field(default_factory=dict)
    is_own: bool = True
