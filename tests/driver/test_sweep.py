"""The driver, on a real Ray cluster and a real store, with a runner that has no engine."""

from __future__ import annotations

import signal
import time
from contextlib import closing

import pytest

from sweeper import driver
from sweeper import spec as specs
from sweeper.records import AttemptState, Ending, EndKind, TrialState
from sweeper.records.errors import ClusterError, InputError, StoreBusyError, StoreError
from sweeper.runs.open import open_to_drive, open_to_read
from sweeper.store.sql.store import SqlStore

FAKE = "sweep_fake_runner:FakeRunner"
MINIMUM = "{channel: valid_error, mode: min}"


@pytest.fixture
def run(shared, tmp_path):
    """Launches a spec and returns (outcome, what was told, the run's folder)."""

    def launch(spec, workers=1, factory=FAKE, on_progress=None):
        told = []
        terms = driver.Terms(
            on_progress=lambda one: (told.append(one), on_progress and on_progress(one)),
            cluster=shared(workers),
            runner_factory=factory,
        )
        outcome = driver.launch(spec, specs.expand(spec), tmp_path / "runs" / "one", terms)
        return outcome, told, tmp_path / "runs" / "one"

    return launch


def read(run_dir):
    return closing(open_to_read(run_dir))


def count(outcome, state):
    return outcome.counts[state]


def test_every_trial_finishes_and_every_row_is_kept(run, write_spec):
    outcome, told, run_dir = run(write_spec([("rows", 3)] * 20, objective=MINIMUM), workers=2)
    assert (outcome.exit_code, outcome.ending.reason) == (0, "")
    assert count(outcome, TrialState.FINISHED) == 20
    with read(run_dir) as store:
        assert len(list(store.rows())) == 60
        assert {a.state for a in store.attempts()} == {AttemptState.FINISHED}
        assert store.sweep().ending.kind == "finished"
    last = told[-1]
    assert (last.done, last.total, last.running, last.failed) == (20, 20, 0, 0)
    assert last.best is not None
    assert last.best[1] == pytest.approx(1 / 3 + 1)  # the fake's 1 / (epoch + 1) + attempt


def test_the_run_s_folder_has_the_spec_the_logs_and_latest_points_at_it(run, write_spec):
    spec = write_spec([("rows", 1)])
    _, _, run_dir = run(spec)
    assert (run_dir / "spec.yaml.j2").read_text() == spec.text
    assert (run_dir / "logs" / "worker-0.log").is_file()
    assert run_dir.stat().st_mode & 0o077 == 0
    assert (run_dir.parent / "latest").resolve() == run_dir.resolve()


def test_a_trial_that_raises_fails_alone_and_the_exit_code_is_1(run, write_spec):
    outcome, told, run_dir = run(write_spec([("rows", 1), ("fail", 0), ("rows", 1)]))
    assert outcome.exit_code == 1
    assert count(outcome, TrialState.FAILED) == 1
    assert told[-1].failed == 1
    with read(run_dir) as store:
        (failed,) = [a for a in store.attempts() if a.state is AttemptState.FAILED]
    assert (failed.message, failed.traceback) == ("ValueError: oops", "Tr")


def test_a_trial_that_takes_its_worker_down_is_tried_again_and_others_finish(run, write_spec):
    work = [("rows", 1)] * 4 + [("die", 0), ("die once", 0)] + [("rows", 1)] * 14
    outcome, _, run_dir = run(write_spec(work, retries=1), workers=2)
    assert outcome.exit_code == 1
    assert count(outcome, TrialState.FINISHED) == 19
    with read(run_dir) as store:
        made = {}
        for trial in store.trials():
            states = [a.state for a in store.attempts(trial.id)]
            made.setdefault(trial.values["do"], []).append(states)
    (died,), (died_once,) = made["die"], made["die once"]
    assert set(died) == {AttemptState.LOST}
    assert died_once[-1] is AttemptState.FINISHED
    assert all(states[-1] is AttemptState.FINISHED for states in made["rows"])


