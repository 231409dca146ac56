"""An attempt that goes on from an earlier one's checkpoint ends as if there had been no break."""

from __future__ import annotations

import os

import numpy as np
import pytest
from broken_off import TRAIN, WALK, phases

from pylearn2core.config.nodes import OUT
from sweeper.records import (
    AttemptState,
    Began,
    Checkpointing,
    Ended,
    ExperimentText,
    Row,
    TrialTask,
)
from sweeper.records.errors import DamageError
from sweeper.workers.interruption import Interruption
from sweeper.workers.runner import Runner, checkpoint_file
from sweeper.workers.runner.checkpoint_file import FILE


# ------------------------------------------------------------------ going on
def test_an_interrupted_train_goes_on_bit_for_bit(bench, whole):
    expected = whole(TRAIN, (1, 0.2, 7), pack=1)
    runs = bench()
    first = runs.run(TRAIN, (1, 0.2, 7), pack=1, interrupt_at=(0, 3))
    assert first.end() is AttemptState.INTERRUPTED
    assert list(first.values()) == [(0, 0), (0, 1), (0, 2), (0, 3)]
    second = runs.run(TRAIN, (1, 0.2, 7), pack=1, number=2, known=(0, 3))
    assert second.end() is AttemptState.FINISHED
    assert second.ends["t0"].info["resumed_from"] == {"attempt": 1, "phase": 0, "epoch": 3}
    assert list(second.values()) == [(0, 4), (0, 5), (0, 6), (0, 7)]
    assert first.values() | second.values() == expected.values()


def test_trials_of_a_pack_go_on_as_if_undisturbed(bench, whole):
    points = [(seed, rate, 6) for seed, rate in enumerate((0.05, 0.1, 0.2, 0.4, 0.3))]
    expected = whole(TRAIN, *points, pack=4)
    runs = bench()
    first = runs.run(TRAIN, *points, pack=4, interrupt_at=(0, 2))
    assert sorted(first.ends) == ["t0", "t1", "t2", "t3"]  # the fifth had not begun
    second = runs.run(TRAIN, *points, pack=4, number=2, known=(0, 2))
    for trial in ("t0", "t1", "t2", "t3", "t4"):
        both = first.values(trial) | second.values(trial)
        assert both.keys() == expected.values(trial).keys()
        for at, values in expected.values(trial).items():
            for name, value in values.items():
                np.testing.assert_allclose(both[at][name], value, rtol=1e-9, err_msg=name)
        assert ((0, 2) in second.values(trial)) == (trial == "t4")


def test_after_a_worker_died_the_next_attempt_gives_the_lost_rows_again_and_goes_on(bench, whole):
    expected = whole(TRAIN, (1, 0.2, 8), pack=1)
    runs = bench(epochs=2)
    runs.run(TRAIN, (1, 0.2, 8), pack=1, stop_at=(0, 5))  # saved after epochs 2 and 4
    second = runs.run(TRAIN, (1, 0.2, 8), pack=1, number=2, known=(0, 2))
    assert list(second.values()) == [(0, epoch) for epoch in range(3, 9)]
    assert {row.attempt for row in second.rows["t0"]} == {2}
    assert second.values() == {at: v for at, v in expected.values().items() if at > (0, 2)}


def test_rows_that_were_recorded_after_the_checkpoint_are_made_anew_from_there(bench, whole):
    expected = whole(WALK, (9, "plain"))
    runs = bench(epochs=2)
    runs.run(WALK, (9, "plain"), stop_at=(0, 7))
    second = runs.run(WALK, (9, "plain"), number=2, known=(0, 7))
    assert second.values() == {at: v for at, v in expected.values().items() if at > (0, 6)}


def test_an_attempt_after_one_that_went_on_goes_on_too(bench, whole):
    expected = whole(WALK, (12, "plain"))
    runs = bench(epochs=5)
    runs.run(WALK, (12, "plain"), stop_at=(0, 6))
    runs.run(WALK, (12, "plain"), number=2, known=(0, 4), stop_at=(0, 8))
    third = runs.run(WALK, (12, "plain"), number=3, known=(0, 4))  # nothing of the second came
    assert third.ends["t0"].info["resumed_from"] == {"attempt": 1, "phase": 0, "epoch": 5}
    assert third.values() == {at: v for at, v in expected.values().items() if at > (0, 4)}


