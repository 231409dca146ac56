"""Whether a worker sees just the GPUs that it was given."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sweeper.host.gpus import VISIBLE
from sweeper.records.errors import ClusterError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sweeper.records import Resources


def check_visible(given: Sequence[str], environ: Mapping[str, str]) -> None:
    """Raise ClusterError unless CUDA_VISIBLE_DEVICES names just the GPUs that were given."""
    value = environ.get(VISIBLE)
    visible = [] if value is None else [part.strip() for part in value.split(",") if part.strip()]
    if not given and value is None:
        return
    if visible != list(given):
        shown = "unset" if value is None else f"{value!r}"
        raise ClusterError(
            f"{VISIBLE} is {shown}, but this worker was given the GPUs"
            f" [{', '.join(given)}]. Something overrides it between the cluster and the worker:"
            " look for it in the shell's start-up files and in the cluster's settings."
        )


def check_platforms(platforms: Sequence[str], given: Sequence[str], resources: Resources) -> None:
    """Raise ClusterError unless JAX sees just as many GPUs as were given.

    platforms: of each of JAX's devices, "cpu" or "gpu".
    """
    found = sum(platform != "cpu" for platform in platforms)
    wanted = 0 if resources.device == "cpu" else len(given)
    if found == wanted:
        return
    if found == 0:
        raise ClusterError(
            f"this worker was given the GPUs [{', '.join(given)}], but JAX sees none."
            " Install JAX with CUDA (pip install '.[cuda13]'), or write `device: cpu` under"
            " `resources` in the spec's header."
        )
    raise ClusterError(
        f"this worker was given {wanted} GPUs, but JAX sees {found}. Look for {VISIBLE} and"
        " JAX_PLATFORMS in the shell's start-up files and in the cluster's settings."
    )


def jax_platforms() -> tuple[str, ...]:
    """The platform of each device that JAX sees. Imports JAX and starts it."""
    import jax

    return tuple(device.platform for device in jax.devices())