def test_a_text_that_cannot_be_built_ends_the_sweep_with_its_message(run, write_spec):
    outcome, _, run_dir = run(write_spec([("bad", "Sofmax")] * 12))
    assert outcome.exit_code == 2
    with read(run_dir) as store:
        assert store.sweep().ending == outcome.ending
    why = "grid.yaml.j2, line 5: no class 'Sofmax'. Of 12 trials of this shape 3 were tried"
    assert outcome.ending.reason.startswith(why)
    assert count(outcome, TrialState.FAILED) == 3
    assert count(outcome, TrialState.PENDING) == 9


def test_the_sweep_ends_when_its_first_ten_trials_all_failed(run, write_spec):
    outcome, _, run_dir = run(write_spec([("fail", 0)] * 200))
    assert outcome.exit_code == 1
    given_up = "of the first 10 trials had failed; the last one: ValueError: oops"
    assert outcome.ending.reason.endswith(given_up)
    with read(run_dir) as store:
        assert store.sweep().ending == outcome.ending
    assert 10 <= count(outcome, TrialState.FAILED) < 200
    with read(run_dir) as store:
        assert store.sweep().ending.kind == "failures"


def test_an_objective_that_no_trial_records_ends_the_sweep_at_its_first_row(run, write_spec):
    spec = write_spec([("sleep", 1000)] * 3, objective="{channel: valid_eror, mode: min}")
    outcome, _, run_dir = run(spec)
    assert outcome.exit_code == 2
    assert "Did you mean 'valid_error'?" in outcome.ending.reason
    assert "Its channels are: epoch_seconds, valid_error." in outcome.ending.reason
    with read(run_dir) as store:
        assert {a.state for a in store.attempts()} == {AttemptState.INTERRUPTED}
    assert count(outcome, TrialState.PENDING) == 3


def ctrl_c(times=1, pressed=None):
    """Presses it once trials run that were not the first of their text. pressed: when it did."""
    left = [signal.SIGINT] * times

    def press(progress):
        if progress.done and progress.running and left:
            if pressed is not None:
                pressed.append(time.monotonic())
            signal.raise_signal(left.pop())

    return press


def test_ctrl_c_records_running_attempts_as_interrupted_and_resume_finishes_the_rest(
    run, write_spec, shared
):
    spec = write_spec([("rows", 1)] * 2 + [("sleep", 40)] * 3)
    outcome, told, run_dir = run(spec, on_progress=ctrl_c())
    assert (outcome.exit_code, outcome.ending.reason) == (130, "interrupted by Ctrl-C")
    assert told[-1].message == "ending: interrupted by Ctrl-C (Ctrl-C again ends it at once)"
    with read(run_dir) as store:
        assert store.sweep().ending.kind == "interrupted"
        before = {a.trial: a for a in store.attempts() if a.state is AttemptState.FINISHED}
        assert any(a.state is AttemptState.INTERRUPTED for a in store.attempts())
        assert all(a.state.is_over for a in store.attempts())

    told = []
    outcome = driver.resume(
        run_dir, driver.Terms(on_progress=told.append, cluster=shared(1), runner_factory=FAKE)
    )
    assert outcome.exit_code == 0
    assert count(outcome, TrialState.FINISHED) == 5
    assert told[0].done == len(before)
    with read(run_dir) as store:
        for trial in before:
            assert [a.number for a in store.attempts(trial)] == [1]


def test_ctrl_c_twice_ends_a_trial_that_does_not_listen_at_once(run, write_spec):
    spec = write_spec([("rows", 1), ("stuck", 0)])
    pressed = []
    outcome, _, run_dir = run(spec, on_progress=ctrl_c(2, pressed))
    assert outcome.exit_code == 130
    assert time.monotonic() - pressed[0] < 9  # of 1,000 s, and of the patience of 10 s
    with read(run_dir) as store:
        (stuck,) = [a for a in store.attempts() if a.state is not AttemptState.FINISHED]
    assert stuck.state is AttemptState.INTERRUPTED
    assert count(outcome, TrialState.PENDING) == 1


