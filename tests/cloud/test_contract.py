"""The Jobs API of a real cluster keeps what every launcher keeps."""

from __future__ import annotations

import pytest

from sweeper.launchers.base import DriverOrder, Launcher
from sweeper.testing.launchers import LauncherContract

pytestmark = pytest.mark.cloud


class TestJobs(LauncherContract):
    @pytest.fixture
    def launcher(self, launcher, head) -> Launcher:
        return launcher(head)

    @pytest.fixture
    def order(self, order) -> DriverOrder:
        return order(epochs=10_000, seconds=0.1)
