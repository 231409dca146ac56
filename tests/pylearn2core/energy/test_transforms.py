"""The same RBM over dense, convolutional, tiled and local transforms."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytensor
import pytest

from pylearn2core.costs.ebm_estimation import NCE, SM, SML, CDk, GaussianNoise
from pylearn2core.datasets.digits import Digits
from pylearn2core.energy_functions.rbm_energy import grbm_type_1, grbm_type_2
from pylearn2core.errors import ConfigError
from pylearn2core.linear.conv2d import Conv2D, make_random_conv2D
from pylearn2core.linear.local import Local, TiledConv2D, make_random_local, make_random_tiled
from pylearn2core.linear.matrixmul import MatrixMul
from pylearn2core.models.rbm import RBM, GaussianBinaryRBM, sample
from pylearn2core.models.rbm.ais import estimate_log_partition, log_likelihood
from pylearn2core.space import Conv2DSpace, VectorSpace
from pylearn2core.termination_criteria import EpochCounter
from pylearn2core.train import Train
from pylearn2core.training_algorithms.sgd import SGD
from pylearn2core.utils import sharedX

C01B = ("c", 0, 1, "b")
B01C = ("b", 0, 1, "c")
SMALL = Conv2DSpace((4, 5), num_channels=2, axes=C01B)
KINDS = ["convolution", "tiled", "local"]


def transform(kind: str, space: Conv2DSpace, channels: int, window: Any, axes: Any) -> Any:
    if kind == "convolution":
        outputs = Conv2DSpace(
            (1, 1), num_channels=channels, axes=axes
        )  # its axes and channels count
        return make_random_conv2D(0.5, space, outputs, window, rng=0)
    if kind == "tiled":
        return make_random_tiled(0.5, space, channels, window, (2, 1), axes, rng=0)
    return make_random_local(0.5, space, channels, window, axes, rng=0)


def compute(*outputs: Any) -> list[Any]:
    values: list[Any] = pytensor.function([], list(outputs), mode="FAST_COMPILE")()
    return values


def matrix_of(linear: Any) -> np.ndarray:
    """The transform as a dense matrix of vectors: what it does to each unit vector."""
    there = linear.input_space.get_total_dimension()
    vectors = VectorSpace(there)
    basis = vectors.np_format_as(np.eye(there), linear.input_space)
    (images,) = compute(linear.lmul(sharedX(basis)))
    outputs = linear.output_space.get_total_dimension()
    return np.asarray(linear.output_space.np_format_as(images, VectorSpace(outputs)))


@pytest.mark.parametrize("stride", [(1, 1), (2, 1)])
def test_a_local_transform_is_a_window_with_weights_of_its_own_at_every_place(stride: Any) -> None:
    linear = make_random_local(0.5, SMALL, 3, (2, 3), B01C, stride, rng=0)
    W = linear.get_params()[0].get_value()
    x = np.random.RandomState(1).randn(2, 4, 5, 6)  # c, 0, 1, b
    (found,) = compute(linear.lmul(sharedX(x)))
    assert found.shape == (6, *linear.output_space.shape, 3)
    for row, column in np.ndindex(linear.output_space.shape):
        top, left = row * stride[0], column * stride[1]
        window = x[:, top : top + 2, left : left + 3][:, ::-1, ::-1]
        expected = np.einsum("ckmb,ockm->bo", window, W[row, column])
        np.testing.assert_allclose(found[:, row, column], expected, rtol=1e-12)


def test_a_tile_of_one_is_a_convolution_and_a_tile_of_all_is_local() -> None:
    rng = np.random.RandomState(0)
    kernels = rng.randn(3, 2, 2, 2)
    tiled = TiledConv2D(sharedX(kernels[None, None]), SMALL, B01C)
    convolution = Conv2D(sharedX(kernels), None, SMALL, B01C)
    np.testing.assert_allclose(matrix_of(tiled), matrix_of(convolution), atol=1e-12)
    own = rng.randn(3, 4, 3, 2, 2, 2)
    np.testing.assert_array_equal(
        matrix_of(TiledConv2D(sharedX(own), SMALL)), matrix_of(Local(sharedX(own), SMALL))
    )


def test_places_a_tile_apart_have_the_same_weights_and_neighbours_others() -> None:
    linear = make_random_tiled(0.5, SMALL, 1, (2, 2), tile=(2, 3), rng=0)
    W = linear.get_params()[0].get_value()
    assert W.shape == (2, 3, 1, 2, 2, 2)
    repeated = np.stack([[W[row % 2, column % 3] for column in range(4)] for row in range(3)])
    local = Local(sharedX(repeated), SMALL)
    np.testing.assert_allclose(matrix_of(linear), matrix_of(local), atol=1e-12)


@pytest.mark.parametrize("kind", ["tiled", "local"])
def test_the_transpose_is_the_adjoint(kind: str) -> None:
    linear = transform(kind, SMALL, 3, (2, 2), C01B)
    rng = np.random.RandomState(1)
    x, y = (
        rng.randn(*space.get_origin_batch(6).shape)
        for space in (linear.input_space, linear.output_space)
    )
    there, back = compute(linear.lmul(sharedX(x)), linear.lmul_T(sharedX(y)))
    assert back.shape == x.shape
    assert (there * y).sum() == pytest.approx((x * back).sum(), rel=1e-12)


@pytest.mark.parametrize("axes", [C01B, B01C], ids=["c01b", "b01c"])
@pytest.mark.parametrize("kind", KINDS)
def test_an_rbm_of_images_is_the_dense_one_with_the_same_matrix(kind: str, axes: Any) -> None:
    space = Conv2DSpace((3, 4), num_channels=1, axes=axes)
    linear = transform(kind, space, 2, (2, 2), axes)
    images = RBM(transformer=linear, vis_space=space, hid_space=linear.output_space)
    W = matrix_of(linear)
    dense = RBM(nvis=12, nhid=W.shape[1], transformer=MatrixMul(sharedX(W)))
    rng = np.random.RandomState(2)
    b, c = rng.randn(1, 12), rng.randn(1, W.shape[1])
    dense.bias_vis.set_value(b[0])
    dense.bias_hid.set_value(c[0])
    for bias, value, own in [(images.bias_vis, b, space), (images.bias_hid, c, images.hid_space)]:
        batch = VectorSpace(value.size).np_format_as(value, own)
        bias.set_value(np.take(batch, 0, axis=own.get_batch_axis()))
    X = rng.randint(2, size=(5, 12)).astype(float)
    V, vectors = sharedX(VectorSpace(12).np_format_as(X, space)), sharedX(X)
    found = compute(
        images.free_energy(V),
        dense.free_energy(vectors),
        space.format_as(images.reconstruct(V), VectorSpace(12)),
        dense.reconstruct(vectors),
        images.pseudo_log_likelihood(V),
        dense.pseudo_log_likelihood(vectors),
    )
    for one, other in zip(found[::2], found[1::2], strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-9)
    if kind == "convolution" and axes == C01B:
        partitions = [estimate_log_partition(m, temperatures=300) for m in (images, dense)]
        assert partitions[0].log_partition == pytest.approx(partitions[1].log_partition, abs=0.1)
        chances = [log_likelihood(m, X, 1.0) for m in (images, dense)]
        np.testing.assert_allclose(chances[0], chances[1], rtol=1e-9)


@pytest.mark.parametrize("kind", [grbm_type_1, grbm_type_2])
def test_a_gaussian_rbm_of_images_has_the_dense_ones_score(kind: Any) -> None:
    space = Conv2DSpace((3, 4), num_channels=1, axes=C01B)
    linear = transform("local", space, 2, (2, 2), C01B)
    W = matrix_of(linear)
    images = GaussianBinaryRBM(kind(), transformer=linear, init_sigma=0.7)
    dense = GaussianBinaryRBM(
        kind(), nvis=12, nhid=W.shape[1], transformer=MatrixMul(sharedX(W)), init_sigma=0.7
    )
    X = np.random.RandomState(2).randn(5, 12)
    V = sharedX(VectorSpace(12).np_format_as(X, space))
    found = compute(
        space.format_as(images.score(V), VectorSpace(12)),
        dense.score(sharedX(X)),
        images.score_divergence(V),
        dense.score_divergence(sharedX(X)),
    )
    np.testing.assert_allclose(found[0], found[1], rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(found[2], found[3], rtol=1e-9)


def model_of(kind: str, gaussian: bool) -> Any:
    """One YAML line apart: what connects the layers."""
    space = Conv2DSpace((8, 8), num_channels=1, axes=B01C)
    arguments: dict[str, Any] = {"irange": 0.05}
    if kind == "dense":
        arguments |= {"nvis": 64, "nhid": 20}
    else:
        arguments |= {"transformer": transform(kind, space, 4, (4, 4), B01C)}
    return (
        GaussianBinaryRBM(grbm_type_1(), init_sigma=0.5, **arguments)
        if gaussian
        else RBM(**arguments)
    )


QUICK = {("local", "CDk"), ("convolution", "SM")}
PAIRS = [
    pytest.param(kind, name, marks=() if (kind, name) in QUICK else pytest.mark.slow)
    for kind in ("dense", *KINDS)
    for name in ("CDk", "SML", "SM", "NCE")
]


@pytest.mark.parametrize(("kind", "name"), PAIRS)
def test_every_transform_trains_by_every_cost(
    kind: str, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    digits = Digits("train")
    is_gaussian = name in {"SM", "NCE"}
    cost: Any = {
        "CDk": lambda: CDk(1),
        "SML": lambda: SML(20, 1),
        "SM": SM,
        "NCE": lambda: NCE(GaussianNoise(mean=np.full(64, 0.5), stdev=np.full(64, 0.6)), 1),
    }[name]()
    model = model_of(kind, is_gaussian)
    algorithm = SGD(
        learning_rate=0.01,
        batch_size=50,
        batches_per_iter=10,
        cost=cost,
        monitoring_dataset=digits,
        monitoring_batches=2,
        termination_criterion=EpochCounter(3),
    )
    first, *_, last = Train(digits, model, algorithm)
    assert "can't be one JAX program" not in caplog.text
    # What a cost has a value for is that; the others bring the data and the chains together.
    watched = "objective" if "objective" in first else "reconstruction_error"
    assert last[watched] < first[watched]


def test_a_trained_model_of_images_is_pickled_and_sampled() -> None:
    model = pickle.loads(pickle.dumps(model_of("convolution", gaussian=False)))
    drawn = sample(model, count=6, steps=3, seed=1)
    assert drawn.shape == (6, 8, 8, 1)
    assert set(np.unique(drawn)) == {0.0, 1.0}


def test_wrong_shapes_are_refused() -> None:
    with pytest.raises(ConfigError, match="2 input channels"):
        TiledConv2D(sharedX(np.zeros((1, 1, 3, 1, 2, 2))), SMALL)
    with pytest.raises(ConfigError, match="a tile of 4 x 1 is larger than the 3 x 4 places"):
        make_random_tiled(0.1, SMALL, 1, (2, 2), (4, 1))
    with pytest.raises(ConfigError, match="3 x 4 places in this image"):
        Local(sharedX(np.zeros((2, 2, 3, 2, 2, 2))), SMALL)
    with pytest.raises(ConfigError, match="transformer's input_space is"):
        RBM(transformer=transform("local", SMALL, 1, (2, 2), C01B), vis_space=VectorSpace(40))
