"""A run to place on Kubernetes, and the cluster's edge: a kubectl of the tests' own."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sweeper.launchers import cluster_file
from sweeper.launchers.base import DriverOrder
from sweeper.launchers.kubernetes.config import KubernetesConfig
from sweeper.records import Resources, SweepSpec

HERE = Path(__file__).parent
# The schema is a module beside this one, and tests are imported by path.
sys.path.insert(0, str(HERE))

CLUSTER = """kind: kubernetes
image: registry.example.org/sweeper:1
namespace: lab
workers: {cpus: 4, memory: 16G, gpus: 2, min: 0, max: 3}
"""
SPEC = "sweep: {grid: {a: [1]}}\n---\n!obj:mine.Experiment { a: {{ a }} }\n"


def read(more: str = "") -> KubernetesConfig:
    found = cluster_file.loads(f"{CLUSTER}{more}", "kubernetes.yaml")
    assert isinstance(found, KubernetesConfig)
    return found


@pytest.fixture
def cluster() -> Callable[[str], KubernetesConfig]:
    return read


@pytest.fixture
def order(tmp_path: Path) -> Callable[..., DriverOrder]:
    """An order for a spec of two files and a module; keywords are fields of DriverOrder."""

    def made(resources: Resources | None = None, **fields: Any) -> DriverOrder:
        folder = tmp_path / "mine"
        (folder / "package").mkdir(parents=True, exist_ok=True)
        (folder / "grid.yaml.j2").write_text(SPEC)
        (folder / "package" / "loss.py").write_text("x = 1\n")
        (folder / "table.bin").write_bytes(bytes(range(256)))
        header = SweepSpec("digits", resources=resources or Resources())
        given = {
            "run_dir": tmp_path / "runs" / "Digits_MLP-20261121-221530",
            "spec_path": folder / "grid.yaml.j2",
            "defines": {},
            "header": header,
            "trials": 100,
        }
        return DriverOrder(**{**given, **fields})

    return made


class Kube:
    """What the fake kubectl holds and was asked."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def calls(self) -> list[list[str]]:
        path = self.folder / "calls.jsonl"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    def objects(self) -> list[str]:
        kinds = ("configmap-*.json", "rayjob-*.json")
        return sorted(path.stem for kind in kinds for path in self.folder.glob(kind))

    def say(self, name: str, words: Any) -> None:
        text = words if isinstance(words, str) else json.dumps(words)
        (self.folder / name).write_text(text)


@pytest.fixture
def kube(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Kube:
    folder = tmp_path / "kube"
    folder.mkdir()
    program = tmp_path / "bin" / "kubectl"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\nexec '{sys.executable}' '{HERE / 'fake_kubectl.py'}' \"$@\"\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent), prepend=":")
    monkeypatch.setenv("FAKE_KUBE", str(folder))
    return Kube(folder)
