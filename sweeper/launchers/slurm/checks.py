"""What can be said against an order before SLURM is asked, and what a refusal of SLURM's means."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sweeper.launchers.base import check_parts
from sweeper.launchers.fit import Room, count_workers
from sweeper.launchers.slurm import queue
from sweeper.records.errors import InputError
from sweeper.runs.placed import TASKS

if TYPE_CHECKING:
    from sweeper.launchers.base import DriverOrder
    from sweeper.launchers.slurm.config import SlurmConfig

_NO_SUCH_PARTITION = "nvalid partition"
_NO_SUCH_NODE = ("node configuration", "processors requested", "Requested nodes", "memory", "gres")


def check(order: DriverOrder, config: SlurmConfig) -> None:
    """Raise InputError where no worker fits, or a rule can't be kept in this form."""
    _check_worker(order, config)
    if config.form == "array":
        check_parts(order.header)


def check_site(order: DriverOrder, config: SlurmConfig) -> None:
    """Ask SLURM, before anything is submitted. Raises InputError for an array that is too large."""
    if config.form != "array":
        return
    tasks, most = tasks_of(order, config), queue.most_tasks()
    if most is not None and tasks > most:
        raise InputError(
            f"{config.path}: an array of {tasks} tasks was asked for, and this site has at most"
            f" {most} (`scontrol show config`, MaxArraySize). Write tasks: {most} or less: each"
            " task drives several trials then."
        )


def tasks_of(order: DriverOrder, config: SlurmConfig) -> int:
    """How many tasks the array has: as it was divided, at first no more than there are trials."""
    if order.before is not None and TASKS in order.before.facts:
        return int(order.before.facts[TASKS])
    return max(1, min(config.tasks, order.trials))


def _check_worker(order: DriverOrder, config: SlurmConfig) -> None:
    """One node of the allocation has to hold a worker: no worker spans two."""
    resources = order.header.resources
    if resources.gpus > config.gpus_per_node:
        raise InputError(
            f"{config.path}: gpus_per_node is {config.gpus_per_node}, but a worker takes"
            f" {resources.gpus:g} GPU{'s' * (resources.gpus > 1)} (`resources` in the spec's"
            " header), and all of them have to be on one node. Ask for more GPUs a node there, or"
            " for fewer a worker."
        )
    cores = config.cpus_per_node
    if cores is None:
        return
    if resources.cpus > cores:
        raise InputError(
            f"{config.path}: cpus_per_node is {cores}, but a worker takes {resources.cpus} cores"
            " (`resources` in the spec's header), and all of them have to be on one node. Ask for"
            " more cores a node there, or for fewer a worker."
        )
    room = Room(cores=tuple(range(cores)), gpus=config.gpus_per_node)
    each = count_workers(resources, room, wanted=None, trials=1 << 30)
    wanted = order.workers or order.header.workers
    nodes = 1 if config.form == "array" else config.nodes
    if wanted is not None and wanted > each * nodes:
        raise InputError(
            f"workers: {wanted} were asked for, but {config.path} has room for {each * nodes}:"
            f" {each} on each of its nodes ({nodes}). Ask for fewer workers, or for more nodes."
        )


def refusal(error: queue.RefusedError, config: SlurmConfig) -> InputError:
    """A refusal of sbatch's with what there is instead."""
    words = str(error)
    said = f"{config.path}: SLURM refused the job: {words}."
    if _NO_SUCH_PARTITION in words:
        return InputError(
            f"{said} The partition here is {config.partition or '(none named)'!r}; there are:"
            f" {queue.partitions() or 'none that sinfo names'}. Write one of them as `partition`."
        )
    if any(sign in words for sign in _NO_SUCH_NODE):
        return InputError(
            f"{said} There are: {queue.nodes() or 'no nodes that sinfo names'}. Ask for what one"
            " of them has (nodes, gpus_per_node, cpus_per_node, memory_per_node, constraint)."
        )
    return InputError(f"{said} `sweep launch --dry-run` prints what was asked for.")
