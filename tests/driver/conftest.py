"""A runner without an engine for the driver, and one Ray cluster a module."""

from __future__ import annotations

import os
from contextlib import contextmanager
from pathlib import Path

import pytest

from sweeper import spec as specs
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
