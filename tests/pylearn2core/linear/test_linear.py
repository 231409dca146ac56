"""Linear transforms: what they map, and that their transposes are adjoints."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytensor
import pytest
from scipy.signal import convolve2d

from pylearn2core.errors import ConfigError, UnsupportedError
from pylearn2core.linear.conv2d import Conv2D, make_normal_conv2D, make_random_conv2D
from pylearn2core.linear.linear_transform import LinearTransform
from pylearn2core.linear.matrixmul import MatrixMul
from pylearn2core.space import Conv2DSpace
from pylearn2core.utils import sharedX

C01B = ("c", 0, 1, "b")
KERNELS = np.random.RandomState(0).randn(3, 2, 2, 3)
IMAGES = Conv2DSpace((5, 4), num_channels=2, axes=C01B)


def compute(*outputs: Any) -> list[Any]:
    values: list[Any] = pytensor.function([], list(outputs), mode="FAST_COMPILE")()
    return values


def test_matrixmul_is_a_product_and_its_transpose() -> None:
    W, x, y = (
        np.random.RandomState(n).randn(*shape) for n, shape in enumerate([(4, 3), (2, 4), (2, 3)])
    )
    shared = sharedX(W)
    transform = MatrixMul(shared)
    there, back = compute(transform.lmul(sharedX(x)), transform.lmul_T(sharedX(y)))
    np.testing.assert_allclose(there, x @ W)
    np.testing.assert_allclose(back, y @ W.T)
    assert transform.get_params() == [shared]


@pytest.mark.parametrize("border_mode", ["valid", "full"])
def test_conv2d_convolves_in_the_axes_of_its_spaces(border_mode: str) -> None:
    transform = Conv2D(sharedX(KERNELS), None, IMAGES, ("b", 0, 1, "c"), border_mode=border_mode)
    images = np.random.RandomState(1).randn(2, 5, 4, 6)
    (found,) = compute(transform.lmul(sharedX(images)))
    for example in range(6):
        for out, kernel in enumerate(KERNELS):
            expected = sum(
                convolve2d(images[c, ..., example], kernel[c], border_mode) for c in range(2)
            )
            np.testing.assert_allclose(found[example, :, :, out], expected, rtol=1e-12)
    assert transform.output_space == Conv2DSpace(found.shape[1:3], num_channels=3)


@pytest.mark.parametrize("border_mode", ["valid", "full"])
@pytest.mark.parametrize("subsample", [(1, 1), (2, 3)])
def test_the_transpose_of_conv2d_is_its_adjoint(border_mode: str, subsample: Any) -> None:
    transform = Conv2D(sharedX(KERNELS), 6, IMAGES, C01B, subsample, border_mode)
    rng = np.random.RandomState(1)
    x = rng.randn(*IMAGES.get_origin_batch(6).shape)
    y = rng.randn(*transform.output_space.get_origin_batch(6).shape)
    there, back = compute(transform.lmul(sharedX(x)), transform.lmul_T(sharedX(y)))
    assert back.shape == x.shape
    assert (there * y).sum() == pytest.approx((x * back).sum(), rel=1e-12)


def test_transposing_swaps_the_two_products_and_twice_is_nothing() -> None:
    transform = Conv2D(sharedX(KERNELS), None, IMAGES, C01B)
    transposed = transform.transpose()
    y = sharedX(np.random.RandomState(1).randn(*transform.output_space.get_origin_batch(2).shape))
    x = sharedX(np.random.RandomState(2).randn(*IMAGES.get_origin_batch(2).shape))
    pairs = [
        (transposed.lmul(y), transform.lmul_T(y)),
        (transposed.lmul_T(x), transform.lmul(x)),
    ]
    for one, other in pairs:
        np.testing.assert_array_equal(*compute(one, other))
    assert transposed.get_params() == transform.get_params()
    assert transposed.transpose() is transform
    transposed.set_batch_size(7)
    assert transform.batch_size == 7


def test_kernels_as_pictures_have_their_channels_last() -> None:
    transform = Conv2D(sharedX(KERNELS), None, IMAGES)
    np.testing.assert_array_equal(transform.get_weights_topo(), KERNELS.transpose(0, 2, 3, 1))


@pytest.mark.parametrize(
    ("make", "width", "draw"),
    [
        (make_random_conv2D, "irange", lambda rng, shape: rng.uniform(-0.5, 0.5, shape)),
        (make_normal_conv2D, "istdev", lambda rng, shape: 0.5 * rng.randn(*shape)),
    ],
)
def test_kernels_are_drawn_from_the_generator_that_is_given(
    make: Any, width: str, draw: Any
) -> None:
    outputs = Conv2DSpace((4, 2), num_channels=3, axes=("b", "c", 0, 1))
    transform = make(0.5, IMAGES, outputs, (2, 3), rng=np.random.RandomState(4))
    (filters,) = transform.get_params()
    expected = draw(np.random.RandomState(4), (3, 2, 2, 3))
    np.testing.assert_allclose(filters.get_value(), expected)
    assert transform.output_space == outputs


def test_kernels_for_other_channels_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"2 input channels.*got \(3, 1, 2, 3\). In layer h."):
        Conv2D(sharedX(KERNELS[:, :1]), None, IMAGES, message="In layer h.")


def test_a_transform_that_lacks_a_method_says_so() -> None:
    for method in ("lmul", "lmul_T"):
        with pytest.raises(UnsupportedError, match=f"LinearTransform does not implement {method}"):
            getattr(LinearTransform(), method)(None)
