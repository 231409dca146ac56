"""Trials that hang, on a real Ray cluster: they end, their workers are replaced, others go on."""

from __future__ import annotations

import time
from contextlib import closing

import pytest

from sweeper import driver
from sweeper import spec as specs
from sweeper.driver.watch import GRACE_S
from sweeper.records import AttemptState, TrialState
from sweeper.runs.control import send_control
from sweeper.runs.open import open_to_read

FAKE = "sweep_fake_runner:FakeRunner"
PATIENCE_S = 30.0  # what a loaded machine may need beside the limit


@pytest.fixture
def run(shared, tmp_path):
    """Launches a spec; (trials and attempts by what they do, seconds that it took)."""

    def launch(spec, workers=1, on_progress=lambda _: None):
        terms = driver.Terms(on_progress, cluster=shared(workers), runner_factory=FAKE)
        run_dir = tmp_path / "runs" / "one"
        began = time.monotonic()
        driver.launch(spec, specs.expand(spec), run_dir, terms)
        took = time.monotonic() - began
        with closing(open_to_read(run_dir)) as store:
            found = [(one, store.attempts(one.id)) for one in store.trials()]
        return {one.values["x"]: (one.state, made) for one, made in found}, took

    return launch


@pytest.mark.parametrize("how", ["stuck", "holds"])
def test_a_trial_that_hangs_fails_by_its_limit_and_its_worker_is_replaced(
    run, write_spec, how, tmp_path
):
    work = [("rows", 1), (how, 0), ("rows", 1), ("rows", 2)]
    found, took = run(write_spec(work, limit="{stall: 2}", retries=0))
    assert took < 2 + GRACE_S + PATIENCE_S
    state, (attempt,) = found[1]
    assert (state, attempt.state, attempt.kind) == (TrialState.FAILED, AttemptState.FAILED, "limit")
    assert attempt.message.startswith("The trial gave no row for 2 s, the header's limit.stall. W")
    log = (tmp_path / "runs" / "one" / "logs" / "worker-0.log").read_text()
    assert 'sweep_fake_runner.py", line' in log  # where it was
    assert [found[x][0] for x in (0, 2, 3)] == [TrialState.FINISHED] * 3
    assert all(one.state is AttemptState.FINISHED for x in (0, 2, 3) for one in found[x][1])
    assert len({made[0].device.pid for _, made in found.values()}) == 2


def test_a_trial_that_heeds_is_ended_by_its_limit_without_its_worker(run, write_spec):
    found, _ = run(write_spec([("sleep", 1000), ("rows", 1)], limit="{seconds: 1}"))
    state, (attempt,) = found[0]
    assert (state, attempt.kind) == (TrialState.FAILED, "limit")
    assert attempt.message == "The trial ran for longer than 1 s, the header's limit.seconds."
    assert found[0][1][0].device.pid == found[1][1][0].device.pid


def test_a_trial_that_takes_too_much_memory_fails_by_its_limit(run, write_spec):
    work = [("rows", 1), ("eats", 600), ("rows", 1)]
    found, _ = run(write_spec(work, limit="{memory: 512 MiB}"))
    state, made = found[1]
    assert state is TrialState.FAILED
    # Its process had run another trial before: it was tried in a fresh one before it was blamed.
    assert [one.state for one in made] == [AttemptState.INTERRUPTED, AttemptState.FAILED]
    assert "GiB of memory, more than the header's limit.memory of 0.50 GiB." in made[-1].message
    assert found[2][0] is TrialState.FINISHED


@pytest.mark.parametrize("how", ["stuck", "holds"])
def test_a_stuck_trial_that_is_stopped_is_cancelled_within_ten_seconds(
    run, write_spec, how, tmp_path
):
    spec = write_spec([("rows", 1), (how, 0), ("rows", 1)], retries=0)
    stuck = specs.expand(spec).trials[1].id
    done_at = {}

    def stop(progress):
        # What holds Python's lock may not even say that it began.
        if progress.done and progress.elapsed_s > 1 + done_at.setdefault("s", progress.elapsed_s):
            send_control(tmp_path / "runs" / "one", "stop", (stuck,))
            done_at["s"] = 1e9

    found, took = run(spec, on_progress=stop)
    state, made = found[1]
    assert state is TrialState.CANCELLED
    assert all(one.state is AttemptState.INTERRUPTED for one in made)
    assert took < 10 + PATIENCE_S
    assert found[0][0] is found[2][0] is TrialState.FINISHED
