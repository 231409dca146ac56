"""The pool of a driver's workers: what all trials share."""

from __future__ import annotations

import os
from glob import escape
from typing import TYPE_CHECKING

from sweeper.host import variables
from sweeper.launchers.remote.unpacked import as_workers_find_it
from sweeper.records import RunnerSetup

if TYPE_CHECKING:
    from sweeper.driver.claim import Claim
    from sweeper.driver.remaining import Remaining
    from sweeper.driver.roster import Roster
    from sweeper.launchers.base import Cluster
    from sweeper.records import SweepSpec
    from sweeper.workers.pool import Pool


def pool_of(claim: Claim, cluster: Cluster, roster: Roster, runner_factory: str) -> Pool:
    """A pool on a cluster that was entered, for the trials of the roster."""
    from sweeper.workers.pool import Pool, PoolSetup

    remaining = claim.remaining
    setup = PoolSetup(
        runner=_runner_setup(remaining),
        resources=remaining.header.resources,
        cores=cluster.cores,
        scratch=cluster.scratch,
        environ=os.environ,
        runner_factory=runner_factory,
        logs=str(claim.folder.logs),
    )
    return Pool(setup, task_of=roster.task_of, texts=roster.texts)


def _runner_setup(remaining: Remaining) -> RunnerSetup:
    header = remaining.header
    return RunnerSetup(
        run_dir=str(remaining.run_dir),
        spec_path=as_workers_find_it(remaining.spec_path, os.environ),
        channels=_channels(header),
        modules=header.modules,
        floatX=header.floatX,
        precision=header.precision,
        checkpoint=header.checkpoint,
        results=os.environ.get(variables.RESULTS, ""),
        memory=header.limit.memory,
        stop=header.stop,
    )


def _channels(header: SweepSpec) -> tuple[str, ...]:
    """Globs of the channels to record; what the sweep decides by is always among them."""
    needed = (header.objective.channel,) if header.objective else ()
    return (*header.channels, *map(escape, dict.fromkeys((*needed, *header.stop.channels))))