def test_a_checkpoint_is_saved_by_seconds_too(bench):
    runs = bench(checkpoint=Checkpointing(seconds=1e-9))
    runs.run(WALK, (5, "plain"), stop_at=(0, 4))
    second = runs.run(WALK, (5, "plain"), number=2, known=(0, 3))
    assert list(second.values()) == [(0, 4), (0, 5)] or list(second.values()) == [(0, 5)]
    hours = bench("other", checkpoint=Checkpointing(seconds=3600.0))
    hours.run(WALK, (5, "plain"), stop_at=(0, 4))
    assert not hours.out(1).exists()


def test_a_state_that_is_no_plain_data_is_kept_too(bench, whole):
    expected = whole(WALK, (5, "own class"))
    runs = bench()
    first = runs.run(WALK, (5, "own class"), interrupt_at=(0, 2))
    second = runs.run(WALK, (5, "own class"), number=2, known=(0, 2))
    assert len(second.values()) == 3
    assert first.values() | second.values() == expected.values()


# ------------------------------------------------------------------ starting again
def test_an_experiment_without_a_state_starts_again(bench, whole, caplog):
    text = "!obj:checkpoint_experiments.Forgetful { steps: 5 }\n"
    expected = whole(text, ())
    runs = bench(epochs=1)
    runs.run(text, (), interrupt_at=(0, 3))
    second = runs.run(text, (), number=2, known=(0, 3))
    assert second.values() == expected.values()
    assert not caplog.records


def test_a_state_that_cannot_be_had_is_logged_once_and_the_trial_goes_on(bench, caplog):
    runs = bench(epochs=1)
    heard = runs.run(WALK, (5, "breaks"))
    assert (heard.end(), len(heard.values())) == (AttemptState.FINISHED, 5)
    (said,) = [record.getMessage() for record in caplog.records]
    assert said == "no checkpoint of t0/a1: RuntimeError: no state today"


def test_a_folder_that_cannot_be_written_costs_the_checkpoint_alone(bench, caplog):
    runs = bench(epochs=1)
    runs.out(1).parent.mkdir(parents=True)
    runs.out(1).write_text("in the way")
    assert runs.run(WALK, (3, "plain")).end() is AttemptState.FINISHED
    assert "no checkpoint of t0/a1" in caplog.text


@pytest.mark.parametrize("damage", ["", "garbage", "half"])
def test_a_damaged_checkpoint_is_passed_over_for_an_older_one(bench, whole, caplog, damage):
    expected = whole(WALK, (12, "plain"))
    runs = bench(epochs=3)
    runs.run(WALK, (12, "plain"), stop_at=(0, 4))
    runs.run(WALK, (12, "plain"), number=2, known=(0, 4), stop_at=(0, 7))
    path = runs.out(2) / FILE
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2] if damage == "half" else damage.encode())
    third = runs.run(WALK, (12, "plain"), number=3, known=(0, 7))
    assert third.ends["t0"].info["resumed_from"] == {"attempt": 1, "phase": 0, "epoch": 3}
    assert third.values() == {at: v for at, v in expected.values().items() if at > (0, 3)}
    assert "attempt 2's checkpoint is passed over" in caplog.text


