"""Kubernetes keeps what every launcher keeps."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from typing import Any

import pytest

from sweeper.launchers.base import DriverOrder, Launcher
from sweeper.launchers.kubernetes import KubernetesLauncher
from sweeper.launchers.kubernetes.config import KubernetesConfig
from sweeper.testing.launchers import LauncherContract


class TestKubernetes(LauncherContract):
    """kubectl is a stand-in whose pod is this machine; its driver ends when it is asked to."""

    @pytest.fixture
    def launcher(self, cluster: Callable[[str], KubernetesConfig]) -> Launcher:
        return KubernetesLauncher(cluster(""))

    @pytest.fixture
    def order(
        self, order: Callable[..., DriverOrder], launcher: Launcher, kube: Any
    ) -> DriverOrder:
        made = order()
        made.run_dir.mkdir(parents=True)
        kube.say("status.json", {"jobDeploymentStatus": "Running", "rayClusterName": "c1"})
        kube.say("pods.json", [{"metadata": {"name": "c1-head"}, "status": {}}])
        kube.say("after-ask.json", {"jobDeploymentStatus": "Complete", "rayClusterName": "c1"})
        job = launcher._shape(made).job
        (kube.folder / "pod" / job).mkdir(parents=True)
        with closing(sqlite3.connect(kube.folder / "pod" / job / "snapshot.db")) as store, store:
            store.execute("create table t (x)")
        return made
