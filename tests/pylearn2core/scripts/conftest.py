"""Saved models for the programs that look at them; none is trained, so that numbers are known."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pylearn2core.models.mlp import MLP, Softmax
from pylearn2core.monitor import Monitor
from pylearn2core.monitor.channel import MonitorChannel
from pylearn2core.utils import serial

DIGITS = "!obj:pylearn2core.datasets.digits.Digits { which_set: train }"
SECONDS = 1.5


@pytest.fixture
def softmax(tmp_path: Path) -> Callable[..., Any]:
    """A saved 64-10 softmax regression: `softmax(path, weights, dataset_yaml_src)` -> the model."""

    def make(path: str, weights: Any = None, dataset_yaml_src: str | None = DIGITS) -> Any:
        model = MLP(nvis=64, layers=[Softmax(n_classes=10, layer_name="y", irange=0.5)])
        if weights is not None:
            model.layers[0].set_weights(np.asarray(weights, dtype="float64"))
        model.dataset_yaml_src = dataset_yaml_src
        serial.save(path, model)
        return model

    return make


@pytest.fixture
def monitored(softmax: Callable[..., Any]) -> Callable[..., Any]:
    """A saved model with records: `monitored(path, {channel: values})`; an epoch is 3 x 10 rows."""

    def make(path: str, records: Mapping[str, Sequence[float]]) -> Any:
        model = softmax(path)
        model.monitor = Monitor(model)
        for name, values in records.items():
            channel = model.monitor.channels[name] = MonitorChannel(name=name)
            for epoch, value in enumerate(values):
                channel.val_record.append(value)
                channel.batch_record.append(3 * epoch)
                channel.example_record.append(30 * epoch)
                channel.epoch_record.append(epoch)
                channel.time_record.append(SECONDS * epoch)
        model.monitor.report_epoch()
        model.monitor.report_batches(3, 30)
        serial.save(path, model)
        return model

    return make


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, which is empty; `sys.path` is put back afterwards."""
    import sys

    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.chdir(tmp_path)
    return tmp_path
