"""One Ray cluster a module, with four GPUs that are numbers only."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from sweeper.launch.local import LocalCluster
from sweeper.records import Resources


@pytest.fixture(scope="module")
def cluster():
    """A private cluster whose workers can import the fake runner."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(Path(__file__).parent / "fake"), prepend=os.pathsep)
        patch.setenv("SWEEP_LOGICAL_GPUS", "1")
        patch.setenv("SWEEP_NUM_GPUS", "4")
        with LocalCluster(Resources(gpus=1), wanted=4, trials=100) as running:
            yield running
