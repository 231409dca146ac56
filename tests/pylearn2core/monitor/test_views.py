"""What a monitor measures on one dataset."""

import numpy as np
import pytensor.tensor as pt
import pytest

from pylearn2core.datasets.dense_design_matrix import DenseDesignMatrix
from pylearn2core.errors import ConfigError
from pylearn2core.monitor.view import DatasetView, Expression, Scheme
from pylearn2core.space import VectorSpace


def test_a_dataset_that_makes_no_batch_is_told_with_its_size_and_the_batch_s():
    x = pt.matrix("x")
    view = DatasetView(
        DenseDesignMatrix(X=np.zeros((5, 2))), Scheme("even_sequential", 10, None), {}
    )
    view.add(Expression("total", x.sum(), (x,), ((VectorSpace(2), "features"),)))
    with pytest.raises(ConfigError, match="5 examples, which make no batch of 10 in mode 'even_"):
        view.resident()
