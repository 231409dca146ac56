"""A Ray cluster that is there already, at RAY_ADDRESS: joined, and left as it was."""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from sweeper.host.variables import AUTOSCALING, SCRATCH
from sweeper.launchers.cluster import connection
from sweeper.launchers.fit import check_device, share_gpus
from sweeper.records.errors import ClusterError, InputError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import TracebackType

    from sweeper.records import Resources

ADDRESS = "RAY_ADDRESS"
# How long the head may take until its port is open.
REACH_S = 15.0

# Its port is open then: more than one try would only repeat Ray's warning.
_ONE_TRY = {"RAY_gcs_server_port_wait_time_s": "1"}


@dataclass(frozen=True, slots=True)
class Node:
    """A node of the cluster, and what it lends to Ray."""

    name: str
    cpus: int
    gpus: int


class JoinedCluster:
    """See `base.Cluster`. `workers` is known once it is entered; `cores` is empty.

    Workers find free cores by themselves: what a host has is known there alone.
    """

    def __init__(
        self,
        resources: Resources,
        *,
        wanted: int | None,
        trials: int,
        environ: Mapping[str, str] | None = None,
    ) -> None:
        """Raise InputError where RAY_ADDRESS is none that can be joined."""
        self._environ = os.environ if environ is None else environ
        self._address = address_in(self._environ)
        check_device(resources)
        self._resources = resources
        self._wanted = wanted
        self._trials = trials
        self._link = connection.Link(self._address)
        self.workers = 0
        self.cores: tuple[int, ...] = ()
        # A folder of this driver's own: two sweeps on one cluster have a worker 0 each.
        self.scratch = f"{scratch_root(self._environ)}/{secrets.token_hex(4)}"

    def __enter__(self) -> Self:
        _reach(self._address, REACH_S)
        connection.use_given_token(self._environ)
        try:
            with connection.environment(_ONE_TRY):
                connection.connect(address=self._address)
        except Exception as error:
            raise ClusterError(_refusal(self._address, error)) from error
        try:
            self.workers = count_on_nodes(
                self._resources,
                _nodes(),
                wanted=self._wanted,
                trials=self._trials,
                grows=self._environ.get(AUTOSCALING) == "1",
            )
        except BaseException:
            self._leave()
            raise
        return self

    def check(self) -> None:
        """See `base.Cluster`."""
        self._link.check()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._leave()

    def _leave(self) -> None:
        import ray

        ray.shutdown()
        # This host's; workers of the next sweep remove what is left on others (left_overs.enter).
        shutil.rmtree(self.scratch, ignore_errors=True)


# ------------------------------------------------------------------ where it is
def given_in(environ: Mapping[str, str]) -> str:
    """RAY_ADDRESS, "" where there is none: `local` is Ray's word for a new cluster."""
    address = environ.get(ADDRESS, "")
    return "" if address == "local" else address


def address_in(environ: Mapping[str, str]) -> str:
    """RAY_ADDRESS as host:port. Raises InputError where it is something else."""
    address = environ.get(ADDRESS, "")
    if address == "auto":
        what = "is whatever cluster Ray finds on this host, maybe another user's"
    elif address.startswith("ray://"):
        what = "is the Ray Client's, and a sweep would end with that connection"
    elif address.startswith(("http://", "https://")):
        what = f"is the Jobs API's: unset {ADDRESS} and launch with `--on {address}`"
    else:
        host, _, port = address.rpartition(":")
        if host and port.isdecimal():
            return address
        what = "has no host and port"
    raise InputError(
        f"{ADDRESS}: {address!r} {what}. To run on a cluster from one of its machines, give its"
        f" head's host:port, as in 10.0.0.1:6379; without {ADDRESS} the sweep runs on this machine."
    )


def scratch_root(environ: Mapping[str, str]) -> str:
    """Folder for temporary files on each node: the user's own, short, one a cluster."""
    given = environ.get(SCRATCH)
    if given:
        return given.rstrip("/")
    name = hashlib.sha256(environ.get(ADDRESS, "").encode()).hexdigest()[:8]
    return f"/tmp/swp-{os.getuid()}-{name}"


