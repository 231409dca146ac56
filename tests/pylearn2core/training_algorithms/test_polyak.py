"""Polyak averaging, against a plain mean in NumPy."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from pylearn2core.errors import ConfigError
from pylearn2core.training_algorithms.sgd import PolyakAveraging
from pylearn2core.utils import serial


def means(regression: Any, first: int, last: int) -> list[Any]:
    """The means of W and b over the batches of epochs first + 1 to last."""
    path = regression.by_hand([regression.rate] * (regression.epochs * regression.batches))
    part = path[first * regression.batches : last * regression.batches]
    return [np.mean(values, axis=0) for values in zip(*part, strict=True)]


@pytest.mark.parametrize("start", [0, 1])
def test_the_mean_is_that_of_the_parameters_after_every_batch_since_start(
    regression: Any, start: int
) -> None:
    extension = PolyakAveraging(start=start)
    train = regression.trained(extensions=[extension])
    kept = [mean.get_value() for mean in extension._worker.param_to_mean.values()]
    for mean, wanted in zip(kept, means(regression, start, regression.epochs), strict=True):
        np.testing.assert_allclose(mean, wanted, rtol=1e-12)
    last = regression.by_hand([regression.rate] * (regression.epochs * regression.batches))[-1]
    for value, wanted in zip(train.model.get_param_values(), last, strict=True):
        np.testing.assert_allclose(value, wanted, rtol=1e-12)


def test_the_saved_model_has_the_means_and_training_goes_on_from_the_parameters(
    regression: Any, tmp_path: Path
) -> None:
    path = tmp_path / "mean.pkl"
    train = regression.trained(extensions=[PolyakAveraging(1, save_path=str(path), save_freq=2)])
    saved = serial.load(path).get_param_values()
    # Due after epochs that 2 divides, and start is 1: after epoch 2 alone.
    for value, wanted in zip(saved, means(regression, 1, 2), strict=True):
        np.testing.assert_allclose(value, wanted, rtol=1e-12)
    last = regression.by_hand([regression.rate] * (regression.epochs * regression.batches))[-1]
    np.testing.assert_allclose(train.model.get_param_values()[0], last[0], rtol=1e-12)


def test_averaging_needs_sgd_and_a_whole_number() -> None:
    with pytest.raises(ConfigError, match=r"whole number >= 0, got 1\.5"):
        PolyakAveraging(start=1.5)  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="SimpleNamespace has no update callbacks"):
        PolyakAveraging(start=1).setup(None, None, SimpleNamespace())
