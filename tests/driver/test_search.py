"""Searches are the same on any number of workers, in any order, after any crash."""

from __future__ import annotations

import itertools
import os
import random
import signal
import subprocess
import sys
import time
from array import array
from contextlib import closing, suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sweeper import driver
from sweeper import spec as specs
from sweeper.cli.coming import to_come
from sweeper.driver.past import Past
from sweeper.records import EndKind, Row, TrialChanged, TrialState
from sweeper.records.errors import InputError, StoreError
from sweeper.runs.open import open_to_read

FAKE = "sweep_fake_runner:FakeRunner"
SPEC = """\
sweep:
  name: searched
  objective: {{channel: valid_error, mode: min}}
  max_failures: 1000
  search:
    sampler: {sampler}
    trials: {trials}
    batch: 4
    lag: {lag}
    axes:
      x: {{uniform: [0, 1]}}
      n: {{randint: [0, 5]}}
      y: {{uniform: [0, 1]{when}}}
---
!obj:pylearn2core.train.Train
a: {{{{ "fail" if x > 0.85 else "score" }}}}
b: {{{{ (x - 0.3) * (x - 0.3) + 0.1 * n + (y if y is defined else 1) }}}}
"""
WHEN = ("", ", when: n > 2")
FINISHED, FAILED = TrialState.FINISHED, TrialState.FAILED


def spec_of(sampler="tpe", trials=20, lag=1):
    when = WHEN[sampler not in ("cmaes", "gp")]
    text = SPEC.format(sampler=sampler, trials=trials, lag=lag, when=when)
    return specs.loads(text, "grid.yaml.j2")


# ------------------------------------------------------------------ random orders, no Ray
class Drive:
    """A driver's part of a search: what was kept, and what the source may know of it."""

    def __init__(self, spec):
        self.spec, self.source = spec, specs.source_of(spec)
        self.kept = []  # batches of trials
        self.ends = {}  # what is recorded of a trial: its row and its state

    def restart(self):
        """As a driver finds it that takes over: from what was recorded alone."""
        self.past = Past(self.spec.header.objective)
        for number, batch in enumerate(self.kept):
            states = [self.ends[one.id][1] if one.id in self.ends else None for one in batch]
            self.past.add(
                number,
                [(one, s or TrialState.PENDING) for one, s in zip(batch, states, strict=True)],
            )
        for row, _ in self.ends.values():
            if row is not None:
                self.past.see(row)

    def grow(self):
        until = len(self.kept) - 1 - self.source.lag
        while len(self.kept) < self.source.batches and self.past.is_over(until, ()):
            proposal = self.source.propose(len(self.kept), self.past.history(until))
            there = {one.id for batch in self.kept for one in batch}
            new = [one for one in proposal.trials if one.id not in there]
            self.past.add(len(self.kept), [(one, TrialState.PENDING) for one in new])
            self.kept.append(new)
            until += 1

    def end(self, trial):
        do, much = trial.tokens[:2]
        row, state = None, FAILED
        if do == "score":
            data = array("d", [much]).tobytes()
            row, state = Row(trial.id, 1, 0, 1, 0.0, ("valid_error",), data), FINISHED
            self.past.see(row)
        self.ends[trial.id] = row, state
        self.past.see_change(TrialChanged(trial.id, state, 0.0))

    def left(self):
        return [one for batch in self.kept for one in batch if one.id not in self.ends]


def played(spec, workers, rng, crashes):
    """The trials in order, with their ends; each worker takes the first trial that waits."""
    drive = Drive(spec)
    drive.restart()
    drive.grow()
    while left := drive.left():
        drive.end(rng.choice(left[:workers]))
        if rng.random() < crashes:
            drive.restart()
        drive.grow()
    return [(dict(one.values), drive.ends[one.id][1]) for batch in drive.kept for one in batch]


@pytest.mark.parametrize(
    ("sampler", "lag"),
    [*itertools.product(["random", "sobol", "tpe", "cmaes"], [0, 1, 2]), ("gp", 1)],
)
def test_one_worker_or_many_in_any_order_with_any_crash_run_the_same_trials(sampler, lag):
    spec = spec_of(sampler, trials=20, lag=lag)
    expected = played(spec, 1, random.Random(0), 0.0)
    assert {state for _, state in expected} == {FINISHED, FAILED}
    assert len(expected) == 20

    @settings(max_examples=8, deadline=None)
    @given(st.integers(1, 9), st.integers(0, 2**32), st.sampled_from([0.0, 0.3]))
    def check(workers, seed, crashes):
        assert played(spec, workers, random.Random(seed), crashes) == expected

    check()


