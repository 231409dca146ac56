"""MaxoutConvC01B, PatchViewer and Binarizer, held against NumPy."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytensor
import pytest
import scipy.signal

from pylearn2core import paths
from pylearn2core.datasets.binarizer import Binarizer
from pylearn2core.datasets.dense_design_matrix import DenseDesignMatrix
from pylearn2core.errors import ConfigError
from pylearn2core.expr.normalize import CrossChannelNormalization
from pylearn2core.gui.patch_viewer import PatchViewer, make_viewer
from pylearn2core.models.maxout import MaxoutConvC01B
from pylearn2core.models.mlp import MLP, Softmax
from pylearn2core.space import Conv2DSpace
from pylearn2core.utils import sharedX

IMAGES = np.random.RandomState(0).normal(size=(5, 6, 5, 2))  # batch, rows, columns, channels


def layer(**kwargs: Any) -> MaxoutConvC01B:
    arguments: dict[str, Any] = {
        "num_channels": 2,
        "num_pieces": 3,
        "kernel_shape": [2, 3],
        "pool_shape": [2, 2],
        "pool_stride": [1, 1],
        "layer_name": "h",
        "irange": 1.0,
    }
    return MaxoutConvC01B(**(arguments | kwargs))


def built(one: MaxoutConvC01B) -> MLP:
    return MLP(
        layers=[one, Softmax(n_classes=3, layer_name="y", irange=0.1)],
        input_space=Conv2DSpace((6, 5), num_channels=2),
    )


def by_hand(one: MaxoutConvC01B, pad: int = 0) -> Any:
    """Correlation, bias, maxout over pieces, then the largest of each 2 x 2 pool; axes c01b."""
    W, b = one.W.get_value(), one.b.get_value()
    padded = np.pad(IMAGES, ((0, 0), (pad, pad), (pad, pad), (0, 0)))
    z = np.array(
        [
            [
                sum(
                    scipy.signal.correlate2d(image[:, :, c], W[c, :, :, o], mode="valid")
                    for c in range(2)
                )
                + b[o]
                for o in range(W.shape[3])
            ]
            for image in padded
        ]
    )
    units = z.reshape(5, 2, 3, *z.shape[2:]).max(axis=2)
    windows = np.lib.stride_tricks.sliding_window_view(units, (2, 2), axis=(2, 3))
    return windows.max(axis=(4, 5)).transpose(1, 2, 3, 0)


@pytest.mark.parametrize("pad", [0, 2])
def test_a_maxout_convolution_is_numpy_s(pad: int) -> None:
    one = layer(pad=pad, init_bias=0.5, tied_b=bool(pad))
    mlp = built(one)
    draws = np.random.RandomState([2013, 1, 4]).uniform(-1.0, 1.0, (2, 2, 3, 6))
    np.testing.assert_array_equal(one.W.get_value(), draws)
    found = pytensor.function([], one.fprop(sharedX(IMAGES)), mode="FAST_COMPILE")()
    expected = by_hand(one, pad)
    np.testing.assert_allclose(found, expected)
    assert one.get_output_space().axes == ("c", 0, 1, "b")
    assert found.shape == one.get_output_space().get_origin_batch(5).shape
    channels = one.get_layer_monitoring_channels(state_below=sharedX(IMAGES))
    mean = pytensor.function([], channels["p_max_x.mean_u"], mode="FAST_COMPILE")()
    assert mean == pytest.approx(expected.max(axis=3).mean())
    assert [param.name for param in mlp.get_params()][:2] == ["h_W", "h_b"]


def test_a_maxout_convolution_s_options_act() -> None:
    kinds = {"detector_normalization": CrossChannelNormalization(), "min_zero": True}
    one = layer(max_kernel_norm=0.5, **kinds)
    built(one).enforce_constraints()
    norms = np.sqrt(np.square(one.W.get_value()).sum(axis=(0, 1, 2)))
    np.testing.assert_allclose(norms, 0.5, rtol=1e-5)
    found = pytensor.function([], one.fprop(sharedX(IMAGES)), mode="FAST_COMPILE")()
    assert found.min() >= 0
    with pytest.raises(ConfigError, match=r"kernel_shape \[9, 9\] exceeds \[6, 5\]"):
        built(layer(kernel_shape=[9, 9]))
    fixed = layer(kernel_shape=[9, 9], fix_kernel_shape=1, fix_pool_shape=1, fix_pool_stride=1)
    built(fixed)
    assert (fixed.kernel_shape, fixed.pool_shape) == ([6, 5], [1, 1])


def test_patches_fill_a_grid_row_by_row() -> None:
    viewer = PatchViewer((1, 2), (2, 3), pad=(1, 1), background=0.25)
    viewer.add_patch(np.full((2, 3), 2.0), activation=None)
    viewer.add_patch(np.array([[-1.0, 0.0, 1.0], [0.0, 0.0, 0.0]]), rescale=False)
    grey = [0.25, 1, 1, 1, 0.25, 0, 0.5, 1, 0.25]
    np.testing.assert_array_equal(viewer.image[1, :, 0], grey)
    np.testing.assert_array_equal(viewer.image[0], np.full((9, 3), 0.25))
    assert viewer.cur_pos == (0, 0)
    with pytest.raises(ConfigError, match=r"expected a patch of \(2, 3\) with 1 channels"):
        viewer.add_patch(np.zeros((4, 4)))


def test_rows_of_a_matrix_become_square_patches_and_a_file(tmp_path: Path) -> None:
    rows = np.random.RandomState(1).normal(size=(5, 12))
    viewer = make_viewer(rows, is_color=True)
    assert (viewer.grid_shape, viewer.patch_shape) == ((2, 3), (2, 2))
    first = (rows[0].reshape(2, 2, 3) / np.abs(rows[0]).max() + 1) / 2
    np.testing.assert_allclose(viewer.image[5:7, 5:7], first)
    with paths.use(paths.Places(write=tmp_path)):
        viewer.save("rows.png")
        viewer.show()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["patches.png", "rows.png"]
    with pytest.raises(ConfigError, match="rows of 7 values are no square"):
        make_viewer(np.zeros((2, 7)))


def test_a_binarizer_draws_each_batch_anew_with_its_probabilities() -> None:
    shares = np.tile([0.0, 1.0, 0.3], (1000, 1))
    dataset = Binarizer(DenseDesignMatrix(X=shares, y=np.zeros((1000, 1))), seed=5)
    first, second = (next(iter(dataset.iterator("sequential", 1000))) for _ in range(2))
    expected = np.random.RandomState(5).uniform(size=(1000, 3)) < shares
    np.testing.assert_array_equal(first, expected)
    assert not np.array_equal(first, second)
    np.testing.assert_array_equal(np.unique(second), [0.0, 1.0])
    assert dataset.get_data_specs() == dataset.raw.get_data_specs()
