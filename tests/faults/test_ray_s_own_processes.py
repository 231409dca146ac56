"""Ray's own processes on the driver's host, killed in mid-sweep."""

from __future__ import annotations

import os
import signal
import time
from contextlib import closing

import pytest

from sweeper.records import TrialState
from sweeper.runs.open import open_to_read

pytestmark = [pytest.mark.faults, pytest.mark.timeout(180)]


@pytest.mark.parametrize(
    ("process", "said"),
    [
        ("raylet", "the Ray node of this driver's own host has crashed"),
        ("gcs_server", "is lost: its head has not answered"),
    ],
)
def test_a_driver_whose_ray_breaks_ends_soon_and_resume_runs_what_is_left(
    start, folder, wait_for, process, said
):
    driver = start("launch", "grid.yaml.j2", "--out", "run", "-D", "seconds=40")
    wait_for(folder / "run", lambda store: next(iter(store.rows()), None))
    os.kill(driver.process(process), signal.SIGKILL)
    broken = time.monotonic()
    code, out, err = driver.wait()
    print(f"{process} killed: the driver ended after {time.monotonic() - broken:.0f} s")
    assert code == 3, out + err
    assert said in err
    assert "`sweep resume`" in err
    assert not driver.left()
    with closing(open_to_read(folder / "run")) as store:
        counts = store.counts()
    # Nothing failed: it was nobody's fault.
    assert counts[TrialState.PENDING] + counts[TrialState.FINISHED] == 4
