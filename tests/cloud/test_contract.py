"""The Jobs API of a real cluster keeps what every launcher keeps."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from sweeper.launchers.base import Launcher, Order

sys.path.insert(0, str(Path(__file__).parents[1] / "contracts"))
from launcher_contract import LauncherContract

pytestmark = pytest.mark.cloud


class TestJobs(LauncherContract):
    @pytest.fixture
    def launcher(self, launcher, head) -> Launcher:
        return launcher(head)

    @pytest.fixture
    def order(self, order) -> Order:
        return order(epochs=10_000, seconds=0.1)
