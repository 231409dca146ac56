"""A run that goes on until it is stopped."""

from __future__ import annotations

import pytest

from sweeper import driver
from sweeper import spec as specs
from sweeper.launchers.base import DriverOrder

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
    driver.create(spec, expansion, tmp_path / "run")
    return DriverOrder(
        tmp_path / "run", spec.path, {}, spec.header, len(expansion.trials), None, True
    )