def test_resuming_a_run_in_which_nothing_is_left_starts_nothing(run, write_spec):
    outcome, _, run_dir = run(write_spec([("rows", 1)]))
    again = driver.resume(run_dir, driver.Terms())
    assert again.counts == outcome.counts
    assert again.exit_code == 0


def test_attempts_that_a_dead_driver_left_open_become_interrupted(run, write_spec, shared):
    _, _, run_dir = run(write_spec([("rows", 2)] * 3))
    with closing(open_to_drive(run_dir)) as store:  # as `kill -9` would leave it
        engine = store._file.raw
        engine.execute("UPDATE attempts SET state = 'running', ended = NULL")
        engine.execute("UPDATE trials SET state = 'running'")
        engine.execute("COMMIT") if engine.in_transaction else None
    outcome = driver.resume(run_dir, driver.Terms(cluster=shared(1), runner_factory=FAKE))
    assert count(outcome, TrialState.FINISHED) == 3
    with read(run_dir) as store:
        for trial in store.trials():
            states = [a.state for a in store.attempts(trial.id)]
            assert states == [AttemptState.INTERRUPTED, AttemptState.FINISHED]


def leave_as_killed(run_dir, *statements):
    """Change the store of a run, as `kill -9` of its driver would have left it."""
    with closing(open_to_drive(run_dir)) as store:
        raw = store._file.raw
        for statement in statements:
            raw.execute(statement)
        raw.execute("COMMIT") if raw.in_transaction else None


def test_resume_uses_no_attempt_s_number_that_a_dead_driver_may_have_used(run, write_spec, shared):
    _, _, run_dir = run(write_spec([("rows", 1)] * 3))
    leave_as_killed(
        run_dir,
        "DELETE FROM rows",
        "DELETE FROM attempts",
        "UPDATE trials SET attempts = 0, state = 'pending'",
        "UPDATE trials SET state = 'leased' WHERE ordinal = 1",
    )
    with read(run_dir) as store:
        ids = [trial.id for trial in store.trials()]
    (run_dir / "trials" / ids[2] / "a3").mkdir(parents=True)
    driver.resume(run_dir, driver.Terms(cluster=shared(1), runner_factory=FAKE))
    with read(run_dir) as store:
        assert [[a.number for a in store.attempts(one)] for one in ids] == [[1], [2], [4]]


def test_a_run_that_is_resumed_is_the_latest(run, write_spec):
    _, _, run_dir = run(write_spec([("rows", 1)]))
    latest = run_dir.parent / "latest"
    latest.unlink()
    driver.resume(run_dir, driver.Terms())
    assert latest.resolve() == run_dir.resolve()


def test_a_resume_that_asks_for_too_many_workers_leaves_the_run_as_it_was(run, write_spec):
    _, _, run_dir = run(write_spec([("rows", 1)]))
    leave_as_killed(run_dir, "UPDATE trials SET state = 'pending'")
    with read(run_dir) as store:
        before = store.sweep()
    with pytest.raises(InputError, match=r"workers: 9999 were asked for"):
        driver.resume(run_dir, driver.Terms(workers=9999))
    with read(run_dir) as store:
        assert store.sweep() == before


def test_failures_before_a_resume_count_and_so_do_trials_that_finished(run, write_spec, shared):
    spec = write_spec([("rows", 1)] + [("fail", 0)] * 12)
    outcome, _, run_dir = run(spec)
    assert count(outcome, TrialState.FAILED) == 12
    leave_as_killed(run_dir, "UPDATE trials SET state = 'pending' WHERE ordinal > 1")
    told = []
    again = driver.resume(
        run_dir, driver.Terms(on_progress=told.append, cluster=shared(1), runner_factory=FAKE)
    )
    assert (again.exit_code, again.ending.reason) == (1, "")
    assert (told[0].done, told[0].failed) == (2, 1)
    assert (told[-1].done, told[-1].failed) == (13, 12)


