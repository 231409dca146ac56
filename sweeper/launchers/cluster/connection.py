"""How a driver connects to Ray, quietly, with or without a token; and how it knows a lost one."""

from __future__ import annotations

import logging
import os
import secrets
import socket
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from sweeper.host.patches import quiet_ray, ray_settings
from sweeper.records.errors import ClusterError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

# Ray reads these as it is imported or starts; they are put back afterwards.
_QUIET = {
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "1",
    "RAY_ENABLE_UV_RUN_RUNTIME_ENV": "0",
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_USAGE_STATS_PROMPT_ENABLED": "0",
    # Workers of ours start with variables of their own: Ray's spare ones would never be used.
    "RAY_prestart_worker_first_driver": "0",
}
# Ray's own processes end at a warning that is an error, and need the docstrings that -OO removes:
# its start would time out.
_OF_PYTHON = {"PYTHONWARNINGS": "", "PYTHONOPTIMIZE": "1"}
# Ray ends the process without a word once its head was away for 60 s: be earlier.
LOST_S = 30.0
_LOOK_S = 5.0
_ANSWER_S = 2.0


@contextmanager
def environment(more: Mapping[str, str] | None = None) -> Iterator[None]:
    """What Ray finds in os.environ while it starts or connects; more: beside our own."""
    fit = {name: value for name, value in _OF_PYTHON.items() if os.environ.get(name)}
    ours = {**_QUIET, **fit, **(more or {})}
    before = {name: os.environ.get(name) for name in ours}
    os.environ.update(ours)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def connect(**options: Any) -> None:
    """ray.init with `options`, printing nothing."""
    import ray

    quiet_ray.install()
    # Ray's processes end with the thread that started them, so this is the main thread's:
    # another one would have to live as long as the sweep.
    ray.init(log_to_driver=False, logging_level=logging.ERROR, **options)


class Link:
    """Tells a head that is gone from one that is slow. Every look but one each 5 s is free."""

    def __init__(self, address: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._address = address
        self._clock = clock
        self._next = clock() + _LOOK_S
        self._gone_since: float | None = None

    def check(self) -> None:
        """Raise ClusterError once the head's port has been shut for `LOST_S`."""
        now = self._clock()
        if now < self._next:
            return
        self._next = now + _LOOK_S
        try:
            knock(self._address, _ANSWER_S)
        except OSError as error:
            self._gone_since = now if self._gone_since is None else self._gone_since
            if now - self._gone_since >= LOST_S:
                raise ClusterError(
                    f"the Ray cluster at {self._address} is lost: its head has not answered for"
                    f" {now - self._gone_since:.0f} s ({error}). What was recorded is kept: `sweep"
                    " resume` goes on once there is a cluster again."
                ) from error
        else:
            self._gone_since = None


def head_address() -> str:
    """host:port of the cluster that this process is connected to."""
    import ray

    return str(ray.get_runtime_context().gcs_address)


def knock(address: str, timeout_s: float) -> None:
    """Open and close a connection to host:port. Raises OSError."""
    host, _, port = address.rpartition(":")
    socket.create_connection((host.strip("[]"), int(port)), timeout=timeout_s).close()


def use_new_token() -> None:
    """Let nobody else on this host speak to the cluster. Ray keeps the first token it reads."""
    use_mode("token")
    os.environ.setdefault("RAY_AUTH_TOKEN", secrets.token_hex(32))


def use_given_token(environ: Mapping[str, str]) -> None:
    """Say outright whether there is a token: what Ray does by itself depends on the address."""
    has_token = any(environ.get(name) for name in ("RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH"))
    use_mode(environ.get("RAY_AUTH_MODE") or ("token" if has_token else "disabled"))


def use_mode(mode: str) -> None:
    """Set RAY_AUTH_MODE for this process's life."""
    if os.environ.get("RAY_AUTH_MODE") == mode:
        return
    os.environ["RAY_AUTH_MODE"] = mode
    ray_settings.read_again()
