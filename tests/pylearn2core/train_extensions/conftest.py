from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from pylearn2core.models.mlp import MLP, Softmax


@pytest.fixture
def model() -> Any:
    """A small model whose monitor has one channel, 'ch', and counts epochs in `epochs`."""
    mlp: Any = MLP(nvis=4, layers=[Softmax(layer_name="y", n_classes=3, irange=0.1)])
    monitor = StandIn()
    mlp.monitor = monitor
    return mlp


class StandIn:
    """A monitor's records, without the measuring."""

    def __init__(self) -> None:
        self.epochs = -1
        self.channels: dict[str, Any] = {"ch": SimpleNamespace(val_record=[])}

    def get_epochs_seen(self) -> int:
        return self.epochs

    def add_channel(self, name: str, ipt: Any, val: Any, data_specs: Any) -> None:
        self.channels[name] = SimpleNamespace(val_record=[])

    def record(self, value: float) -> None:
        self.epochs += 1
        for name, channel in self.channels.items():
            channel.val_record.append(value if name == "ch" else 0.0)


@pytest.fixture
def rows() -> Any:
    rng = np.random.RandomState(0)
    return rng.normal(size=(10, 4)), rng.randint(3, size=(10, 1))