def test_resume_refuses_changed_modules_unless_it_is_told_to_go_on(run, write_spec, tmp_path):
    (tmp_path / "loss.py").write_text("a = 1\n")
    _, _, run_dir = run(write_spec([("rows", 1)]))
    (tmp_path / "loss.py").write_text("a = 2\n")
    with pytest.raises(InputError, match=r"loss\.py \(changed\).*--code-changed-ok"):
        driver.resume(run_dir, driver.Terms())
    outcome = driver.resume(run_dir, driver.Terms(code_changed_ok=True))
    assert outcome.exit_code == 0


def test_a_driver_beats_as_soon_as_its_cluster_is_up(run, write_spec, monkeypatch):
    beats = []
    monkeypatch.setattr(
        SqlStore, "heartbeat", lambda _store, generation, _now: beats.append(generation)
    )
    run(write_spec([("rows", 1)]), on_progress=lambda _: beats or beats.append("none"))
    assert beats[:2] == ["none", 1]


def test_resume_refuses_while_a_driver_lives(run, write_spec):
    _, _, run_dir = run(write_spec([("rows", 1)]))
    with closing(open_to_drive(run_dir)) as store:
        store.claim("elsewhere", 4711, time.time())
    with pytest.raises(StoreBusyError, match=r"4711 on host elsewhere"):
        driver.resume(run_dir, driver.Terms())


def test_a_driver_whose_run_was_taken_over_writes_no_more(run, write_spec, tmp_path):
    run_dir = tmp_path / "runs" / "one"
    taken = []

    def take_over(_progress):
        if not taken and (run_dir / "logs" / "worker-0.log").exists():
            taken.append(True)
            with closing(open_to_drive(run_dir)) as store:
                raw = store._file.raw
                raw.execute("UPDATE sweep SET generation = generation + 1")
                raw.execute("COMMIT") if raw.in_transaction else None

    with pytest.raises(StoreError, match="another driver took this run over"):
        run(write_spec([("sleep", 100)] * 4), on_progress=take_over)


def test_a_worker_that_cannot_work_ends_the_sweep_as_the_cluster_s_fault(run, write_spec, tmp_path):
    with pytest.raises(ClusterError, match="ImportError: no module named jax"):
        run(write_spec([("rows", 1)]), factory="sweep_fake_runner:broken")
    with read(tmp_path / "runs" / "one") as store:
        assert store.sweep().ending.kind == "cluster"
        assert "no module named jax" in store.sweep().ending.reason


def test_a_second_launch_into_the_same_folder_is_refused_and_changes_nothing(run, write_spec):
    first = write_spec([("rows", 1)])
    _, _, run_dir = run(first)
    with pytest.raises(StoreError, match="there is a store already"):
        run(write_spec([("rows", 2)]))
    assert (run_dir / "spec.yaml.j2").read_text() == first.text


def test_a_folder_that_cannot_be_made_is_the_user_s_to_mend(write_spec, tmp_path, shared):
    (tmp_path / "file").write_text("")
    spec = write_spec([("rows", 1)])
    with pytest.raises(InputError, match=r"folder can't be made.*--out"):
        driver.launch(
            spec, specs.expand(spec), tmp_path / "file" / "run", driver.Terms(cluster=shared(1))
        )


class Broken:
    """A cluster that can't be entered."""

    workers = 1

    def __init__(self, error):
        self.error = error

    def __enter__(self):
        raise self.error

    def __exit__(self, kind, error, trace):
        pass


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (InputError("oops"), "input"),
        (ClusterError("oops"), "cluster"),
        (StoreError("oops"), "store"),
        (RuntimeError("oops"), "crashed"),
        (KeyboardInterrupt("oops"), "interrupted"),
    ],
)
def test_what_ends_a_driver_is_recorded_as_the_end_of_its_run(write_spec, tmp_path, error, kind):
    spec = write_spec([("rows", 1)])
    terms = driver.Terms(cluster=Broken(error))
    with pytest.raises(type(error), match="oops"):
        driver.launch(spec, specs.expand(spec), tmp_path / "run", terms)
    with read(tmp_path / "run") as store:
        assert store.sweep().ending == Ending(EndKind(kind), "oops")
