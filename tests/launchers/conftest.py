"""A runner without an engine for the driver, and one Ray cluster a module."""

from __future__ import annotations

import os
from contextlib import contextmanager
from pathlib import Path

import pytest

from sweeper import driver
from sweeper import spec as specs
from sweeper.launchers.base import Order
from sweeper.launchers.cluster.private import PrivateCluster
from sweeper.records import Resources

FAKE = Path(__file__).parents[1] / "workers" / "fake"


class Shared:
    """A cluster that is there already, with room for so many workers."""

    def __init__(self, running, workers):
        self.workers = workers
        self.cores = running.cores
        self.scratch = running.scratch

    def __enter__(self):
        return self

    def check(self):
        pass

    def __exit__(self, kind, error, trace):
        pass


@contextmanager
def fake_on_path():
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(FAKE), prepend=os.pathsep)
        yield


@pytest.fixture(scope="module")
def shared():
    """Makes clusters of n workers on one Ray."""
    with fake_on_path(), PrivateCluster(Resources(), wanted=2, trials=100) as running:
        yield lambda workers: Shared(running, workers)


STEPS = """\
import time

class Steps:
    def __init__(self, x):
        self.x = x

    def __iter__(self):
        for epoch in range(10_000):
            time.sleep(0.1)
            yield {"x": self.x * epoch}
"""
STEPS_SPEC = """\
sweep: {name: steps, workers: 1, grid: {x: [1, 2]}}
---
!obj:steps.Steps { x: {{ x }} }
"""


@pytest.fixture
def order(tmp_path):
    """A run that is made, on this disk, and that goes on until it is stopped."""
    (tmp_path / "steps.py").write_text(STEPS)
    (tmp_path / "grid.yaml.j2").write_text(STEPS_SPEC)
    spec = specs.load(tmp_path / "grid.yaml.j2", {})
    expansion = specs.expand(spec)
    driver.make(spec, expansion, tmp_path / "run")
    return Order(tmp_path / "run", spec.path, {}, spec.header, len(expansion.trials), None, True)


@pytest.fixture
def write_spec(tmp_path):
    """Writes a spec whose trials do what `work` lists, each "DO: MUCH", and loads it."""

    def write(work, header="", **options):
        points = "".join(f"    - {{do: {do}, much: {much}, x: {i}}}\n" for i, (do, much) in work)
        text = (
            "sweep:\n  name: fake\n"
            + "".join(f"  {key}: {value}\n" for key, value in options.items())
            + header
            + f"  points:\n{points}---\n"
            + "!obj:pylearn2core.train.Train\na: {{ do }}\nb: {{ much }}\nc: {{ x }}\n"
        )
        path = tmp_path / "grid.yaml.j2"
        path.write_text(text)
        return specs.load(path)

    return lambda work, **options: write(list(enumerate(work)), **options)
