"""`kind: local`: this machine, or the part of it that a cluster file leaves to the sweep."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from sweeper.launchers import data
from sweeper.launchers.local import own_cores

if TYPE_CHECKING:
    from collections.abc import MutableMapping

    from sweeper.launchers.local_config import LocalConfig


def confine(
    config: LocalConfig, environ: MutableMapping[str, str] | None = None, *, fetch: bool = True
) -> None:
    """Leave this process, and what it starts, no more than the file says. Raises InputError.

    environ: that of this process where it is not given.
    fetch: whether data at a URL is brought here; False where nothing is to run.
    """
    environ = os.environ if environ is None else environ
    if config.cpus is not None and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, own_cores()[: config.cpus])
    if config.gpus is not None:
        _confine_gpus(config.gpus, environ)
    if config.data and (fetch or not data.is_url(config.data)):
        found = data.fetch(config.data) if data.is_url(config.data) else config.data
        environ[data.VARIABLE] = str(found)


def _confine_gpus(most: int, environ: MutableMapping[str, str]) -> None:
    if environ.get("SWEEP_LOGICAL_GPUS") == "1":
        environ["SWEEP_NUM_GPUS"] = str(min(most, int(environ.get("SWEEP_NUM_GPUS", "1"))))
        return
    visible = environ.get("CUDA_VISIBLE_DEVICES")
    # Numbers above those that are there make CUDA see none at all.
    names = visible.split(",") if visible is not None else _numbers()
    environ["CUDA_VISIBLE_DEVICES"] = ",".join(names[:most])


def _numbers() -> list[str]:
    from sweeper.launchers.local import count_gpus, list_gpus

    return [str(number) for number in range(count_gpus({}, list_gpus()))]
