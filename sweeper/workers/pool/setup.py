"""What the workers of a sweep share, and what each gets of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sweeper.records import Resources, RunnerSetup
from sweeper.runs.folder import RunFolder, worker_log
from sweeper.workers.actor import WorkerSetup


@dataclass(frozen=True, slots=True)
class PoolSetup:
    """What all workers share.

    cores: cores to divide among the workers; empty where each finds its own on its host, in the
    folder above scratch.
    scratch: a short folder on the workers' own disk.    environ: the driver's environment.
    runner_factory: "module:callable".    logs: folder of the workers' logs, "" for the run's.
    """

    runner: RunnerSetup
    resources: Resources
    cores: tuple[int, ...]
    scratch: str
    environ: Mapping[str, str]
    runner_factory: str
    logs: str = ""

    def of_worker(self, worker: int) -> WorkerSetup:
        """What its worker of this number needs to start."""
        logs = Path(self.logs) if self.logs else RunFolder(Path(self.runner.run_dir)).logs
        return WorkerSetup(
            number=worker,
            runner=self.runner,
            resources=self.resources,
            cores=cores_of(worker, cpus=self.resources.cpus, cores=self.cores),
            log=str(worker_log(logs, worker)),
            scratch=f"{self.scratch}/pytensor-{worker}",
            runner_factory=self.runner_factory,
            finds_cores=not self.cores,
        )


def cores_of(worker: int, *, cpus: int, cores: tuple[int, ...]) -> tuple[int, ...]:
    """The slice of `cores` for a worker; it wraps round where workers outnumber cores.

    Empty (no pinning) where there are fewer cores than one worker needs.
    """
    places = len(cores) // cpus
    if places == 0:
        return ()
    first = (worker % places) * cpus
    return cores[first : first + cpus]
