"""Whose doing a worker's death was, and how it is told, by what Ray says of it."""

from __future__ import annotations

import re

import ray
from ray.exceptions import ActorDiedError, OutOfMemoryError, RayTaskError

from sweeper.records.errors import ClusterError, SweepError
from sweeper.records.text import told
from sweeper.workers.actor.trials import WorkerFaultError

_ENDED = re.compile(r"pid=(\d+), actual memory used=([\d.]+)GB")
# What Ray says where it was the worker's node that ended, or the driver's.
_LOST_NODE = ("node has died", "node has crashed")


def is_charged(error: ActorDiedError) -> bool:
    """Whether a worker's death may be its trials' doing: not if its node went with it."""
    return not (error.preempted or any(text in str(error) for text in _LOST_NODE))


def is_hungriest(pid: int, said: str) -> bool:
    """Whether a process that Ray ended for want of memory had about as much as any that it ended.

    Ray ends several at once, by how long they have run: those with little are ended for others'
    sake.    said: Ray's report of it.
    """
    taken = {int(one): float(gb) for one, gb in _ENDED.findall(said)}
    return pid not in taken or taken[pid] >= max(taken.values()) / 2


def check_own_node(error: ActorDiedError) -> None:
    """Raise ClusterError if the node that this driver stands on is gone: no worker can follow."""
    if is_charged(error):
        return
    here = ray.get_runtime_context().get_node_id()
    if any(node["NodeID"] == here and not node["Alive"] for node in ray.nodes()):
        raise ClusterError(
            "the Ray node of this driver's own host has crashed: its raylet ended, maybe for want"
            " of memory. What was recorded is kept: `sweep resume` goes on with a new one."
        ) from error


def last_words(worker: int, error: ActorDiedError) -> str:
    """What Ray knows of a death, without its ids and its advice, and where to look."""
    if not is_charged(error):
        how = "was taken back" if error.preempted else "is gone"
        return f"worker {worker}'s host {how}, and its process with it."
    lines = (line.strip() for line in str(error).splitlines()[1:] if not line.startswith("\t"))
    said = " ".join(line for line in lines if line)
    detail = said.partition("Worker exit detail: ")[2] or said or "Ray does not know why."
    detail = detail.partition(" Some common causes")[0]
    return (
        f"worker {worker}'s process died: {detail} It may have crashed in native code, or been"
        f" killed for want of memory; the end of logs/worker-{worker}.log may say more."
    )


def memory_words(worker: int, error: OutOfMemoryError) -> str:
    """What to do where Ray ended a process because its host's memory was nearly full."""
    used = re.search(r"was (\S+GB) used / (\S+GB) limit", str(error))
    how_much = f": {used[1]} of {used[2]} were in use" if used else ""
    return (
        f"worker {worker}'s process was ended by Ray for want of memory on its host{how_much}. Ask"
        " for fewer workers (--workers), or for smaller trials."
    )


def cause_of(error: Exception) -> str:
    """The worker's own exception, without Ray's traceback around it."""
    cause = error.cause if isinstance(error, RayTaskError) else error
    if isinstance(cause, SweepError | WorkerFaultError):
        return str(cause)
    return told(cause)
