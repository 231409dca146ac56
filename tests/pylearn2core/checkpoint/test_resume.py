"""A training that goes on from its saved state is the one that never stopped, bit for bit."""

from __future__ import annotations

import random
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pylearn2core import checkpoint, paths
from pylearn2core.config import yaml_parse
from pylearn2core.datasets.dense_design_matrix import DenseDesignMatrix
from pylearn2core.errors import ConfigError
from pylearn2core.train import Train

TIMES = ("training_seconds_this_epoch", "total_seconds_last_epoch")

MLP = """
    !obj:pylearn2.models.mlp.MLP {
        nvis: 5,
        layers: [
            !obj:pylearn2.models.mlp.Sigmoid { layer_name: h, dim: 4, irange: .5 },
            !obj:pylearn2.models.mlp.Softmax { layer_name: y, n_classes: 3, irange: .5,
                max_col_norm: 1.5 },
        ],
    }"""

MOMENTUM = """
    algorithm: !obj:pylearn2.training_algorithms.sgd.SGD {
        learning_rate: .3, batch_size: 7, monitoring_dataset: *data,
        learning_rule: !obj:pylearn2.training_algorithms.learning_rule.Momentum {
            init_momentum: .2 },
        termination_criterion: !obj:pylearn2.termination_criteria.And { criteria: [
            !obj:pylearn2.termination_criteria.MonitorBased {
                channel_name: y_misclass, prop_decrease: .02, N: 4 },
            !obj:pylearn2.termination_criteria.EpochCounter { max_epochs: 9 },
        ]},
    },
    extensions: [
        !obj:pylearn2.training_algorithms.learning_rule.MomentumAdjustor {
            final_momentum: .8, start: 1, saturate: 6 },
        !obj:pylearn2.training_algorithms.sgd.MonitorBasedLRAdjuster {
            channel_name: objective },
        !obj:pylearn2.train_extensions.best_params.MonitorBasedSaveBest {
            channel_name: objective, store_best_model: true },
    ]"""

DROPOUT = """
    algorithm: !obj:pylearn2.training_algorithms.sgd.SGD {
        learning_rate: .1, batch_size: 7, monitoring_dataset: *data,
        cost: !obj:pylearn2.costs.mlp.dropout.Dropout { input_include_probs: { h: .8 },
            input_scales: { h: 1.25 } },
        learning_rule: !obj:pylearn2.training_algorithms.learning_rule.RMSProp {},
        update_callbacks: !obj:pylearn2.training_algorithms.sgd.ExponentialDecay {
            decay_factor: 1.01, min_lr: .01 },
        termination_criterion: !obj:pylearn2.termination_criteria.EpochCounter { max_epochs: 7 },
    },
    extensions: [
        !obj:pylearn2.training_algorithms.sgd.LinearDecayOverEpoch {
            start: 1, saturate: 4, decay_factor: .5 },
        !obj:pylearn2.training_algorithms.sgd.PolyakAveraging { start: 2 },
    ]"""

BGD = """
    algorithm: !obj:pylearn2.training_algorithms.bgd.BGD {
        cost: !obj:pylearn2.costs.mlp.Default {},
        batch_size: 9, updates_per_batch: 3, reset_alpha: false, conjugate: true,
        reset_conjugate: false, monitoring_dataset: *data,
        termination_criterion: !obj:pylearn2.termination_criteria.EpochCounter { max_epochs: 5 },
    }"""

ALGORITHMS = {"momentum": MOMENTUM, "dropout": DROPOUT, "bgd": BGD}


def digits_of(rows: int = 23) -> DenseDesignMatrix:
    rng = np.random.RandomState(1)
    y = rng.randint(3, size=(rows, 1))
    return DenseDesignMatrix(X=rng.normal(size=(rows, 5)) + y, y=y, y_labels=3)


def built(algorithm: str, extra: str = "") -> Train:
    text = f"""!obj:pylearn2.train.Train {{
    dataset: &data !obj:pylearn2core.tests_resume_data.digits_of {{}},
    model: {MLP},
    {ALGORITHMS[algorithm]},
    {extra}
}}"""
    train = yaml_parse.load(text)
    assert isinstance(train, Train)
    return train


