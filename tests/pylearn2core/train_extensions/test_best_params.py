from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.special import log_softmax

from pylearn2core import paths
from pylearn2core.costs.mlp import Default
from pylearn2core.datasets.dense_design_matrix import DenseDesignMatrix
from pylearn2core.errors import ConfigError
from pylearn2core.train import Train
from pylearn2core.train_extensions.best_params import KeepBestParams, MonitorBasedSaveBest
from pylearn2core.training_algorithms.polyak import PolyakAveraging
from pylearn2core.utils import serial


def go(extension: Any, model: Any, values: list[float]) -> None:
    """Monitor these values; the bias is the number of the record meanwhile."""
    extension.setup(model, None, None)
    for epoch, value in enumerate(values):
        model.layers[0].set_biases(np.full(3, float(epoch)))
        model.monitor.record(value)
        extension.on_monitor(model, None, None)


def bias(model: Any) -> float:
    return float(model.layers[0].get_biases()[0])


@pytest.mark.parametrize(
    ("kwargs", "values", "best"),
    [
        ({}, [3.0, 1.0, 2.0, 1.0], 1),
        ({"higher_is_better": True}, [3.0, 1.0, 4.0, 1.0], 2),
        ({"start_epoch": 2}, [3.0, 1.0, 2.0, 2.5], 2),
        ({}, [3.0, math.nan, 2.0, math.inf], 2),
    ],
)
def test_the_model_of_the_best_record_is_kept(
    kwargs: Any, values: list[float], best: int, model: Any, tmp_path: Path
) -> None:
    extension = MonitorBasedSaveBest(
        "ch", save_path=str(tmp_path / "best.pkl"), store_best_model=True, **kwargs
    )
    go(extension, model, values)
    assert extension.best_cost == values[best]
    assert bias(extension.best_model) == best
    assert bias(serial.load(tmp_path / "best.pkl")) == best
    assert bias(model) == len(values) - 1
    assert model.tag["MonitorBasedSaveBest"]["best_cost"] == values[best]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["best.pkl"]


def test_a_relative_path_leads_to_the_folder_for_writing(model: Any, tmp_path: Path) -> None:
    with paths.use(paths.Places(write=tmp_path)):
        go(MonitorBasedSaveBest("ch", save_path="a/best.pkl"), model, [1.0])
    assert (tmp_path / "a" / "best.pkl").exists()
    tag = model.tag["MonitorBasedSaveBest"]
    assert tag["save_path"] == str(tmp_path / "a" / "best.pkl")
    assert tag["channel_name"] == "ch"


def test_keeping_the_best_model_nowhere_is_refused() -> None:
    with pytest.raises(ConfigError, match="give save_path, or set store_best_model"):
        MonitorBasedSaveBest("ch")


def test_a_channel_that_is_not_there_is_named_with_those_that_are(model: Any) -> None:
    with pytest.raises(ConfigError, match=r"no channel 'cost'.*It has: ch"):
        go(MonitorBasedSaveBest("cost", store_best_model=True), model, [1.0])


def test_keep_best_params_measures_the_cost_over_all_rows(model: Any, rows: Any) -> None:
    X, y = rows
    extension = KeepBestParams(model, Default(), DenseDesignMatrix(X=X, y=y, y_labels=3), 4)

    def cost() -> float:
        z = X @ model.layers[0].get_weights() + model.layers[0].get_biases()
        return float(-log_softmax(z, axis=1)[np.arange(10), y.ravel()].mean())

    costs = []
    for scale in (2.0, 0.5, 1.0):
        model.layers[0].set_biases(scale * np.array([1.0, -1.0, 0.0]))
        extension.on_monitor(model, None, None)
        costs.append(cost())
    assert extension.best_cost == pytest.approx(min(costs), rel=1e-12)
    best = (2.0, 0.5, 1.0)[int(np.argmin(costs))]
    np.testing.assert_allclose(extension.get_best_params()[0], best * np.array([1.0, -1.0, 0.0]))


@pytest.mark.parametrize("path", [".", "models/"])
def test_a_folder_to_save_to_is_told_when_it_is_built(path: str) -> None:
    with pytest.raises(ConfigError, match=r"^save_path: expected a file, got .* is a folder"):
        MonitorBasedSaveBest("ch", save_path=path)
    with pytest.raises(ConfigError, match=r"^save_path: expected a file, got .* is a folder"):
        PolyakAveraging(0, save_path=path)
    with pytest.raises(ConfigError, match=r"^save_path: expected a file, got .* is a folder"):
        Train(None, DenseDesignMatrix(np.zeros((2, 2))), save_path=path)
