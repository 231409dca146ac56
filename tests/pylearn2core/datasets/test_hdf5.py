"""Datasets in HDF5 files."""

from __future__ import annotations

import pickle
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pylearn2core import paths
from pylearn2core.datasets.dense_design_matrix import DenseDesignMatrix
from pylearn2core.datasets.digits import Digits
from pylearn2core.datasets.hdf5 import HDF5Dataset
from pylearn2core.datasets.preprocessing import Standardize
from pylearn2core.errors import ConfigError, UnsupportedError
from pylearn2core.models.softmax_regression import SoftmaxRegression
from pylearn2core.space import Conv2DSpace
from pylearn2core.termination_criteria import EpochCounter
from pylearn2core.train import Train
from pylearn2core.training_algorithms.sgd import SGD

DIGITS = Digits("train")
X, Y = DIGITS.X[:50], DIGITS.y[:50]
IMAGES = np.random.RandomState(0).normal(size=(7, 4, 3, 2))


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A folder with digits.h5 in it, where relative paths lead."""
    h5py = pytest.importorskip("h5py")
    with h5py.File(tmp_path / "digits.h5", "w") as file:
        file["X"], file["y"], file["images"] = X, Y, IMAGES
        file["c01b"] = IMAGES.transpose(3, 1, 2, 0)
        file["flat_y"], file["short_y"] = Y[:, 0], Y[:3]
    with paths.use(paths.Places(read=tmp_path)):
        yield tmp_path


@pytest.mark.parametrize("load_all", [True, False])
def test_batches_are_the_arrays_rows(folder: Path, load_all: bool) -> None:
    dataset = HDF5Dataset("digits.h5", X="X", y="y", y_labels=10, load_all=load_all)
    plain = DenseDesignMatrix(X=X, y=Y, y_labels=10)
    specs = plain.get_data_specs()
    for mode in ("sequential", "shuffled_sequential", "random_uniform", "random_slice"):
        kwargs: dict[str, Any] = {} if mode == "sequential" else {"rng": [3]}
        found = list(dataset.iterator(mode, 8, 4, data_specs=specs, **kwargs))
        for ours, theirs in zip(
            found, plain.iterator(mode, 8, 4, data_specs=specs, **kwargs), strict=True
        ):
            assert np.array_equal(ours[0], theirs[0])
            assert np.array_equal(ours[1], theirs[1])
    assert (dataset.resident_sources(("features",)) is None) is not load_all
    assert np.array_equal(dataset.get_design_matrix(), X)
    assert dataset.get_num_examples() == 50


@pytest.mark.parametrize("load_all", [True, False])
@pytest.mark.parametrize(
    ("key", "axes"), [("images", ("b", 0, 1, "c")), ("c01b", ("c", 0, 1, "b"))]
)
def test_images_on_disk_are_views_as_in_memory(
    folder: Path, load_all: bool, key: str, axes: Any
) -> None:
    dataset = HDF5Dataset("digits.h5", topo_view=key, axes=axes, load_all=load_all)
    plain = DenseDesignMatrix(topo_view=IMAGES)
    assert np.array_equal(dataset.get_design_matrix(), plain.X)
    order = [("b", 0, 1, "c").index(axis) for axis in axes]
    assert np.array_equal(dataset.get_topological_view(), IMAGES.transpose(order))
    specs = (Conv2DSpace((4, 3), num_channels=2), "features")
    batches = list(dataset.iterator("sequential", 3, data_specs=specs))
    assert np.array_equal(np.concatenate(batches), IMAGES)
    assert np.array_equal(next(dataset.iterator("sequential", 3)), plain.X[:3])


def last_error(dataset: Any) -> float:
    model = SoftmaxRegression(n_classes=10, irange=0.01, nvis=64)
    algorithm = SGD(
        learning_rate=0.1,
        batch_size=20,
        monitoring_dataset=dataset,
        termination_criterion=EpochCounter(2),
    )
    Train(dataset, model, algorithm).main_loop()
    return float(model.monitor.channels["y_nll"].val_record[-1])


def test_training_from_disk_is_training_from_memory(folder: Path) -> None:
    plain = last_error(DenseDesignMatrix(X=X, y=Y, y_labels=10))
    on_disk = HDF5Dataset("digits.h5", X="X", y="flat_y", y_labels=10, cache_size=2**20)
    assert last_error(on_disk) == pytest.approx(plain, rel=1e-12)
    # A pickle holds no open file: another process opens it for itself.
    assert last_error(pickle.loads(pickle.dumps(on_disk))) == pytest.approx(plain, rel=1e-12)


def test_a_preprocessor_brings_the_data_into_memory(folder: Path) -> None:
    dataset = HDF5Dataset("digits.h5", X="X", preprocessor=Standardize(), fit_preprocessor=True)
    plain = DenseDesignMatrix(X=X, preprocessor=Standardize(), fit_preprocessor=True)
    assert np.array_equal(dataset.X, plain.X)
    assert dataset.resident_sources(("features",)) is not None


def test_what_is_not_in_the_file_is_told(folder: Path) -> None:
    with pytest.raises(
        ConfigError, match=r"has no array 'Z'; it has X, c01b, flat_y, images, short_y, y"
    ):
        HDF5Dataset("digits.h5", X="Z")
    with pytest.raises(ConfigError, match=r"can't read 'no\.h5': there is no file"):
        HDF5Dataset("no.h5", X="X")
    with pytest.raises(ValueError, match="either X or topo_view"):
        HDF5Dataset("digits.h5", X="X", topo_view="images")
    with pytest.raises(ConfigError, match="images must have 4 dimensions"):
        HDF5Dataset("digits.h5", topo_view="X")
    with pytest.raises(ValueError, match="50 examples but y has 3"):
        HDF5Dataset("digits.h5", X="X", y="short_y")


def test_without_h5py_it_says_what_to_install(tmp_path: Path, monkeypatch: Any) -> None:
    (tmp_path / "digits.h5").write_bytes(b"")
    monkeypatch.setitem(sys.modules, "h5py", None)
    with (
        paths.use(paths.Places(read=tmp_path)),
        pytest.raises(UnsupportedError, match="needs h5py, which is not installed: pip install"),
    ):
        HDF5Dataset("digits.h5", X="X")
