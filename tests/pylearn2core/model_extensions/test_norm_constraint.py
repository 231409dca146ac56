from __future__ import annotations

from typing import Any

import numpy as np
import pytensor.tensor as pt
import pytest

from pylearn2core.errors import ConfigError
from pylearn2core.linear.matrixmul import MatrixMul
from pylearn2core.model_extensions.norm_constraint import (
    ConstrainFilterL2Norm,
    ConstrainFilterMaxNorm,
    MaxL2FilterNorm,
)
from pylearn2core.models.model import Model
from pylearn2core.utils import sharedX

W = np.random.RandomState(0).normal(size=(5, 4))


class Matrix(Model):
    def __init__(self, extension: Any) -> None:
        super().__init__(extensions=[extension])
        weights = sharedX(W, "W")
        self.transformer = MatrixMul(weights)
        self._params = [weights]


@pytest.mark.parametrize(
    ("extension", "axis", "low", "high"),
    [
        (lambda: MaxL2FilterNorm(1.5), 0, 0.0, 1.5),
        (lambda: MaxL2FilterNorm(2.0, axis=1, min_limit=1.8), 1, 1.8, 2.0),
        (lambda: ConstrainFilterL2Norm(1.5), 0, 0.0, 1.5),
        (lambda: ConstrainFilterL2Norm(2.0, 1.8, 1), 1, 1.8, 2.0),
        (lambda: ConstrainFilterL2Norm(None, 2.2), 0, 2.2, np.inf),
        (lambda: ConstrainFilterL2Norm(pt.constant(1.5), None), 0, 0.0, 1.5),
    ],
)
def test_the_filters_norms_are_brought_within_bounds(
    extension: Any, axis: int, low: float, high: float
) -> None:
    model = Matrix(extension())
    model.enforce_constraints()
    norms = np.linalg.norm(W, axis=axis, keepdims=True)
    expected = W * np.clip(norms, low, high) / norms
    np.testing.assert_allclose(model.get_param_values()[0], expected, rtol=1e-13)


@pytest.mark.parametrize(("limit", "bound"), [(0.4, 0.4), (None, np.inf)])
def test_a_max_norm_clips_each_weight(limit: float | None, bound: float) -> None:
    model = Matrix(ConstrainFilterMaxNorm(limit))
    model.enforce_constraints()
    np.testing.assert_array_equal(model.get_param_values()[0], np.clip(W, -bound, bound))


def test_kernels_are_bounded_over_several_axes() -> None:
    kernels = np.random.RandomState(1).normal(size=(3, 2, 2, 2))
    model = Matrix(MaxL2FilterNorm(1.0, axis=[1, 2, 3]))
    model.W = sharedX(kernels, "W")  # type: ignore[attr-defined]
    model._params = [model.W]  # type: ignore[attr-defined]
    model.enforce_constraints()
    norms = np.sqrt((kernels**2).sum(axis=(1, 2, 3), keepdims=True))
    np.testing.assert_allclose(model.get_param_values()[0], kernels / np.maximum(norms, 1.0))


def test_a_filter_of_zeros_stays_so() -> None:
    model = Matrix(ConstrainFilterL2Norm(1.5, 1.0))
    model.set_param_values([np.zeros((5, 4))])
    model.enforce_constraints()
    assert not model.get_param_values()[0].any()


def test_a_model_without_weights_and_bounds_that_cross_are_refused() -> None:
    with pytest.raises(ConfigError, match="neither a parameter W nor a transformer"):
        MaxL2FilterNorm(1.0).post_modify_updates({}, Model())
    with pytest.raises(ConfigError, match="0 <= min_limit <= limit"):
        MaxL2FilterNorm(1.0, min_limit=2.0)
    with pytest.raises(ConfigError, match=r"min_limit can only be left out, got 0\.5"):
        ConstrainFilterMaxNorm(1.0, min_limit=0.5)