def test_another_trial_s_checkpoint_is_passed_over_and_gives_no_wrong_rows(bench, whole, caplog):
    points = (6, "plain"), (9, "plain")
    expected = whole(WALK, *points)
    runs = bench(epochs=2)
    runs.run(WALK, *points, stop_at=(0, 5))  # the worker dies before it comes to t1
    runs.out(1, "t1").mkdir(parents=True)
    (runs.out(1, "t1") / FILE).write_bytes((runs.out(1) / FILE).read_bytes())
    second = runs.run(WALK, *points, number=2, known=(0, 4))
    assert second.values("t1") == expected.values("t1")
    assert "no checkpoint of attempt 1 of trial t1 (it is of attempt 1 of trial t0)" in caplog.text


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
@pytest.mark.parametrize(("how", "is_taken"), [("own class", False), ("plain", True)])
def test_another_user_s_pickle_is_not_loaded(bench, whole, caplog, how, is_taken):
    expected = whole(WALK, (6, how))
    runs = bench(epochs=2)
    runs.run(WALK, (6, how), stop_at=(0, 5))
    os.chown(runs.out(1) / FILE, 12345, 12345)
    second = runs.run(WALK, (6, how), number=2, known=(0, 4))
    assert ("resumed_from" in second.ends["t0"].info) is is_taken
    assert second.values().items() <= expected.values().items()
    assert ("another user's file, and holds a pickle" in caplog.text) is not is_taken


def test_damage_of_a_checkpoint_says_what_what_is_left_and_what_comes(tmp_path):
    path = tmp_path / FILE
    path.write_bytes(b"PK")
    with pytest.raises(
        DamageError, match=r"npz: damaged, .*no checkpoint of attempt 3 of trial t7"
    ):
        checkpoint_file.read(path, "t7", 3)


def test_a_checkpoint_before_which_rows_were_lost_is_passed_over(bench, whole, caplog, monkeypatch):
    expected = whole(WALK, (9, "plain"))
    monkeypatch.setattr("sweeper.workers.runner.keeper.TAIL_S", -1.0)
    runs = bench(epochs=2)
    runs.run(WALK, (9, "plain"), stop_at=(0, 7))
    second = runs.run(WALK, (9, "plain"), number=2, known=(0, 2))  # its tail has rows 5 and 6
    assert second.values() == expected.values()
    assert "resumed_from" not in second.ends["t0"].info
    assert "attempt 1's checkpoint is passed over: rows before it are lost" in caplog.text


def test_a_state_that_is_refused_leaves_a_fresh_start_as_fresh_as_ever(bench, whole, caplog):
    expected = whole(WALK, (5, "refuses"))
    runs = bench()
    runs.run(WALK, (5, "refuses"), interrupt_at=(0, 3))
    (runs.out(1) / "left.txt").write_text("of the first attempt")
    second = runs.run(WALK, (5, "refuses"), number=2, known=(0, 3))
    assert second.values() == expected.values()
    assert "passed over: ValueError: not mine" in caplog.text
    assert not runs.out(2).exists()


# ------------------------------------------------------------------ phases
def test_earlier_documents_do_not_run_again_and_their_files_are_there(bench, whole):
    text = phases("one", "two", "three")
    expected = whole(text, (OUT,))
    assert expected.values()[1, 1]["built"] == 4.0  # phase 1 reads what phase 0 wrote
    runs = bench(epochs=2)
    first = runs.run(text, (OUT,), stop_at=(1, 3))
    second = runs.run(text, (OUT,), number=2, known=(1, 3))
    assert list(second.values()) == [(1, 3), (1, 4), *((2, epoch) for epoch in range(1, 5))]
    assert first.values() | second.values() == expected.values()
    assert {path.name for path in runs.out(2).iterdir()} == {"one.txt", "two.txt", "three.txt"}
    assert (runs.out(1) / "two.txt").read_text() == "xxx"  # the old attempt's own stays as it was


