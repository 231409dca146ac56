"""A model that trains itself, a batch at a time."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

import numpy as np
import pytest

from pylearn2core.datasets.dense_design_matrix import DenseDesignMatrix
from pylearn2core.errors import ConfigError
from pylearn2core.models.model import Model
from pylearn2core.space import VectorSpace
from pylearn2core.termination_criteria import EpochCounter
from pylearn2core.train import Train
from pylearn2core.training_algorithms.default import DefaultTrainingAlgorithm
from pylearn2core.utils import sharedX


class Counter(Model):
    """Adds 1 to its parameter at each batch."""

    def __init__(self, last: float = np.inf, answer: Any = None) -> None:
        super().__init__()
        self.w = sharedX(0.0, "w")
        self._params = [self.w]
        self.input_space = VectorSpace(2)
        self.last, self.answer, self.sizes = last, answer, []

    def train_batch(self, dataset: Any, batch_size: int) -> Any:
        self.sizes.append(batch_size)
        self.w.set_value(self.w.get_value() + 1.0)
        return self.answer or bool(self.w.get_value() < self.last)

    def get_monitoring_data_specs(self) -> Any:
        return self.input_space, "features"

    def get_monitoring_channels(self, data: Any) -> Any:
        return OrderedDict([("w", self.w * data.mean() / data.mean())])


DATASET = DenseDesignMatrix(X=np.ones((6, 2)))


def trained(model: Counter, **kwargs: Any) -> Train:
    algorithm = DefaultTrainingAlgorithm(monitoring_dataset=DATASET, **kwargs)
    train = Train(DATASET, model, algorithm)
    train.main_loop()
    return train


def test_an_epoch_is_so_many_batches_and_the_models_channels_are_recorded() -> None:
    model = Counter()
    criterion = EpochCounter(2)
    train = trained(model, batch_size=3, batches_per_iter=4, termination_criterion=criterion)
    assert train.model.monitor.channels["w"].val_record == pytest.approx([0.0, 4.0, 8.0])
    assert model.monitor.get_examples_seen() == 24
    assert set(model.sizes) == {3}
    assert "objective" not in model.monitor.channels


def test_a_model_that_says_no_ends_the_epoch_and_the_training() -> None:
    train = trained(Counter(last=6.0), batch_size=3, batches_per_iter=4)
    assert train.model.monitor.channels["w"].val_record == pytest.approx([0.0, 4.0, 6.0])
    assert train.model.monitor.get_batches_seen() == 6


def test_what_makes_no_sense_is_refused() -> None:
    with pytest.raises(ConfigError, match="batches_per_iter: must be 1 or more"):
        DefaultTrainingAlgorithm(batches_per_iter=0)
    with pytest.raises(ConfigError, match="needs one, or a model with force_batch_size"):
        trained(Counter())
    with pytest.raises(ConfigError, match=r"Counter.train_batch has to return .* returned 'yes'"):
        trained(Counter(answer="yes"), batch_size=3)
