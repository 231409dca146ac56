"""The Ray actor that holds a runner in a process of its own."""

from sweeper.workers.actor.actor import WorkerActor
from sweeper.workers.actor.setup import WorkerSetup

__all__ = ["WorkerActor", "WorkerSetup"]
