"""Data on the device: once for equal content, and for as long as somebody has it."""

import gc

import jax
import numpy as np
import pytest

from pylearn2core.engine.data import resident
from pylearn2core.engine.data.resident import ResidentBatch
from pylearn2core.errors import ConfigError
from pylearn2core.space import VectorSpace


class Rows:
    def __init__(self, seed, rows=40):
        self.X = np.random.RandomState(seed).randn(rows, 3)

    def resident_sources(self, sources, spaces):
        return tuple((self.X, VectorSpace(3)) for _ in sources)


PAIRS = [(VectorSpace(3), "features")]


def test_two_datasets_of_equal_content_share_one_array_and_others_do_not():
    first, same, other = Rows(0), Rows(0), Rows(1)
    (a,), (b,), (c,) = (ResidentBatch(one, PAIRS).arrays() for one in (first, same, other))
    assert a is b
    assert a is not c
    np.testing.assert_array_equal(np.asarray(c), other.X)


def test_data_that_do_not_fit_the_model_are_the_user_s_input():
    batch = ResidentBatch(Rows(0), [(VectorSpace(4), "features")])
    told = (
        r"^dataset: its features are not what the model takes: .*dim=3.*dim=4.*change one of them"
    )
    with pytest.raises(ConfigError, match=told):
        batch.arrays()


def test_a_dataset_given_another_array_is_asked_again():
    dataset = Rows(0)
    batch = ResidentBatch(dataset, PAIRS)
    batch.arrays()
    dataset.X = dataset.X + 1
    np.testing.assert_array_equal(np.asarray(batch.arrays()[0]), dataset.X)


def test_data_that_nobody_has_any_more_is_let_go():
    gc.collect()
    before = len(resident._resident), len(resident._by_content)
    kept = Rows(2, rows=1000)
    batch = ResidentBatch(kept, PAIRS)
    batch.arrays()
    assert len(resident._resident) == before[0] + 1
    del kept, batch
    for _ in range(100):  # JAX lets go of what it copied from when it next runs
        jax.device_put(np.zeros(1)).block_until_ready()
        gc.collect()
        if (len(resident._resident), len(resident._by_content)) == before:
            break
    assert (len(resident._resident), len(resident._by_content)) == before
