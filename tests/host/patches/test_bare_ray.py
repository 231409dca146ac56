"""A bare Ray starts no more than it needs, and starts all the same where Ray has changed."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
import ray

from sweeper.host.patches import bare_ray, looks
from sweeper.launchers.cluster.private import PrivateCluster
from sweeper.records import Resources


def started():
    """Programs of the processes that this one started, by id."""
    children = Path(f"/proc/{os.getpid()}/task").glob("*/children")
    pids = [pid for one in children for pid in one.read_text().split()]
    return {pid: Path(f"/proc/{pid}/cmdline").read_text().split("\0")[0] for pid in pids}


def test_a_private_cluster_starts_ray_s_two_servers_and_nothing_else(monkeypatch):
    listed = []
    wait_for = bare_ray._wait_for
    monkeypatch.setattr(bare_ray, "_wait_for", lambda *given: listed.append(wait_for(*given)))
    before = started()
    with PrivateCluster(Resources(), wanted=1, trials=1):
        commands = [command for pid, command in started().items() if pid not in before]
        assert ray.get(ray.remote(lambda: 7).remote()) == 7
    assert sorted(Path(command).name for command in commands) == ["gcs_server", "raylet"]
    assert listed == [True], "Ray is asked for its node once, when it is there"


def test_nothing_of_ray_is_changed_afterwards():
    from ray._private import node, parameter, services

    def found():
        return parameter.RayParams, node.Node.start_api_server, services.get_node

    def fail():
        with bare_ray.installed():
            assert all(now is not then for now, then in zip(found(), before, strict=True))
            raise KeyError

    before = found()
    with pytest.raises(KeyError):
        fail()
    assert found() == before


def test_a_ray_without_these_internals_starts_as_always(monkeypatch):
    from ray._private import node, parameter, services

    class Params:
        def __init__(self, num_cpus=None):
            pass

    monkeypatch.setattr(parameter, "RayParams", Params)
    monkeypatch.delattr(node.Node, "start_api_server")
    monkeypatch.setattr(services, "get_node", lambda address: address)
    with bare_ray.installed():
        assert parameter.RayParams is Params
        assert not hasattr(node.Node, "start_api_server")
        assert services.get_node("a") == "a"
    monkeypatch.setattr(bare_ray, "_module", lambda name: None)
    with bare_ray.installed():
        assert parameter.RayParams is Params


class Gcs:
    """Lists the node "0a" from the third look on."""

    looks = 0

    def __init__(self, address):
        assert address == "here:1"

    def get_all_node_info(self, timeout):
        Gcs.looks += 1
        return {b"\x0a": {}} if Gcs.looks >= 3 else {}


def test_ray_is_asked_for_a_node_once_it_is_listed_or_patience_is_over(monkeypatch):
    monkeypatch.setattr("ray._raylet.GcsClient", Gcs)
    assert bare_ray._wait_for("here:1", "0a", time.monotonic() + 60)
    assert Gcs.looks == 3
    assert not bare_ray._wait_for("here:1", "0b", time.monotonic() + 0.05)
    assert not bare_ray._wait_for("nowhere", "0a", time.monotonic() - 1)


def test_a_node_that_can_t_be_asked_for_is_ray_s_to_explain(monkeypatch):
    class Broken:
        def __init__(self, address):
            raise RuntimeError("no GCS")

    monkeypatch.setattr("ray._raylet.GcsClient", Broken)
    look_up = bare_ray._soon(lambda address, node, timeout=0: (address, node, timeout))
    assert look_up("a", "b", timeout=3) == ("a", "b", 3)


def test_what_is_left_alone_is_said_once_with_what_follows(monkeypatch, caplog):
    from ray._private import services

    monkeypatch.setattr(looks, "_said", set())
    monkeypatch.setattr(services, "get_node", lambda address: address)
    for _ in range(2):
        with bare_ray.installed():
            pass
    assert caplog.messages == [
        "ray._private.services.get_node is not as expected, so it is left as it is: Ray takes a"
        " second more to start."
    ]


def test_what_tells_no_arguments_is_left_alone():
    assert not looks.takes(type, "name")
    assert not looks.takes(None, "name")
    assert looks.takes(lambda name, other: None, "name")
