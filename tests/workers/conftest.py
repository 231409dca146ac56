"""One Ray cluster a module, with four GPUs that are numbers only."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from sweeper.launchers.cluster.private import PrivateCluster
from sweeper.records import Checkpointing, Resources

# Tests are imported by path; what several of them share is a module beside them.
sys.path.append(str(Path(__file__).parent))


@pytest.fixture(scope="module")
def cluster():
    """A private cluster whose workers can import the fake runner."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(Path(__file__).parent / "fake"), prepend=os.pathsep)
        patch.setenv("SWEEP_LOGICAL_GPUS", "1")
        patch.setenv("SWEEP_NUM_GPUS", "4")
        with PrivateCluster(Resources(gpus=1), wanted=4, trials=100) as running:
            yield running


@pytest.fixture(scope="session")  # a module is imported once
def folder(tmp_path_factory):
    from broken_off import MODULE  # imports the engine

    made = tmp_path_factory.mktemp("checkpoints")
    (made / "checkpoint_experiments.py").write_text(MODULE)
    return made


@pytest.fixture
def bench(folder, tmp_path):
    from broken_off import Bench

    def make(name="run", **setup):
        if "epochs" in setup:
            setup["checkpoint"] = Checkpointing(epochs=setup.pop("epochs"))
        return Bench(folder, tmp_path / name, **setup)

    return make


@pytest.fixture
def whole(bench):
    """What attempts that were never interrupted say."""
    return lambda text, *tokens, **how: bench("undisturbed").run(text, *tokens, **how)
