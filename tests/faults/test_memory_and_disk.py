"""What runs out in mid-sweep: the host's memory, the run folder's disk."""

from __future__ import annotations

import os
import shutil
import subprocess
from contextlib import closing

import pytest

from sweeper.records import AttemptState, TrialState
from sweeper.runs.open import open_to_read

pytestmark = [pytest.mark.faults, pytest.mark.timeout(180)]

# As much memory as this may be taken until Ray ends processes; the hungry trial takes more.
LEFT = 5 << 29


def test_a_trial_that_eats_the_memory_fails_alone_and_says_why(start, folder):
    from ray._private import utils

    most = (utils.get_used_memory() + LEFT) / utils.get_system_memory()
    limits = {"RAY_memory_usage_threshold": f"{most:.3f}", "RAY_memory_monitor_refresh_ms": "100"}
    launched = ("launch", "grid.yaml.j2", "--out", "run", "-D", "seconds=2")
    code, out, err = start(*launched, "-D", "fault=eats memory", **limits).wait()
    assert (code, err) == (1, ""), out + err
    assert "ended by Ray for want of memory on its host" in out
    with closing(open_to_read(folder / "run")) as store:
        failed = {trial.values["x"] for trial in store.trials() if trial.state is TrialState.FAILED}
        assert store.counts()[TrialState.FINISHED] == 3
    # `retries: 0`, and Ray has ended its neighbour too: that one was tried again.
    assert failed == {2}


@pytest.fixture
def small_disk(folder):
    """The run's folder, on a disk of its own that `fill` fills and `empty` empties."""
    if os.geteuid() != 0 or shutil.which("mount") is None:
        assert os.environ.get("CI") != "true", "needs root and mount"
        pytest.skip("needs root and mount")
    disk = folder / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", disk], check=True)
    (folder / "run").symlink_to(disk / "run")
    yield disk
    subprocess.run(["umount", "-l", disk], check=True)


def fill(disk):
    with (disk / "filler").open("wb", buffering=0) as file:
        try:
            while True:
                file.write(b"x" * 4096)
        except OSError:
            return


def test_a_disk_that_fills_up_in_mid_sweep_ends_it_and_resume_goes_on_where_there_is_room(
    start, folder, small_disk, wait_for
):
    driver = start("launch", "grid.yaml.j2", "--out", "disk/run", "-D", "seconds=4")
    wait_for(folder / "run", lambda store: store.counts()[TrialState.FINISHED] >= 1)
    fill(small_disk)
    code, out, err = driver.wait()
    assert code == 2, out + err
    assert "no space is left" in err.lower() or "full" in err.lower()
    assert "Traceback" not in err
    assert not driver.left()

    (small_disk / "filler").unlink()
    code, out, err = start("resume", "disk/run").wait()
    assert (code, err) == (0, "")
    with closing(open_to_read(folder / "run")) as store:
        assert store.counts()[TrialState.FINISHED] == 4
        ends = [attempt.state for attempt in store.attempts()]
        assert ends.count(AttemptState.FINISHED) == 4
        assert all(len(list(store.rows(trial.id))) == 8 for trial in store.trials())
