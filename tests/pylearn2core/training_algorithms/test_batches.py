"""What algorithms that train on minibatches take as a batch's size."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest

from pylearn2core.costs.mlp import Default
from pylearn2core.errors import ConfigError
from pylearn2core.training_algorithms.bgd import BGD
from pylearn2core.training_algorithms.sgd import SGD

MAKE = [partial(SGD, learning_rate=0.1), partial(BGD, cost=Default())]


@pytest.mark.parametrize("make", MAKE)
@pytest.mark.parametrize("name", ["batch_size", "monitoring_batch_size"])
@pytest.mark.parametrize("size", [-5, 0, 2.5, "32", True])
def test_a_size_that_makes_no_batch_is_told_where_it_is_given(make, name, size):
    with pytest.raises(ConfigError, match=f"^{name}: expected a whole number > 0, got {size!r}"):
        make(**{name: size})


@pytest.mark.parametrize("make", MAKE)
@pytest.mark.parametrize("size", [None, 1, np.int64(32)])
def test_a_whole_number_and_none_are_sizes(make, size):
    assert make(batch_size=size).batch_size == size
