"""`kind: local`: this machine, or the part of it that a cluster file leaves to the sweep."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from sweeper.host import cores, gpus, variables
from sweeper.launchers import data

if TYPE_CHECKING:
    from collections.abc import MutableMapping

    from sweeper.launchers.local.config import LocalConfig


def confine(
    config: LocalConfig, environ: MutableMapping[str, str] | None = None, *, fetch: bool = True
) -> None:
    """Leave this process, and what it starts, no more than the file says. Raises InputError.

    environ: that of this process where it is not given.
    fetch: whether data at a URL is brought here; False where nothing is to run.
    """
    environ = os.environ if environ is None else environ
    if config.cpus is not None:
        cores.confine(config.cpus)
    if config.gpus is not None:
        gpus.confine(config.gpus, environ)
    if config.data and (fetch or not data.is_url(config.data)):
        found = data.fetch(config.data) if data.is_url(config.data) else config.data
        environ[variables.DATA_PATH] = str(found)
