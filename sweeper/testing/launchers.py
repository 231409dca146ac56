"""What every launcher keeps, whatever is behind it: subclass the contract in a backend's tests.

class TestMine(LauncherContract):
    @pytest.fixture
    def launcher(self): ...

    @pytest.fixture
    def order(self): ...
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from sweeper.launchers import choose
from sweeper.launchers.base import DriverOrder, Launcher
from sweeper.records import Placed
from sweeper.records.errors import SweepError
from sweeper.runs.folder import RunFolder
from sweeper.runs.placed import read_placed, write_placed

OVER = {"over", "unknown"}


def until(holds: Callable[[], object], what: str, seconds: float) -> None:
    """Wait for it; fail where it does not come."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, f"not within {seconds:.0f} s: {what}"
        time.sleep(0.3)


def files_of(run_dir: Path) -> set[Path]:
    """All that is below a run's folder."""
    return set(run_dir.rglob("*"))


class LauncherContract:
    """A subclass has fixtures `launcher` and `order`: a run that goes on until it is stopped.

    The order's folder is there, and holds the run's store where the launcher has its disk.
    patience_s: how long each step may take at most.
    """

    patience_s = 90.0

    def test_describing_an_order_starts_and_writes_nothing(
        self, launcher: Launcher, order: DriverOrder
    ) -> None:
        """`--dry-run` prints it, and nobody expects more."""
        before = files_of(order.run_dir)
        text = launcher.describe(order)
        assert order.spec_path.name in text or str(order.run_dir) in text
        assert files_of(order.run_dir) == before

    def test_a_run_is_placed_found_again_stopped_and_taken_down(
        self, launcher: Launcher, order: DriverOrder
    ) -> None:
        """The whole trip; after it nothing runs, and asking again is no error."""
        placed = launcher.submit(order)
        try:
            found, again = self.found_again(launcher, order, placed)
            until(lambda: self.state(found, again, order) == "running", "it runs", self.patience_s)
            until(lambda: self.is_asked(found, again, order), "it is asked", self.patience_s)
            until(lambda: self.state(found, again, order) in OVER, "it ends", self.patience_s)
            found.fetch(again, order.run_dir)
            assert launcher.has_folder or RunFolder(order.run_dir).snapshot.stat().st_size
        finally:
            told = launcher.down(placed, order.run_dir)
        assert placed.job in told
        until(lambda: self.state(found, again, order) in OVER, "it is down", self.patience_s)
        for line in (found.down(again, order.run_dir), found.stop(again, order.run_dir, ())):
            assert placed.job in line
            assert "\n" not in line

    def found_again(
        self, launcher: Launcher, order: DriverOrder, placed: Placed
    ) -> tuple[Launcher, Placed]:
        """The run by what its folder keeps: another process knows no more."""
        write_placed(order.run_dir, placed)
        again = read_placed(order.run_dir)
        assert again == placed
        found = choose.launcher_of(again)
        assert type(found) is type(launcher)
        return found, again

    def state(self, launcher: Launcher, placed: Placed, order: DriverOrder) -> str:
        """What is said of it now."""
        return launcher.look(placed, order.run_dir).state

    def is_asked(self, launcher: Launcher, placed: Placed, order: DriverOrder) -> bool:
        """Whether the driver could be asked to end: it may not have begun yet."""
        with suppress(SweepError):
            return bool(launcher.stop(placed, order.run_dir, ()))
        return False
