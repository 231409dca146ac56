"""A worker's host that loses power, and one whose link is cut and healed, in mid-sweep."""

from __future__ import annotations

import contextlib
import sqlite3
import time
from collections import Counter
from contextlib import closing

import pytest

from sweeper.records import AttemptState, TrialState
from sweeper.report.table import trials_table
from sweeper.runs.open import open_to_read

pytestmark = [pytest.mark.hosts, pytest.mark.timeout(180)]

EPOCHS = 8
# `retries: 0`: a host that is lost must count against nobody.
SPEC = """\
sweep:
  name: hosts
  objective: {channel: error, mode: min}
  retries: 0
  grid: {x: {range: [1, {{ trials | int + 1 }}]}}
---
!obj:slowly.Slowly {x: {{ x }}, out: '{{ out }}', seconds: {{ seconds }}}
"""
# What it writes under `out` tells what a worker did that nobody heard. A file `hurry` in the run's
# folder has all trials go on at once.
EXPERIMENT = f"""\
import time
from collections import Counter
from pathlib import Path

class Slowly:
    def __init__(self, x, out, seconds):
        self.x, self.out, self.seconds = x, Path(out), seconds

    def __iter__(self):
        self.out.mkdir(parents=True, exist_ok=True)
        for epoch in range({EPOCHS}):
            end = time.monotonic() + self.seconds / {EPOCHS}
            while time.monotonic() < end and not (self.out.parents[2] / "hurry").exists():
                time.sleep(0.05)
            with (self.out / "progress").open("a") as file:
                file.write(f"{{epoch}} {{time.time()}}\\n")
            yield {{"error": self.x / (epoch + 1)}}
"""


def write(folder):
    (folder / "grid.yaml.j2").write_text(SPEC)
    (folder / "slowly.py").write_text(EXPERIMENT)


@pytest.fixture
def folder(tmp_path):
    write(tmp_path)
    return tmp_path


def launch(hosts, folder, *, trials, seconds):
    arguments = ("launch", "grid.yaml.j2", "--out", "run", "--workers", 3)
    defines = ("-D", f"trials={trials}", "-D", f"seconds={seconds}")
    return hosts.sweep(*arguments, *defines, cwd=folder)


def finish(driver, timeout_s=120):
    out, err = driver.communicate(timeout=timeout_s)
    assert driver.returncode == 0, out + err
    return out


def wait_for(run_dir, enough, timeout_s=60):
    """Wait until `enough(store)`; what it returned."""
    end = time.monotonic() + timeout_s
    while time.monotonic() < end:
        time.sleep(0.1)
        with contextlib.suppress(Exception), closing(open_to_read(run_dir)) as store:
            found = enough(store)
            if found:
                return found
    raise AssertionError("the sweep did not come so far")


def at_work(number, rows=2):
    """Finds an attempt with so many rows, once workers of so many hosts have one."""

    def find(store):
        running = [one for one in store.attempts() if one.state is AttemptState.RUNNING]
        busy = [one for one in running if len(list(store.rows(one.trial))) >= rows]
        return busy[0] if busy and len({one.device.host for one in running}) >= number else None

    return find


def where_most_are(store):
    """Finds the first attempt, once it has a row, of the host that has most of the three.

    After an earlier test's power cut two hosts of two cores are left: where the one with a single
    attempt is cut, the other has no core free for its trial.
    """
    running = [one for one in store.attempts() if one.state is AttemptState.RUNNING]
    if len(running) < 3:
        return None
    host = Counter(one.device.host for one in running).most_common(1)[0][0]
    first = next(one for one in running if one.device.host == host)
    return first if list(store.rows(first.trial)) else None


def recorded(run_dir, attempt):
    """(epoch, time) of each row of an attempt that is in the file, of the history or not."""
    query = (
        "SELECT epoch, time FROM rows JOIN trials ON ordinal = trial WHERE id = ? AND attempt = ?"
    )
    with closing(sqlite3.connect(run_dir / "sweep.db")) as file:
        return file.execute(query, (attempt.trial, attempt.number)).fetchall()


