from __future__ import annotations

from typing import Any

import pytest

from pylearn2core.errors import ConfigError
from pylearn2core.train_extensions import ChannelSmoother, SharedSetter, TrainExtension
from pylearn2core.utils import sharedX


def test_the_hooks_of_the_base_class_do_nothing(model: Any) -> None:
    extension = TrainExtension()
    for hook in (extension.setup, extension.on_monitor, extension.on_save):
        hook(model, None, None)


def test_shared_setter_sets_variables_after_their_epochs(model: Any) -> None:
    a, b = sharedX(0.0), sharedX(0.0)
    extension = SharedSetter([[0, a, 1.0], [2, a, 2], [2, b, 0.5]])
    seen = []
    for _ in range(4):
        model.monitor.record(0.0)
        extension.on_monitor(model, None, None)
        seen.append((float(a.get_value()), float(b.get_value())))
    assert seen == [(1.0, 0.0), (1.0, 0.0), (2.0, 0.5), (2.0, 0.5)]
    with pytest.raises(ConfigError, match=r"epoch_updates\[0\] must be"):
        SharedSetter([[0, 1.0, a]])


def test_channel_smoother_publishes_the_mean_of_the_last_values(model: Any) -> None:
    extension = ChannelSmoother("ch", "smooth", k=3)
    extension.setup(model, None, None)
    for value in (1.0, 3.0, 5.0, 7.0):
        model.monitor.record(value)
        extension.on_monitor(model, None, None)
    assert model.monitor.channels["smooth"].val_record == [1.0, 2.0, 3.0, 5.0]
    with pytest.raises(ConfigError, match="no channel 'cost'"):
        ChannelSmoother("cost", "smoother").setup(model, None, None)
    with pytest.raises(ConfigError, match="k must be 1 or more"):
        ChannelSmoother("ch", "smoother", k=0)