PRETRAINED = """
- &first !obj:pylearn2core.train.Train {
    dataset: &train !obj:pylearn2core.datasets.digits.Digits { which_set: valid },
    model: &dae !obj:pylearn2core.models.autoencoder.DenoisingAutoencoder {
        nvis: 64, nhid: 7, irange: 0.05, act_enc: sigmoid, act_dec: null,
        corruptor: !obj:pylearn2core.corruption.BinomialCorruptor { corruption_level: 0.3 } },
    algorithm: !obj:pylearn2core.training_algorithms.sgd.SGD {
        learning_rate: 0.05, batch_size: 150, monitoring_dataset: *train,
        cost: !obj:pylearn2core.costs.autoencoder.MeanSquaredReconstructionError {},
        termination_criterion: !obj:pylearn2core.termination_criteria.EpochCounter {
            max_epochs: 3 } } }
- !obj:pylearn2core.train.Train {
    dataset: &coded !obj:pylearn2core.datasets.transformer_dataset.TransformerDataset {
        raw: *train, transformer: *dae },
    model: !obj:pylearn2core.models.autoencoder.Autoencoder {
        nvis: 7, nhid: 3, irange: 0.05, act_enc: sigmoid, act_dec: null },
    algorithm: !obj:pylearn2core.training_algorithms.sgd.SGD {
        learning_rate: 0.05, batch_size: 150, monitoring_dataset: *coded,
        cost: !obj:pylearn2core.costs.autoencoder.MeanSquaredReconstructionError {},
        termination_criterion: !obj:pylearn2core.termination_criteria.EpochCounter {
            max_epochs: 4 } } }
"""


@pytest.mark.parametrize("at", [(0, 2), (1, 0), (1, 2)])
def test_phases_that_share_a_trained_layer_go_on_bit_for_bit(bench, whole, at):
    expected = whole(PRETRAINED, (), pack=1)
    assert len(expected.values()) == 9, expected.ends["t0"].message
    runs = bench()
    first = runs.run(PRETRAINED, (), pack=1, interrupt_at=at)
    second = runs.run(PRETRAINED, (), pack=1, number=2, known=at)
    assert min(second.values()) > at
    assert first.values() | second.values() == expected.values()


# ------------------------------------------------------------------ what is left
@pytest.mark.parametrize(("how", "outcome"), [("plain", "finished"), ("raises at 5", "failed")])
def test_a_trial_that_came_to_its_end_leaves_no_checkpoint(bench, how, outcome):
    runs = bench(epochs=1)
    runs.run(WALK, (9, how), stop_at=(0, 2))
    assert (runs.out(1) / FILE).exists()
    (runs.out(1) / f".{FILE}.x1").write_text("half")  # of a worker that was killed as it wrote
    assert runs.run(WALK, (9, how), number=2, known=(0, 2)).end() == outcome
    assert not runs.out(1).exists()
    assert not runs.out(2).exists()


# ------------------------------------------------------------------ one trial's interrupt
def test_one_trial_is_interrupted_and_the_others_of_its_lease_go_on(bench):
    runs, flag, items = bench(), Interruption(), []
    tasks = [TrialTask(f"t{k}", 1, "text", (k, 0.1, 4), k, 4) for k in range(5)]
    texts = {"text": ExperimentText("grid.yaml.j2", TRAIN, tuple(range(1, 99)))}
    for item in Runner(runs.setup, 0).run(tasks, texts, flag):
        items.append(item)
        if isinstance(item, Row) and (item.trial, item.epoch) == ("t0", 2):
            flag.ask("t0")
            flag.ask("t4")  # waits for a slot of the pack
    ends = {item.trial: item.outcome for item in items if isinstance(item, Ended)}
    others = dict.fromkeys(("t1", "t2", "t3"), "finished")
    assert ends == {"t0": "interrupted", **others, "t4": "interrupted"}
    assert max(item.epoch for item in items if isinstance(item, Row) and item.trial == "t0") == 2
    assert "t4" not in {item.trial for item in items if isinstance(item, Began | Row)}
    assert (runs.out(1) / FILE).exists()


def test_an_interrupt_before_the_first_row_ends_an_attempt_at_once(bench):
    runs, flag, items = bench(), Interruption(), []
    task = TrialTask("t0", 1, "text", (0, 0.1, 4), 0)
    texts = {"text": ExperimentText("grid.yaml.j2", TRAIN, tuple(range(1, 99)))}
    for item in Runner(runs.setup, 0).run([task], texts, flag):
        items.append(item)
        flag.set()
    assert not [item for item in items if isinstance(item, Row)]
    assert isinstance(items[-1], Ended)
    assert items[-1].outcome is AttemptState.INTERRUPTED
    assert not runs.out(1).exists()