def second_attempt(victim):
    def begun(store):
        return next((one for one in store.attempts(victim.trial) if one.number == 2), None)

    return begun


def wait_until_done(run_dir, attempt, timeout_s=30):
    """Wait until an attempt has yielded its last row, by its own file; when it did."""
    path = run_dir / "trials" / attempt.trial / f"a{attempt.number}" / "progress"
    end = time.monotonic() + timeout_s
    while time.monotonic() < end:
        epoch, when = path.read_text().splitlines()[-1].split()
        if int(epoch) == EPOCHS - 1:
            return float(when)
        time.sleep(0.1)
    raise AssertionError("the isolated worker did not go on")


def table(run_dir):
    """What a report shows, but for the time it took."""
    with closing(open_to_read(run_dir)) as store:
        return trials_table(store).drop(columns="duration_s")


@pytest.fixture(scope="module")
def undisturbed(hosts, tmp_path_factory):
    """The tables of 3 and 6 trials that nothing happened to."""

    def run(trials):
        folder = tmp_path_factory.mktemp("undisturbed")
        write(folder)
        finish(launch(hosts, folder, trials=trials, seconds=0.1))
        return table(folder / "run")

    return {trials: run(trials) for trials in (3, 6)}


def check(run_dir, undisturbed, lost):
    """The table is that of an undisturbed run; each trial counts once; `lost` alone was lost."""
    assert table(run_dir).equals(undisturbed)
    with closing(open_to_read(run_dir)) as store:
        trials = store.trials()
        assert {trial.state for trial in trials} == {TrialState.FINISHED}
        ends = [(one.device.host, one.trial, one.state) for one in store.attempts()]
    finished = [trial for _, trial, state in ends if state is AttemptState.FINISHED]
    assert sorted(finished) == sorted(trial.id for trial in trials)
    others = [(host, state) for host, _, state in ends if state is not AttemptState.FINISHED]
    assert set(others) == {(host, AttemptState.LOST) for host in lost}


def test_a_link_that_is_away_for_a_moment_costs_nothing(hosts, folder, undisturbed):
    driver = launch(hosts, folder, trials=3, seconds=8)
    victim = wait_for(folder / "run", at_work(3))
    hosts.cut(victim.device.host)
    time.sleep(2)
    hosts.heal(victim.device.host)
    finish(driver)
    check(folder / "run", undisturbed[3], lost=())


def test_a_host_that_loses_power_costs_its_trials_a_new_attempt_and_no_retry(
    hosts, folder, undisturbed
):
    driver = launch(hosts, folder, trials=6, seconds=6)
    victim = wait_for(folder / "run", at_work(3))
    hosts.kill(victim.device.host)
    cut = time.time()
    again = wait_for(folder / "run", second_attempt(victim))
    print(f"power cut: its trial began again after {again.started - cut:.1f} s")
    assert again.device.host != victim.device.host
    finish(driver)
    check(folder / "run", undisturbed[6], lost=[victim.device.host])


def test_what_an_isolated_worker_says_late_is_not_recorded(hosts, folder, undisturbed):
    run_dir = folder / "run"
    driver = launch(hosts, folder, trials=3, seconds=80)
    victim = wait_for(run_dir, where_most_are)
    hosts.cut(victim.device.host)
    cut = time.time()
    again = wait_for(run_dir, second_attempt(victim))
    print(f"link cut: its trial began again after {again.started - cut:.1f} s")
    (run_dir / "hurry").touch()
    # Cut off, it goes on to its end: seven rows and an end that nobody has heard, ready to be sent.
    assert wait_until_done(run_dir, victim) > again.started
    hosts.heal(victim.device.host)
    finish(driver)
    check(run_dir, undisturbed[3], lost=[victim.device.host])
    heard = recorded(run_dir, victim)
    assert max(epoch for epoch, _ in heard) < EPOCHS - 1
    assert max(moment for _, moment in heard) < cut + 1.0
