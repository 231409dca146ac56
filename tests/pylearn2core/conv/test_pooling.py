"""Pooling against loops over pools, and its gradients against finite differences."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytensor
import pytensor.tensor as pt
import pytest
from pytensor.gradient import NullTypeGradError

from pylearn2core.engine.ops.pool import pooled_shape
from pylearn2core.errors import ConfigError
from pylearn2core.models.mlp import max_pool, mean_pool

POOLS = {"max": (max_pool, np.max), "mean": (mean_pool, np.mean)}
IMAGE = (7, 6)
SHAPES = [
    ((2, 2), (2, 2)),  # one row reaches over the edge
    ((3, 2), (2, 1)),  # pools overlap
    ((3, 3), (3, 3)),
    ((2, 1), (3, 2)),  # values between the pools are left out
    ((1, 1), (4, 4)),
    ((7, 6), (1, 1)),  # one pool
]


def pools(image: Any, shape: Any, stride: Any) -> list[list[Any]]:
    """The pools of one image, as slices, by walking until every value has had its chance."""
    starts = []
    for size, pool, step in zip(image.shape, shape, stride, strict=True):
        ends = list(range(0, size, step))
        last = next((n for n, start in enumerate(ends) if start + pool >= size), len(ends) - 1)
        starts.append(ends[: last + 1])
    return [[image[r : r + shape[0], c : c + shape[1]] for c in starts[1]] for r in starts[0]]


def pooled_by_hand(images: Any, shape: Any, stride: Any, reduce: Any) -> Any:
    return np.array(
        [
            [[[reduce(p) for p in row] for row in pools(image, shape, stride)] for image in example]
            for example in images
        ]
    )


@pytest.mark.parametrize("kind", POOLS)
@pytest.mark.parametrize(("shape", "stride"), SHAPES)
def test_each_pool_is_reduced_over_what_it_has_of_the_image(
    kind: str, shape: Any, stride: Any, both: Any
) -> None:
    pool, reduce = POOLS[kind]
    images = np.random.RandomState(0).randn(2, 3, *IMAGE) - 5.0  # padding must not win
    (found,) = both([pool(pytensor.shared(images), shape, stride, image_shape=IMAGE)])
    np.testing.assert_allclose(found, pooled_by_hand(images, shape, stride, reduce), rtol=1e-12)
    assert found.shape[2:] == pooled_shape(IMAGE, shape, stride)


@pytest.mark.parametrize("kind", POOLS)
@pytest.mark.parametrize(("shape", "stride"), SHAPES)
def test_gradients_agree_with_finite_differences(
    kind: str, shape: Any, stride: Any, both: Any, slopes: Any
) -> None:
    images = pytensor.shared(np.random.RandomState(0).randn(1, 2, *IMAGE))
    cost = pt.sqr(POOLS[kind][0](images, shape, stride, image_shape=IMAGE)).sum()
    (grad,) = both([pytensor.grad(cost, images)])
    np.testing.assert_allclose(grad, slopes(cost, images), rtol=1e-5, atol=1e-8)


@pytest.mark.parametrize(("shape", "stride"), SHAPES)
def test_the_gradient_of_mean_poolings_gradient(
    shape: Any, stride: Any, both: Any, slopes: Any
) -> None:
    images = pytensor.shared(np.random.RandomState(0).randn(1, 1, *IMAGE))
    cost = pt.sqr(mean_pool(images, shape, stride, image_shape=IMAGE)).sum() ** 2
    length = pt.sqr(pytensor.grad(cost, images)).sum()
    (grad,) = both([pytensor.grad(length, images)])
    np.testing.assert_allclose(grad, slopes(length, images), rtol=1e-4, atol=1e-6)


def test_max_pooling_has_no_second_gradient_and_says_so() -> None:
    images = pt.tensor4("x")
    grad = pytensor.grad(pt.sqr(max_pool(images, (2, 2), (2, 2), image_shape=(4, 4))).sum(), images)
    with pytest.raises(NullTypeGradError, match="no second derivatives through max pooling"):
        pytensor.grad(pt.sqr(grad).sum(), images)


def test_where_pools_lie_side_by_side_equal_values_all_get_the_gradient(both: Any) -> None:
    # Theano's pooling does so, and Pylearn2 calls it where pool_shape is pool_stride.
    images = pytensor.shared(np.zeros((1, 1, 3, 3)))
    weights = np.array([[1.0, 2.0], [3.0, 4.0]])
    pooled = max_pool(images, (2, 2), (2, 2), image_shape=(3, 3))
    (grad,) = both([pytensor.grad((pooled * weights).sum(), images)])
    np.testing.assert_array_equal(grad[0, 0], [[1, 1, 2], [1, 1, 2], [3, 3, 4]])


def test_where_pools_overlap_the_first_of_equal_values_gets_the_gradient(both: Any) -> None:
    # There Pylearn2 takes the maximum of one value after the other.
    images = pytensor.shared(np.zeros((1, 1, 3, 3)))
    weights = np.array([[1.0, 2.0], [3.0, 4.0]])
    pooled = max_pool(images, (2, 2), (1, 1), image_shape=(3, 3))
    (grad,) = both([pytensor.grad((pooled * weights).sum(), images)])
    np.testing.assert_array_equal(grad[0, 0], [[1, 2, 0], [3, 4, 0], [0, 0, 0]])


def test_pools_larger_than_the_image_are_refused() -> None:
    with pytest.raises(ConfigError, match="pools of 3 x 3 are larger than the 2 x 6 values"):
        max_pool(pt.tensor4("x"), (3, 3), (1, 1), image_shape=(2, 6))
    with pytest.raises(ValueError, match="images must have 4 dimensions, got 2"):
        mean_pool(pt.matrix("x"), (1, 1), (1, 1), image_shape=(2, 6))
