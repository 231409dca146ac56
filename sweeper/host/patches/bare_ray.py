"""A Ray of our own without the processes that nobody asks anything of: up in half the time.

    python -m sweeper.host.patches.bare_ray start --head ...     # as `ray start`

Ray starts an autoscaler, a log monitor and servers for a dashboard and for clients on every head,
and looks for its node once a second. A private cluster, or one in an allocation, neither grows nor
shows a page, and its workers write their own logs. `ray.init` has no option for that, so this leans
on three of its internals; a Ray that has them no longer starts as it always does.
"""

from __future__ import annotations

import functools
import importlib
import time
from contextlib import ExitStack, contextmanager, suppress
from typing import TYPE_CHECKING, Any

from sweeper.host.patches.looks import leave_alone, takes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

_LOOK_S = 0.02
_PATIENCE_S = 20.0
_ANSWER_S = 5.0


@contextmanager
def installed() -> Iterator[None]:
    """Let what starts Ray in this block start the GCS and the raylet alone."""
    parameter, node, services = map(_module, ("parameter", "node", "services"))
    with ExitStack() as changed:
        _fix_params(changed, parameter)
        _start_no_server(changed, getattr(node, "Node", None))
        _look_often(changed, services)
        yield


def _fix_params(changed: ExitStack, parameter: Any) -> None:
    """The parameters of a node: no autoscaler, no log monitor, no server for clients."""
    without = {"no_monitor": True, "include_log_monitor": False, "ray_client_server_port": None}
    params: Any = getattr(parameter, "RayParams", None)
    if takes(params, *without):
        _replace(changed, parameter, "RayParams", _with(params, without))
    else:
        leave_alone("ray._private.parameter.RayParams", "Ray starts all of its processes")


def _start_no_server(changed: ExitStack, node_type: Any) -> None:
    if takes(getattr(node_type, "start_api_server", None), "include_dashboard"):
        _replace(changed, node_type, "start_api_server", _no_server)
    else:
        leave_alone(
            "ray._private.node.Node.start_api_server", "Ray starts the server of its dashboard"
        )


def _look_often(changed: ExitStack, services: Any) -> None:
    look_up: Any = getattr(services, "get_node", None)
    if takes(look_up, "gcs_address", "node_id"):
        _replace(changed, services, "get_node", _soon(look_up))
    else:
        leave_alone("ray._private.services.get_node", "Ray takes a second more to start")


def _module(name: str) -> Any:
    """One of Ray's own, None where there is none of this name."""
    with suppress(ImportError):
        return importlib.import_module(f"ray._private.{name}")
    return None


def _replace(changed: ExitStack, owner: Any, name: str, value: object) -> None:
    """Give `owner` another `name`, until `changed` closes."""
    changed.callback(setattr, owner, name, getattr(owner, name))
    setattr(owner, name, value)


def _with(params: Callable[..., Any], fixed: Mapping[str, Any]) -> Callable[..., Any]:
    """`params` where these arguments are what they are, whatever the caller says."""

    @functools.wraps(params, updated=())
    def made(*args: Any, **options: Any) -> Any:
        return params(*args, **{**options, **fixed})

    return made


def _no_server(node: Any, *_arguments: object, **_options: object) -> None:
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
    """The command `ray`, bare."""
    from ray.scripts import scripts

    with installed():
        scripts.main()


if __name__ == "__main__":
    main()
