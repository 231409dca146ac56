"""What a worker needs to start."""

from __future__ import annotations

from dataclasses import dataclass

from sweeper.records import Resources, RunnerSetup


@dataclass(frozen=True, slots=True)
class WorkerSetup:
    """What a worker needs to start.

    cores: the cores to pin to, empty for no pinning.
    log: its log file.    scratch: folder for compiled code, this worker's alone.
    runner_factory: "module:callable"; called with (runner, number) after the imports.
    finds_cores: it claims cores on its host by itself; scratch is two folders below one that all
    workers of this user share there.
    """

    number: int
    runner: RunnerSetup
    resources: Resources
    cores: tuple[int, ...]
    log: str
    scratch: str
    runner_factory: str
    finds_cores: bool = False