@pytest.fixture(autouse=True)
def data_module(monkeypatch: pytest.MonkeyPatch) -> None:
    """The data set above under a name that YAML can import."""
    import sys
    from types import ModuleType

    import pylearn2core

    module = ModuleType("pylearn2core.tests_resume_data")
    module.digits_of = digits_of  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setattr(pylearn2core, "tests_resume_data", module, raising=False)


def results(train: Train) -> dict[str, Any]:
    """All that training leaves behind, but the times."""
    monitor = train.model.monitor
    found = {
        name: channel.val_record for name, channel in monitor.channels.items() if name not in TIMES
    }
    found |= {
        f"{name} {record}": getattr(channel, record)
        for name, channel in monitor.channels.items()
        for record in ("batch_record", "example_record", "epoch_record")
    }
    found |= {p.name: p.get_value().tobytes() for p in train.model.get_params()}
    found["seen"] = (monitor.get_epochs_seen(), monitor.get_examples_seen())
    for extension in train.extensions:
        best = getattr(extension, "best_model", None)
        if best is not None:
            found["best"] = [p.get_value().tobytes() for p in best.get_params()]
            found["best record"] = best.monitor.channels["objective"].val_record
        worker = getattr(extension, "_worker", None)
        if worker is not None:
            found["polyak"] = [m.get_value().tobytes() for m in worker.param_to_mean.values()]
    return found


def trained_until(train: Train, epoch: int, *, finish: bool) -> Train:
    """Trained until the record after `epoch` epochs; finish: and that epoch brought to its end."""
    loop = train.records()
    for record in loop:
        if record.epoch == epoch:
            break
    if finish:
        # A record comes before the extensions: go on, and stop before the next epoch.
        train._goes_on = lambda deadline: False  # type: ignore[method-assign]
        for _ in loop:
            pass
    return train


@pytest.mark.parametrize("algorithm", list(ALGORITHMS))
@pytest.mark.parametrize("finish", [True, False])
@pytest.mark.parametrize("epoch", [0, 3])
def test_a_resumed_training_equals_one_that_never_stopped(
    tmp_path: Path, algorithm: str, finish: bool, epoch: int
) -> None:
    whole = built(algorithm)
    whole.main_loop()
    first = trained_until(built(algorithm), epoch, finish=finish)
    checkpoint.save(first, tmp_path / "state")
    resumed = built(algorithm)
    # Numbers that only the file can set right.
    for param in resumed.model.get_params():
        param.set_value(param.get_value() + 1.0)
    checkpoint.load(resumed, tmp_path / "state")
    assert resumed.model.monitor.get_epochs_seen() == epoch
    resumed.main_loop()
    expected, got = results(whole), results(resumed)
    assert expected["seen"][0] > epoch + 1
    assert got == expected


def test_dropout_draws_new_masks_at_every_batch_and_epoch() -> None:
    train = trained_until(built("dropout"), 1, finish=True)
    states = [p["value"] for p in train.state_dict()["steps"] if isinstance(p["value"], dict)]
    keys = [state["device"] for state in states]
    assert len(keys) == 4  # two layers' masks in training, and two in the monitored objective
    again = trained_until(built("dropout"), 0, finish=True).state_dict()["steps"]
    before = [p["value"]["device"] for p in again if isinstance(p["value"], dict)]
    assert before[:2] == [None, None]
    assert all(key is not None for key in keys)


def test_a_criterion_goes_on_counting_where_it_was(tmp_path: Path) -> None:
    train = trained_until(built("momentum"), 3, finish=True)
    state = train.state_dict()
    counts = state["algorithm"]["parts"]["termination_criterion"][0]["parts"]["_criteria"]
    assert counts[1]["values"] == {"_epochs_before": 0}
    assert set(counts[0]["values"]) == {"countdown", "best_value"}


def test_a_longer_training_goes_on_from_a_finished_one(tmp_path: Path) -> None:
    short, long = built("dropout"), built("dropout")
    short.algorithm.termination_criterion._max_epochs = 3
    short.main_loop()
    long.load_state_dict(short.state_dict())
    long.main_loop()
    whole = built("dropout")
    whole.main_loop()
    assert results(long) == results(whole)