def _reach(address: str, timeout_s: float) -> None:
    """Return once the head's port is open; Ray would try for minutes. Raises ClusterError."""
    end = time.monotonic() + timeout_s
    while True:
        try:
            connection.knock(address, timeout_s)
        except OSError as error:
            if time.monotonic() < end:
                time.sleep(0.5)
                continue
            raise ClusterError(
                f"{ADDRESS}: nothing answers at {address} within {timeout_s:.0f} s ({error}). Look"
                " whether the head runs (`ray status` there), whether this is its address, and"
                f" whether a firewall lets this machine reach it; without {ADDRESS} the sweep runs"
                " on this machine."
            ) from error
        return


def _refusal(address: str, error: Exception) -> str:
    """What to tell of a cluster that answers but can't be joined."""
    reason = f"{error} {error.__cause__ or ''}"
    if "nauthenticated" in reason or "uthToken" in reason:
        return (
            f"the Ray cluster at {address} refuses this token: RAY_AUTH_MODE is"
            f" {os.environ.get('RAY_AUTH_MODE')!r} here. Set RAY_AUTH_MODE and RAY_AUTH_TOKEN_PATH"
            " as they were when its head was started."
        )
    last = [line.strip() for line in reason.splitlines() if line.strip()][-1]
    return (
        f"the Ray cluster at {address} can't be joined: {last.rstrip('.')}. This machine has to be"
        " one of its nodes (`ray start --address=...`), with the same versions of Ray and Python."
    )


# ------------------------------------------------------------------ what it has
def _nodes() -> list[Node]:
    import ray

    return [
        Node(
            name=node["NodeManagerHostname"],
            cpus=int(node["Resources"].get("CPU", 0)),
            gpus=int(node["Resources"].get("GPU", 0)),
        )
        for node in ray.nodes()
        if node["Alive"]
    ]


def count_on_nodes(
    resources: Resources, nodes: Sequence[Node], *, wanted: int | None, trials: int, grows: bool
) -> int:
    """How many workers to start: as many as fit on the nodes and have something to do, or `wanted`.

    grows: the cluster starts nodes for workers that wait: `wanted` may be more than fit now.
    Raises InputError where no worker fits, or fewer than `wanted` do.
    """
    possible = sum(_fit(resources, node) for node in nodes)
    asked = possible if wanted is None else wanted
    if asked > possible and not grows:
        fit = "fits" if possible == 1 else "fit"
        raise InputError(
            f"workers: {asked} were asked for, but {possible} {fit} on this cluster: each takes"
            f" {_each(resources)}, of {_all(nodes)}. Ask for fewer workers, or give each less under"
            " `resources` in the spec's header."
        )
    if not possible and not grows:
        raise InputError(
            f"sweep.resources: a worker takes {_each(resources)}, and no node of this cluster has"
            f" that: {_all(nodes)}. Ask for less under `resources` in the spec's header."
        )
    return max(1, min(trials, asked))


def _fit(resources: Resources, node: Node) -> int:
    """Workers that fit on a node: GPUs first, then cores."""
    by_cores = node.cpus // resources.cpus
    if not resources.gpus:
        return by_cores
    return min(by_cores, share_gpus(resources.gpus, node.gpus))


def _each(resources: Resources) -> str:
    cores = _number(resources.cpus, "core")
    if not resources.gpus:
        return cores
    return f"{cores} and {resources.gpus:g} GPU{'s' * (resources.gpus > 1)}"


def _all(nodes: Sequence[Node]) -> str:
    each = (
        f"{node.name} with {_number(node.cpus, 'core')} and {_number(node.gpus, 'GPU')}"
        for node in nodes
    )
    return "; ".join(each) or "it has no node"


def _number(number: int, what: str) -> str:
    return f"{number} {what}{'s' * (number != 1)}"
