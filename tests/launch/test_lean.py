"""A private Ray starts no more than it needs, and starts all the same where Ray has changed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import ray

from sweeper.launch import lean
from sweeper.launch.local import LocalCluster
from sweeper.records import Resources


def started():
    """Command lines of the processes that this one started."""
    children = Path(f"/proc/{os.getpid()}/task").glob("*/children")
    pids = [pid for one in children for pid in one.read_text().split()]
    return sorted(Path(f"/proc/{pid}/cmdline").read_text().split("\0")[0] for pid in pids)


def test_a_private_cluster_starts_ray_s_two_servers_and_nothing_else():
    with LocalCluster(Resources(), wanted=1, trials=1):
        commands = started()
        assert ray.get(ray.remote(lambda: 7).remote()) == 7
    assert [Path(command).name for command in commands] == ["gcs_server", "raylet"]


def test_nothing_of_ray_is_changed_afterwards():
    from ray._private import node, parameter, services

    def found():
        return parameter.RayParams, node.Node.start_api_server, services.get_node

    def fail():
        with lean.lean():
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
    with lean.lean():
        assert parameter.RayParams is Params
        assert not hasattr(node.Node, "start_api_server")
        assert services.get_node("a") == "a"
    monkeypatch.setattr(lean, "_module", lambda name: None)
    with lean.lean():
        assert parameter.RayParams is Params


def test_a_node_that_can_t_be_asked_for_is_ray_s_to_explain(monkeypatch):
    class Broken:
        def __init__(self, address):
            raise RuntimeError("no GCS")

    monkeypatch.setattr("ray._raylet.GcsClient", Broken)
    assert lean._soon(lambda address, node: (address, node))("a", "b") == ("a", "b")
