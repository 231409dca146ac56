"""A Ray of our own without the processes that nobody asks anything of: up in half the time.

    python -m sweeper.launchers.lean start --head ...     # as `ray start`

Ray starts an autoscaler, a log monitor and servers for a dashboard and for clients on every head,
and looks for its node once a second. A private cluster, or one in an allocation, neither grows nor
shows a page, and its workers write their own logs. `ray.init` has no option for that, so this leans
on three of its internals; a Ray that has them no longer starts as it always does.
"""

from __future__ import annotations

import functools
import importlib
import inspect
import time
from contextlib import ExitStack, contextmanager, suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

_LOOK_S = 0.02
_PATIENCE_S = 20.0
_ANSWER_S = 5.0


@contextmanager
def lean() -> Iterator[None]:
    """Let what starts Ray in this block start the GCS and the raylet alone."""
    parameter, node, services = map(_module, ("parameter", "node", "services"))
    without = {"no_monitor": True, "include_log_monitor": False, "ray_client_server_port": None}
    with ExitStack() as changed:
        params: Any = getattr(parameter, "RayParams", None)
        if _takes(params, *without):
            _replace(changed, parameter, "RayParams", _with(params, without))
        node_type = getattr(node, "Node", None)
        if _takes(getattr(node_type, "start_api_server", None), "include_dashboard"):
            _replace(changed, node_type, "start_api_server", _start_no_server)
        look_up: Any = getattr(services, "get_node", None)
        if _takes(look_up, "gcs_address", "node_id"):
            _replace(changed, services, "get_node", _soon(look_up))
        yield


def _module(name: str) -> Any:
    """One of Ray's own, None where there is none of this name."""
    with suppress(ImportError):
        return importlib.import_module(f"ray._private.{name}")
    return None


def _replace(changed: ExitStack, owner: Any, name: str, value: object) -> None:
    """Give `owner` another `name`, until `changed` closes."""
    changed.callback(setattr, owner, name, getattr(owner, name))
    setattr(owner, name, value)


def _takes(what: Any, *names: str) -> bool:
    try:
        return set(names) <= inspect.signature(what).parameters.keys()
    except (TypeError, ValueError):  # nothing that can be called, or that tells its arguments
        return False


def _with(params: Callable[..., Any], fixed: Mapping[str, Any]) -> Callable[..., Any]:
    """`params` where these arguments are what they are, whatever the caller says."""

    @functools.wraps(params, updated=())
    def made(*args: Any, **options: Any) -> Any:
        return params(*args, **{**options, **fixed})

    return made


def _start_no_server(node: Any, *_arguments: object, **_options: object) -> None:
    """Stands in for `Node.start_api_server`: where there is no page it has no address."""
    node._webui_url = ""


def _soon(look_up: Callable[..., Any]) -> Callable[..., Any]:
    """Let `services.get_node` be asked when the answer is there: it sleeps a second else."""
    until = time.monotonic() + _PATIENCE_S

    def get_node(gcs_address: str, node_id: str, *others: Any, **options: Any) -> Any:
        with suppress(Exception):  # whoever asks in earnest says what is wrong
            _wait_for(gcs_address, node_id, until)
        return look_up(gcs_address, node_id, *others, **options)

    return get_node


def _wait_for(gcs_address: str, node_id: str, until: float) -> bool:
    """Wait until a node is listed; whether it is."""
    from ray import _raylet

    if time.monotonic() > until:
        return False
    gcs = _raylet.GcsClient(address=gcs_address)  # type: ignore[attr-defined]
    while not any(known.hex() == node_id for known in gcs.get_all_node_info(timeout=_ANSWER_S)):
        if time.monotonic() > until:
            return False
        time.sleep(_LOOK_S)
    return True


def main() -> None:
    """The command `ray`, lean."""
    from ray.scripts import scripts

    with lean():
        scripts.main()


if __name__ == "__main__":
    main()
