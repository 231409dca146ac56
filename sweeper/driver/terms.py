"""How a driver is to run: what its caller wants, and what the place where it stands asks for."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sweeper.host import variables
from sweeper.launchers.cluster import joined
from sweeper.launchers.cluster.joined import JoinedCluster
from sweeper.launchers.cluster.private import PrivateCluster
from sweeper.runs import parts

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sweeper.driver.progress import Progress
    from sweeper.launchers.base import Cluster
    from sweeper.records import SweepSpec
    from sweeper.runs.parts import Part
    from sweeper.spec import Source

RUNNER = "sweeper.workers.runner:Runner"


def _tell_nobody(_: Progress) -> None:
    pass


@dataclass(frozen=True, slots=True)
class Terms:
    """How a driver runs.

    on_progress: is told a few times a second.    workers: None takes the spec's.
    code_changed_ok: go on although modules beside the spec are not those that the run began with.
    placed: a queue or an operator put it where it is, maybe in place of one that died, and its
    store is for other hosts to read.    part: its share of the trials, None for all.
    results: URL of a folder for the run's snapshot, "" for none.
    cluster: None joins that of RAY_ADDRESS, or starts a private one on this host.
    source: of trials that come later; None takes the spec's.
    runner_factory: of what runs trials in a worker.
    """

    on_progress: Callable[[Progress], None] = _tell_nobody
    workers: int | None = None
    code_changed_ok: bool = False
    placed: bool = False
    part: Part | None = None
    results: str = ""
    cluster: Cluster | None = None
    source: Source | None = None
    runner_factory: str = RUNNER

    @property
    def published(self) -> bool | None:
        """Whether the store is held alone and published; None looks at the disk."""
        return True if self.placed or self.results else None


def terms_of(
    environ: Mapping[str, str], *, here: bool = False, part: str | None = None, **rest: Any
) -> Terms:
    """The terms that this process was started under. here, part: of the options so named.

    rest: further fields of `Terms`.    Raises InputError.
    """
    return Terms(
        placed=here or environ.get(variables.PLACED) == "1",
        part=parts.parse(part) if part else None,
        results=environ.get(variables.RESULTS, ""),
        **rest,
    )


def cluster_for(terms: Terms, header: SweepSpec, trials: int) -> Cluster:
    """The cluster that the terms or RAY_ADDRESS name, else a private one. Raises InputError."""
    if terms.cluster is not None:
        return terms.cluster
    kind = JoinedCluster if joined.given_in(os.environ) else PrivateCluster
    return kind(header.resources, wanted=terms.workers or header.workers, trials=trials)
