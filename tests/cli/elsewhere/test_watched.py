"""Runs elsewhere, watched, requeued, fetched, stopped."""

from __future__ import annotations

import json
import os
import signal
import time
from contextlib import closing

import pytest
from looking import driver_of, states, table, until

from sweeper.runs.open import open_to_read


# ------------------------------------------------------------------ on a shared disk
@pytest.mark.slow
def test_a_run_in_a_queue_is_watched_requeued_and_finished(sweep, here):
    began = time.monotonic()
    code, out, _ = sweep(
        "launch", "grid.yaml.j2", "--on", "queue.yaml", "--out", "r", "-D", "epochs=160"
    )
    assert code == 0
    assert time.monotonic() - began < 20
    assert "Watch:  sweep watch" in out
    until(lambda: states(sweep, "r")["finished"])
    _, out, _ = sweep("status", "r")
    assert "placed    slurm job" in out
    code, _, err = sweep("resume", "r")
    assert code == 2
    assert "its driver is there already" in err

    first = driver_of(here / "r")
    done = {row["trial"] for row in table(sweep, "r") if row["state"] == "finished"}
    os.kill(first, signal.SIGUSR1)  # as SLURM says that time is short
    code, out, _ = sweep("watch", "r")
    assert code == 0
    assert "4 finished" in out
    assert driver_of(here / "r") != first
    rows = table(sweep, "r")
    assert {row["state"] for row in rows} == {"finished"}
    assert {row["epochs"] for row in rows} == {"160"}
    with closing(open_to_read(here / "r")) as store:
        assert all(len(store.attempts(trial)) == 1 for trial in done)


@pytest.mark.slow
def test_one_trial_of_a_run_in_a_queue_is_cancelled_and_then_all_is_stopped(sweep, here):
    sweep("launch", "grid.yaml.j2", "--on", "queue.yaml", "--out", "r", "-D", "epochs=4000")
    running = until(lambda: [r for r in table(sweep, "r") if r["state"] == "running"])
    code, _, _ = sweep("stop", "r", running[0]["trial"][:6])
    assert code == 0
    until(lambda: states(sweep, "r")["cancelled"] == 1)
    until(lambda: states(sweep, "r")["running"] == 1)
    assert sweep("stop", "r")[0] == 0
    code, out, err = sweep("watch", "r")
    assert code == 130
    assert "stopped by `sweep stop`" in err
    assert states(sweep, "r") == {"cancelled": 1, "pending": 3}
    code, out, _ = sweep("stop", "r")
    assert (code, "nothing to stop" in out) == (0, True)
    pending = next(row["trial"] for row in table(sweep, "r") if row["state"] == "pending")
    code, out, _ = sweep("stop", "r", pending, running[0]["trial"])
    assert out == f"cancelled: {pending}; over already: {running[0]['trial']}\n"
    assert states(sweep, "r") == {"cancelled": 2, "pending": 2}


# ------------------------------------------------------------------ without a shared disk
@pytest.mark.slow
def test_a_run_on_another_disk_is_fetched_by_watch_and_says_how_old_it_is(sweep, here):
    address = "http://127.0.0.1:1"
    code, _, _ = sweep("launch", "grid.yaml.j2", "--on", address, "--out", "r", "-D", "epochs=20")
    assert code == 0
    assert not (here / "r" / "sweep.db").exists()
    code, _, err = sweep("report", "r")
    assert code == 2
    assert "nothing was fetched yet" in err

    until(lambda: sweep("fetch", "r")[0] == 0)
    _, _, err = sweep("report", "r")
    assert "The newest: sweep fetch" in err
    code, out, _ = sweep("watch", "r")
    assert code == 0
    assert "4 finished" in out
    assert states(sweep, "r") == {"finished": 4}
    assert sweep("report", "r")[2] == ""  # it is over: there is nothing newer
    facts = json.loads((here / "r" / "placed.json").read_text())["facts"]
    assert json.loads(facts["defines"]) == {"epochs": "20"}