def test_a_train_with_a_checkpoint_path_goes_on_by_itself(tmp_path: Path) -> None:
    options = "checkpoint_path: run.ckpt, save_path: m.pkl, save_freq: 1, allow_overwrite: false"
    with paths.use(paths.Places(write=tmp_path)):
        loop = built("momentum", options).records()
        while next(loop).epoch < 4:  # the process dies while epoch 4 is looked at
            pass
        resumed = built("momentum", options)
        resumed.setup()
        assert resumed.model.monitor.get_epochs_seen() == 3
        resumed.main_loop()
        once_more = built("momentum", options)
        once_more.main_loop()
    whole = built("momentum")
    whole.main_loop()
    assert results(resumed) == results(whole)
    assert results(once_more) == results(whole)


def test_the_global_generators_are_kept_where_they_are_asked_for(tmp_path: Path) -> None:
    train = built("bgd")
    train.setup()
    np.random.seed(3)
    random.seed(4)
    checkpoint.save(train, tmp_path / "state", global_random=True)
    expected = np.random.rand(), random.random()
    checkpoint.load(built("bgd"), tmp_path / "state")
    assert (np.random.rand(), random.random()) == expected
    checkpoint.save(train, tmp_path / "without")
    before = np.random.get_state()[2], random.getstate()
    checkpoint.load(built("bgd"), tmp_path / "without")
    assert (np.random.get_state()[2], random.getstate()) == before


def test_the_file_has_no_pickle_and_its_arrays_have_names(tmp_path: Path) -> None:
    train = trained_until(built("dropout"), 1, finish=True)
    checkpoint.save(train, tmp_path / "state.npz")
    with np.load(tmp_path / "state.npz", allow_pickle=False) as arrays:
        W = arrays["model/params/h_W"]
    np.testing.assert_array_equal(W, train.model.get_params()[0].get_value())
    with zipfile.ZipFile(tmp_path / "state.npz") as file:
        assert all(name.endswith(".npy") or name == "contents.json" for name in file.namelist())


def test_an_extension_says_itself_what_its_state_is(tmp_path: Path) -> None:
    class Own:
        def __init__(self) -> None:
            self.calls: list[Callable[[], int]] = [lambda: 1]

        def setup(self, model: Any, dataset: Any, algorithm: Any) -> None: ...

        def on_monitor(self, model: Any, dataset: Any, algorithm: Any) -> None:
            self.calls.append(lambda: 1)

        def on_save(self, model: Any, dataset: Any, algorithm: Any) -> None: ...

        def state_dict(self) -> dict[str, Any]:
            return {"n": len(self.calls)}

        def load_state_dict(self, state: Any) -> None:
            self.calls = [lambda: 1] * state["n"]

    def with_own() -> tuple[Train, Own]:
        train, own = built("bgd"), Own()
        train.extensions.append(own)
        return train, own

    train, own = with_own()
    checkpoint.save(trained_until(train, 2, finish=True), tmp_path / "state")
    resumed, other = with_own()
    checkpoint.load(resumed, tmp_path / "state")
    assert len(other.calls) == len(own.calls) == 4


@pytest.mark.parametrize(
    ("other", "message"),
    [("bgd", "steps use other variables"), ("dropout", "steps use other variables")],
)
def test_another_experiments_state_is_refused(tmp_path: Path, other: str, message: str) -> None:
    state = trained_until(built("momentum"), 1, finish=True).state_dict()
    with pytest.raises(ConfigError, match=message):
        built(other).load_state_dict(state)


def test_more_extensions_than_were_saved_are_refused() -> None:
    state = trained_until(built("momentum"), 1, finish=True).state_dict()
    more = built("momentum")
    more.extensions.append(more.extensions[0])
    with pytest.raises(ConfigError, match="extensions: the saved training has 3 of these, this"):
        more.load_state_dict(state)


def test_what_is_no_checkpoint_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="there is no such file"):
        checkpoint.load(built("bgd"), tmp_path / "no")
    (tmp_path / "text").write_text("no zip")
    with pytest.raises(ConfigError, match=r"as a checkpoint of a training: File is not a zip"):
        checkpoint.load(built("bgd"), tmp_path / "text")
