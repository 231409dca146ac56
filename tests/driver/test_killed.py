"""The driver as a process of its own: killed, interrupted, with workers killed under it."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from sweeper.records import AttemptState, TrialState
from sweeper.runs.open import open_to_read

pytestmark = pytest.mark.slow

FAKE = Path(__file__).parents[1] / "workers" / "fake"
DRIVER = """
import sys
from pathlib import Path
from sweeper import driver, spec as specs

run_dir, factory = Path(sys.argv[2]), "sweep_fake_runner:FakeRunner"
if sys.argv[1] == "resume":
    outcome = driver.resume(run_dir, driver.Terms(runner_factory=factory))
else:
    spec = specs.load(Path(sys.argv[1]))
    terms = driver.Terms(runner_factory=factory)
    outcome = driver.launch(spec, specs.expand(spec), run_dir, terms)
print(outcome.ending.reason)
sys.exit(outcome.exit_code)
"""


@pytest.fixture
def start(tmp_path):
    """Starts drivers in a session of their own, as a terminal does."""
    drivers = []

    def start(what, **environ):
        driver = subprocess.Popen(
            [sys.executable, "-c", DRIVER, str(what), str(tmp_path / "run")],
            env={**os.environ, "PYTHONPATH": str(FAKE), **environ},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        drivers.append(driver)
        return driver

    yield start
    for driver in drivers:
        if driver.poll() is None:
            driver.kill()
        driver.communicate()


def running(run_dir, enough, timeout_s=60):
    """Wait until `enough(store)`; what it returned."""
    end = time.monotonic() + timeout_s
    while time.monotonic() < end:
        time.sleep(0.1)
        if (run_dir / "sweep.db").exists():
            with contextlib.suppress(Exception), closing(open_to_read(run_dir)) as store:
                found = enough(store)
                if found:
                    return found
    raise AssertionError("the sweep did not come so far")


def processes_below(scratch):
    """Ids of processes whose command line names Ray's folder."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            if scratch in path.read_bytes().decode(errors="replace"):
                found.append(int(path.parent.name))
    return found


def wait_until_gone(pids, timeout_s=30):
    end = time.monotonic() + timeout_s
    while any(Path(f"/proc/{pid}").exists() for pid in pids):
        assert time.monotonic() < end, [pid for pid in pids if Path(f"/proc/{pid}").exists()]
        time.sleep(0.1)


def some_finished(store):
    done = {a.trial for a in store.attempts() if a.state is AttemptState.FINISHED}
    open_ = [a for a in store.attempts() if a.state is AttemptState.RUNNING]
    return (done, open_) if len(done) >= 3 and open_ else None


def test_after_kill_9_of_the_driver_resume_runs_what_is_left_and_nothing_twice(
    start, write_spec, tmp_path
):
    write_spec([("sleep", 6)] * 12, workers=1)
    driver = start(tmp_path / "grid.yaml.j2")
    done, open_ = running(tmp_path / "run", some_finished)
    (scratch,) = Path("/tmp").glob(f"swp{driver.pid}-*")
    left = processes_below(str(scratch))
    driver.kill()
    driver.wait()
    wait_until_gone([*left, open_[0].device.pid])

    again = start("resume")
    again.communicate(timeout=120)
    assert again.returncode == 0
    assert not scratch.exists()
    with closing(open_to_read(tmp_path / "run")) as store:
        assert store.counts()[TrialState.FINISHED] == 12
        for trial in store.trials():
            states = [a.state for a in store.attempts(trial.id)]
            assert states.count(AttemptState.FINISHED) == 1
            assert len(list(store.rows(trial.id))) == 6
            assert trial.id not in done or states == [AttemptState.FINISHED]


def test_ctrl_c_of_a_terminal_reaches_the_driver_and_leaves_the_workers_to_it(
    start, write_spec, tmp_path
):
    write_spec([("sleep", 200)] * 3, workers=1)
    driver = start(tmp_path / "grid.yaml.j2")
    running(tmp_path / "run", lambda store: next(iter(store.rows()), None))
    os.killpg(driver.pid, signal.SIGINT)
    out, err = driver.communicate(timeout=60)
    assert (driver.returncode, out, err) == (130, "interrupted by Ctrl-C\n", "")
    assert not list(Path("/tmp").glob(f"swp{driver.pid}-*"))
    with closing(open_to_read(tmp_path / "run")) as store:
        assert [a.state for a in store.attempts()] == [AttemptState.INTERRUPTED]
        assert store.counts()[TrialState.PENDING] == 3


def test_a_worker_killed_by_the_system_is_replaced_and_its_trials_run_on_their_own_gpu(
    start, write_spec, tmp_path
):
    write_spec([("sleep", 10)] * 24, resources="{gpus: 1}")
    driver = start(tmp_path / "grid.yaml.j2", SWEEP_LOGICAL_GPUS="1", SWEEP_NUM_GPUS="4")
    _, open_ = running(tmp_path / "run", some_finished)
    victim = open_[0]
    os.kill(victim.device.pid, signal.SIGKILL)
    out, err = driver.communicate(timeout=120)
    assert (driver.returncode, out, err) == (0, "\n", "")
    with closing(open_to_read(tmp_path / "run")) as store:
        attempts = store.attempts()
    assert sorted({a.device.gpus for a in attempts}) == [("0",), ("1",), ("2",), ("3",)]
    for worker in range(4):
        gpus = {a.device.gpus for a in attempts if a.worker == worker and a is not victim}
        pids = {a.device.pid for a in attempts if a.worker == worker}
        assert len(pids) == (2 if worker == victim.worker else 1)
        assert len(gpus) == 1
    lost = [a for a in attempts if a.state is AttemptState.LOST]
    assert {a.device.pid for a in lost} == {victim.device.pid}
    assert all(a.info["gpus"] == a.device.gpus[0] for a in attempts if a.info)
