"""Sweeps whose source proposes batches, on a real Ray cluster and a real store."""

from __future__ import annotations

import signal
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, replace

import pytest

from sweeper import driver
from sweeper import spec as specs
from sweeper.records import EndKind, ExperimentText, History, Trial, TrialState
from sweeper.records.errors import InputError
from sweeper.runs.open import open_to_read
from sweeper.runs.parts import Part
from sweeper.spec import Proposal

FAKE = "sweep_fake_runner:FakeRunner"
MINIMUM = "{channel: valid_error, mode: min}"


@dataclass(frozen=True)
class Climb:
    """Proposes the trial with the most rows once more, and the two behind it."""

    trials: tuple[Trial, ...]
    texts: Mapping[str, ExperimentText]
    lag: int = 0
    batches: int | None = None
    expected: int | None = None

    def propose(self, batch: int, history: History) -> Proposal | None:
        seen = [values["x"] for values in history.pending]
        if history.ended:
            best = max(history.ended, key=lambda past: len(past.objective))
            seen.append(best.values["x"])
        at = max(seen, default=-1)
        following = self.trials[max(at, 0) : at + 3]
        return Proposal(following, self.texts) if at + 1 < len(self.trials) else None


@pytest.fixture
def sweep(shared, write_spec, tmp_path):
    """Launches so many trials from a source, or goes on with it: (outcome, run's folder)."""

    def run(number=9, name="one", *, workers=1, do="rows", resume=False, interrupt_at=None, **rest):
        spec = write_spec([(do, 1 + i) for i in range(number)], objective=MINIMUM)
        expansion = specs.expand(spec)
        source = Climb(expansion.trials, expansion.texts, **rest)
        run_dir = tmp_path / "runs" / name

        def tell(progress):
            if interrupt_at is not None and progress.done >= interrupt_at:
                signal.raise_signal(signal.SIGINT)

        terms = driver.Terms(
            on_progress=tell, cluster=shared(workers), runner_factory=FAKE, source=source
        )
        if resume:
            return driver.resume(run_dir, replace(terms, code_changed_ok=True)), run_dir
        return driver.launch(spec, source.propose(0, History()), run_dir, terms), run_dir

    return run


def table(run_dir):
    """What a run came to: its trials in order, with their batches and the objective at each row."""
    with closing(open_to_read(run_dir)) as store:
        rows = [(row.trial, row.epoch, row.data) for row in store.rows()]
        trials = [(one.ordinal, one.id, dict(one.values), one.state) for one in store.trials()]
        return trials, store.batches(), rows


def test_each_batch_follows_from_the_results_of_those_before_it(sweep):
    outcome, run_dir = sweep(9)
    trials, batches, rows = table(run_dir)
    assert (outcome.exit_code, outcome.ending.kind) == (0, EndKind.FINISHED)
    assert [values["x"] for _, _, values, _ in trials] == list(range(9))
    # 0 and 1, then 1 again with 2 and 3, then 3 again with 4 and 5: what is there is not run twice.
    assert batches == (0, 2, 4, 6, 8)
    assert len(rows) == sum(range(1, 10))


def test_a_sweep_is_the_same_on_one_worker_and_on_two(sweep):
    _, one = sweep(11, "one", workers=1, lag=1)
    _, two = sweep(11, "two", workers=2, lag=1)
    assert table(one) == table(two)
    assert table(one)[1] == (0, 2, 4, 6, 8, 10)


def test_a_sweep_that_was_interrupted_goes_on_as_if_it_never_was(sweep):
    _, whole = sweep(9, "whole", do="sleep")
    outcome, cut = sweep(9, "cut", do="sleep", interrupt_at=5)
    assert outcome.ending.kind is EndKind.INTERRUPTED
    assert len(table(cut)[0]) < 9
    outcome, _ = sweep(9, "cut", do="sleep", resume=True)
    assert outcome.exit_code == 0
    assert table(cut)[:2] == table(whole)[:2]


def test_a_run_whose_trials_are_all_over_goes_on_where_its_source_does(sweep):
    outcome, run_dir = sweep(2)
    assert outcome.counts[TrialState.FINISHED] == 2
    outcome, _ = sweep(6, resume=True)
    assert outcome.counts[TrialState.FINISHED] == 6
    assert table(run_dir)[1] == (0, 2, 4)


def test_a_source_s_fault_is_how_the_run_ends(sweep, monkeypatch):
    def propose(self, batch, history):
        if batch > 0:
            raise InputError("grid.yaml.j2, sweep.search: no such sampler.")
        return Proposal(self.trials[:2], self.texts)

    monkeypatch.setattr(Climb, "propose", propose)
    with pytest.raises(InputError, match=r"no such sampler"):
        sweep(4)


def test_a_sweep_that_grows_is_not_driven_in_parts(shared, write_spec, tmp_path):
    spec = write_spec([("rows", 1)] * 4, objective=MINIMUM)
    expansion = specs.expand(spec)
    source = Climb(expansion.trials, expansion.texts)
    driver.create(spec, source.propose(0, History()), tmp_path / "run")
    terms = driver.Terms(cluster=shared(1), runner_factory=FAKE, source=source, part=Part(0, 2))
    with pytest.raises(InputError, match=r"come in batches can't be driven in parts"):
        driver.resume(tmp_path / "run", terms)