# ------------------------------------------------------------------ real runs
@pytest.fixture
def run(shared, tmp_path):
    """Runs a search on so many workers, or goes on with it: (outcome, folder, what was told)."""
    path = tmp_path / "grid.yaml.j2"

    def go(name, workers, *, resume=False, stop_at=None, **keys):
        path.write_text(
            SPEC.format(sampler="tpe", lag=1, when=WHEN[True], **({"trials": 24} | keys))
        )
        spec, told = specs.load(path), []

        def tell(progress):
            told.append(progress)
            if stop_at is not None and progress.done >= stop_at:
                signal.raise_signal(signal.SIGINT)

        terms = driver.Terms(on_progress=tell, cluster=shared(workers), runner_factory=FAKE)
        folder = tmp_path / "runs" / name
        if resume:
            return driver.resume(folder, terms), folder, told
        return driver.launch(spec, specs.first_batch(spec), folder, terms), folder, told

    return go


def table(folder):
    with closing(open_to_read(folder)) as store:
        rows = [(row.trial, row.epoch, row.data) for row in store.rows()]
        trials = [(one.ordinal, one.id, dict(one.values), one.state) for one in store.trials()]
        return trials, store.batches(), rows


def test_a_search_is_the_same_on_one_worker_and_on_two_and_after_a_stop(run):
    outcome, one, told = run("one", 1, trials=80)
    assert (outcome.ending.kind, outcome.exit_code) == (EndKind.FINISHED, 1)  # some trials failed
    assert {progress.total for progress in told} == {80}
    _, two, _ = run("two", 2, trials=80)
    outcome, cut, _ = run("cut", 2, trials=80, stop_at=6)
    assert outcome.ending.kind is EndKind.INTERRUPTED
    assert rows_of(cut) < rows_of(one)
    run("cut", 1, resume=True, trials=80)
    assert len(table(one)[0]) == 80
    assert table(one) == table(two) == table(cut)


def rows_of(folder):
    """How many rows are recorded; 0 before the run is there."""
    with suppress(StoreError, InputError):
        return len(table(folder)[2])
    return 0


DRIVER = """
import sys
from pathlib import Path
from sweeper import driver, spec as specs
spec = specs.load(Path(sys.argv[1]))
terms = driver.Terms(workers=2, runner_factory="sweep_fake_runner:FakeRunner")
driver.launch(spec, specs.first_batch(spec), Path(sys.argv[2]), terms)
"""


@pytest.mark.slow
def test_a_search_whose_driver_was_killed_goes_on_as_if_it_never_was(run, tmp_path):
    _, whole, _ = run("whole", 2, trials=80)
    folder = tmp_path / "runs" / "killed"
    path = str(tmp_path / "grid.yaml.j2")
    process = subprocess.Popen([sys.executable, "-c", DRIVER, path, str(folder)], env=os.environ)
    with process:
        until = time.monotonic() + 60
        while time.monotonic() < until and process.poll() is None and rows_of(folder) < 5:
            time.sleep(0.02)
        process.kill()
    assert 5 <= rows_of(folder) < rows_of(whole)
    run("killed", 2, resume=True, trials=80)
    assert table(folder) == table(whole)


SMALL = """\
sweep:
  name: small
  search:
    sampler: random
    trials: 6
    batch: 2
    axes:
      n: {randint: [0, 2]}
      y: {randint: [0, 3], when: n > 0}
---
!obj:pylearn2core.train.Train
a: {{ "score" }}
b: {{ n + (y if y is defined else 0) }}
"""


def test_a_search_of_fewer_points_than_it_seemed_to_have_is_through_when_it_ended(shared, tmp_path):
    (tmp_path / "small.yaml.j2").write_text(SMALL)
    spec, told = specs.load(tmp_path / "small.yaml.j2"), []
    terms = driver.Terms(on_progress=told.append, cluster=shared(1), runner_factory=FAKE)
    folder = tmp_path / "runs" / "small"
    outcome = driver.launch(spec, specs.first_batch(spec), folder, terms)
    assert (outcome.ending.kind, outcome.counts[FINISHED]) == (EndKind.FINISHED, 4)
    with closing(open_to_read(folder)) as store:
        assert len(store.batches()) < specs.source_of(spec).batches
        assert to_come(store) == 0
    told.clear()
    assert driver.resume(folder, terms).ending.kind is EndKind.FINISHED
    assert told == []  # there was nothing to be driven


IMPOSSIBLE = """\
sweep:
  name: impossible
  search: {{sampler: random, trials: 12, batch: {batch}, axes: {{x: {{uniform: [0, 1]}}}}}}
---
!obj:pylearn2core.train.Train
a: {{{{ "bad" if x > 0.2 else "score" }}}}
b: {{{{ x }}}}
"""


@pytest.mark.parametrize("batch", [4, 12])
def test_of_a_search_just_the_trials_fail_that_can_t_be_built(shared, tmp_path, batch):
    (tmp_path / "grid.yaml.j2").write_text(IMPOSSIBLE.format(batch=batch))
    spec = specs.load(tmp_path / "grid.yaml.j2")
    terms = driver.Terms(cluster=shared(1), runner_factory=FAKE)
    folder = tmp_path / "runs" / "impossible"
    driver.launch(spec, specs.first_batch(spec), folder, terms)
    trials, _, _ = table(folder)
    assert len(trials) == 12
    for _, _, values, state in trials:
        assert state is (FAILED if values["x"] > 0.2 else FINISHED)
    assert {state for *_, state in trials} == {FAILED, FINISHED}
