"""The convolution Ops against SciPy, and their gradients against finite differences."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytensor
import pytensor.tensor as pt
import pytest
from scipy.signal import convolve as scipy_convolve

from pylearn2core.engine import Order, Step
from pylearn2core.engine.graph.reading import read
from pylearn2core.engine.ops.conv import Convolve, convolve, convolve_transposed, output_shape
from pylearn2core.engine.program.device import DeviceProgram
from pylearn2core.engine.program.host import HostProgram
from pylearn2core.errors import ConfigError

MODES = ("valid", "full")
STRIDES = ((1, 1), (2, 1), (3, 2))
BATCH, CHANNELS, OUTPUTS = 2, 2, 3
IMAGE, KERNEL = (6, 5), (3, 2)


def arrays(seed: int = 0) -> tuple[Any, Any]:
    rng = np.random.RandomState(seed)
    return rng.randn(BATCH, CHANNELS, *IMAGE), rng.randn(OUTPUTS, CHANNELS, *KERNEL)


def by_scipy(images: Any, kernels: Any, mode: str, stride: tuple[int, int]) -> Any:
    """The sum over channels of each kernel's convolution, every stride-th row and column of it."""
    outputs = [
        [
            sum(scipy_convolve(i, k, mode) for i, k in zip(image, kernel, strict=True))
            for kernel in kernels
        ]
        for image in images
    ]
    return np.array(outputs)[:, :, :: stride[0], :: stride[1]]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("stride", STRIDES)
def test_a_convolution_is_scipys(mode: str, stride: tuple[int, int], both: Any) -> None:
    images, kernels = arrays()
    (found,) = both([convolve(pytensor.shared(images), pytensor.shared(kernels), mode, stride)])
    np.testing.assert_allclose(found, by_scipy(images, kernels, mode, stride), rtol=1e-12)
    assert found.shape[2:] == output_shape(IMAGE, KERNEL, mode, stride)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("stride", STRIDES)
def test_a_gpus_convolution_is_the_cpus(mode: str, stride: tuple[int, int]) -> None:
    images, kernels = arrays()
    op = Convolve(mode, stride)
    np.testing.assert_allclose(
        op._by_xla(images, kernels), by_scipy(images, kernels, mode, stride), rtol=1e-12
    )
    np.testing.assert_allclose(op._by_products(images, kernels), op._by_xla(images, kernels))


def test_many_channels_are_one_convolution_too(both: Any) -> None:
    rng = np.random.RandomState(0)
    images, kernels = rng.randn(1, 20, 4, 4), rng.randn(2, 20, 3, 3)
    (found,) = both([convolve(pytensor.shared(images), pytensor.shared(kernels))])
    np.testing.assert_allclose(found, by_scipy(images, kernels, "valid", (1, 1)), rtol=1e-10)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("stride", STRIDES)
def test_its_gradients_agree_with_finite_differences(
    mode: str, stride: tuple[int, int], both: Any, slopes: Any
) -> None:
    images, kernels = map(pytensor.shared, arrays())
    cost = pt.tanh(convolve(images, kernels, mode, stride)).sum()
    found = both(pytensor.grad(cost, [images, kernels]))
    for variable, grad in zip((images, kernels), found, strict=True):
        np.testing.assert_allclose(grad, slopes(cost, variable), rtol=1e-5, atol=1e-8)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("stride", STRIDES)
def test_the_transpose_is_the_adjoint(mode: str, stride: tuple[int, int], both: Any) -> None:
    images, kernels = map(pytensor.shared, arrays())
    outputs = convolve(images, kernels, mode, stride)
    weights = np.random.RandomState(1).randn(
        BATCH, OUTPUTS, *output_shape(IMAGE, KERNEL, mode, stride)
    )
    back = convolve_transposed(pytensor.shared(weights), kernels, IMAGE, mode, stride)
    there, here = both([(outputs * weights).sum(), (images * back).sum()])
    assert there == pytest.approx(here, rel=1e-12)


def test_gradients_of_gradients_agree_with_finite_differences(both: Any, slopes: Any) -> None:
    images, kernels = map(pytensor.shared, arrays())
    cost = pt.sqr(convolve(images, kernels, "full", (2, 1))).sum() ** 2
    length = sum(pt.sqr(grad).sum() for grad in pytensor.grad(cost, [images, kernels])) * 1e-10
    found = both(pytensor.grad(length, [images, kernels]))
    for variable, grad in zip((images, kernels), found, strict=True):
        np.testing.assert_allclose(grad, slopes(length, variable), rtol=1e-4, atol=1e-7)


def test_sizes_that_are_known_are_in_the_type() -> None:
    images = pt.tensor4("x", shape=(None, CHANNELS, *IMAGE))
    kernels = pt.tensor4("w", shape=(OUTPUTS, CHANNELS, *KERNEL))
    assert convolve(images, kernels).type.shape == (None, OUTPUTS, 4, 4)
    assert convolve(images, pt.tensor4("w")).type.shape == (None, None, None, None)


def test_mixed_dtypes_give_the_wider_one(both: Any) -> None:
    images, kernels = arrays()
    narrow = pytensor.shared(images.astype("float32"))
    (found,) = both([convolve(narrow, pytensor.shared(kernels))])
    assert found.dtype == np.float64
    (found,) = both([convolve(narrow, pytensor.shared(kernels.astype("float32")))])
    assert found.dtype == np.float32


def test_a_kernel_that_does_not_fit_is_refused() -> None:
    with pytest.raises(ConfigError, match="a kernel of 7 x 2 does not fit into images of 6 x 5"):
        output_shape(IMAGE, (7, 2), "valid", (1, 1))
    assert output_shape(IMAGE, (7, 2), "full", (1, 1)) == (12, 6)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"border_mode": "same"}, "expected 'valid' or 'full', got 'same'"),
        ({"stride": 2}, r"expected two numbers \[rows, columns\], got 2"),
        ({"stride": (0, 1)}, "both numbers must be at least 1"),
    ],
)
def test_wrong_arguments_are_refused(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        convolve(pt.tensor4("x"), pt.tensor4("w"), **arguments)
    with pytest.raises(ValueError, match=r"must have 4 dimensions, got \[2, 4\]"):
        convolve(pt.matrix("x"), pt.tensor4("w"))


def test_training_steps_are_the_same_on_both_paths_and_scipys() -> None:
    images, kernels = arrays()
    x, w = pt.tensor4("x"), pytensor.shared(kernels)
    outputs = convolve(x, w)
    cost = pt.sqr(outputs).sum() / 2
    step = Step(((x,),), {w: w - 0.01 * pytensor.grad(cost, w)}, (cost,))
    order = Order.of([slice(0, 1), slice(1, 2)], BATCH)
    reading = read(step)
    expected = kernels.copy()
    for image in images:
        # d/dw of half the squares: the image correlated with the outputs, channel by channel.
        out = by_scipy(image[None], expected, "valid", (1, 1))[0]
        grads = [
            [scipy_convolve(one[::-1, ::-1], o, "valid")[::-1, ::-1] for one in image] for o in out
        ]
        expected = expected - 0.01 * np.array(grads)[:, :, ::-1, ::-1]
    for program in (DeviceProgram(step, reading), host_program(step, reading)):
        lifted = tuple(np.float64(value) for value in reading.values)
        (found,), finite = program.train((kernels,), lifted, (images,), order)
        np.testing.assert_allclose(found, expected, rtol=1e-10)
        assert finite.all()


def host_program(step: Step, reading: Any) -> HostProgram:
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # it is silent about running as it is
        return HostProgram(step, reading)
