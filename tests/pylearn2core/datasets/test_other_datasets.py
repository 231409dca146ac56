"""Sparse, whitened and small datasets."""

from __future__ import annotations

import gzip
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import scipy.sparse

from pylearn2core import paths
from pylearn2core.datasets.dense_design_matrix import DenseDesignMatrix
from pylearn2core.datasets.digits import Digits
from pylearn2core.datasets.iris import Iris
from pylearn2core.datasets.preprocessing import ZCA
from pylearn2core.datasets.sparse_dataset import SparseDataset
from pylearn2core.datasets.zca_dataset import ZCA_Dataset
from pylearn2core.errors import ConfigError, UnsupportedError
from pylearn2core.models.softmax_regression import SoftmaxRegression
from pylearn2core.space import CompositeSpace, VectorSpace
from pylearn2core.termination_criteria import EpochCounter
from pylearn2core.train import Train
from pylearn2core.training_algorithms.sgd import SGD

DIGITS = Digits("train")
X, Y = DIGITS.X[:60], DIGITS.y[:60]


# ------------------------------------------------------------------ sparse
def sparse(**kwargs: Any) -> SparseDataset:
    matrix = scipy.sparse.csc_matrix(X)
    return SparseDataset(from_scipy_sparse_dataset=matrix, y=Y[:, 0], y_labels=10, **kwargs)


def test_a_sparse_dataset_yields_sparse_rows_or_dense_ones_as_asked() -> None:
    dataset = sparse()
    batches = list(dataset.iterator("sequential", batch_size=25))
    assert all(scipy.sparse.issparse(batch) for batch in batches)
    assert np.array_equal(scipy.sparse.vstack(batches).toarray(), X)
    specs = (CompositeSpace([VectorSpace(64), VectorSpace(10)]), ("features", "targets"))
    rng = np.random.RandomState(3)
    features, targets = next(dataset.iterator("shuffled_sequential", 7, rng=rng, data_specs=specs))
    order = np.arange(60)
    np.random.RandomState(3).shuffle(order)
    assert np.array_equal(features, X[order[:7]])
    assert np.array_equal(targets, np.eye(10)[Y[order[:7], 0]])


def errors_of(dataset: Any) -> list[float]:
    model = SoftmaxRegression(n_classes=10, irange=0.01, nvis=64)
    algorithm = SGD(
        learning_rate=0.1,
        batch_size=25,
        monitoring_dataset=dataset,
        termination_criterion=EpochCounter(2),
    )
    Train(dataset, model, algorithm).main_loop()
    found: list[float] = model.monitor.channels["y_nll"].val_record
    return found


def test_training_on_it_is_training_on_the_dense_matrix(monkeypatch: Any) -> None:
    dense = errors_of(DenseDesignMatrix(X=X, y=Y, y_labels=10))
    assert errors_of(sparse()) == pytest.approx(dense, rel=1e-12)
    # As if it were too large to be dense: then it is converted batch by batch.
    monkeypatch.setattr("pylearn2core.datasets.sparse_dataset.DENSE_BYTES", 100)
    assert sparse().resident_sources(("features",)) is None
    assert errors_of(sparse()) == pytest.approx(dense, rel=1e-12)


def test_sparse_matrices_are_read_from_files(tmp_path: Path) -> None:
    matrix = scipy.sparse.csr_matrix(X)
    scipy.sparse.save_npz(tmp_path / "X.npz", matrix)
    np.save(tmp_path / "X.npy", np.array(matrix, dtype=object))
    (tmp_path / "X.npy.gz").write_bytes(gzip.compress((tmp_path / "X.npy").read_bytes()))
    with paths.use(paths.Places(read=tmp_path)):
        for dataset in (
            SparseDataset("X.npz"),
            SparseDataset("X.npy.gz"),
            SparseDataset("X.npy", zipped_npy=False),
        ):
            assert np.array_equal(dataset.get_design_matrix().toarray(), X)
            assert not dataset.has_targets()
        with pytest.raises(ConfigError, match=r"Expected \.npz .* or \.npy, gzipped"):
            SparseDataset("X.npy")
        with pytest.raises(ConfigError, match="there is no file"):
            SparseDataset("no.npz")


def test_a_sparse_dataset_refuses_what_it_cant_do() -> None:
    with pytest.raises(ValueError, match="exactly one"):
        SparseDataset()
    with pytest.raises(TypeError, match="expected a scipy sparse matrix, got ndarray"):
        SparseDataset(from_scipy_sparse_dataset=X)
    with pytest.raises(ValueError, match="60 examples but y has 2"):
        SparseDataset(from_scipy_sparse_dataset=scipy.sparse.csr_matrix(X), y=Y[:2])
    with pytest.raises(UnsupportedError, match="training takes dense batches"):
        sparse().resident_sources(("features",), (VectorSpace(64, sparse=True),))
    with pytest.raises(ValueError, match="no source 'labels'"):
        sparse().resident_sources(("labels",))


def test_random_rows_of_a_sparse_dataset_keep_their_targets() -> None:
    rows, targets = sparse(rng=5).get_batch_design(4, include_labels=True)
    for row, target in zip(rows.toarray(), targets, strict=True):
        matches = (row == X).all(axis=1)
        assert target in Y[matches]


# ------------------------------------------------------------------ whitened
def whitened(**kwargs: Any) -> ZCA_Dataset:
    raw = Digits("train")
    zca = ZCA(**kwargs)
    raw.apply_preprocessor(zca, can_fit=True)
    return ZCA_Dataset(raw, zca, start=10, stop=30, axes=("c", 0, 1, "b"))


@pytest.mark.parametrize("store_inverse", [True, False])
def test_whitened_examples_map_back_to_what_they_were(store_inverse: bool) -> None:
    dataset = whitened(store_inverse=store_inverse)
    before = DIGITS.X[10:30]
    np.testing.assert_allclose(dataset.mapback(dataset.X), before, atol=1e-8)
    shown = dataset.mapback_for_viewer(dataset.X)
    # As the digits themselves are shown: white at 1, black at -1.
    np.testing.assert_allclose(shown, 2 * before - 1, atol=1e-8)
    assert np.abs(dataset.adjust_for_viewer(dataset.X)).max(axis=1) == pytest.approx(1)


def test_a_whitened_dataset_has_one_hot_targets_and_its_own_axes() -> None:
    dataset = whitened()
    assert np.array_equal(dataset.y, np.eye(10)[DIGITS.y[10:30, 0]])
    assert dataset.get_topological_view().shape == (1, 8, 8, 20)
    assert dataset.preprocessed_dataset.get_topological_view().shape == (1000, 8, 8, 1)
    raw = dataset.preprocessed_dataset
    labels = ZCA_Dataset(raw, dataset.preprocessor, convert_to_one_hot=False)
    assert labels.y_labels == 10
    values = SimpleNamespace(X=X, y=Y / 9.0, y_labels=None, view_converter=None, rng=None)
    with pytest.raises(ValueError, match="needs one integer label an example"):
        ZCA_Dataset(values, dataset.preprocessor)


# ------------------------------------------------------------------ iris
def test_iris_is_the_published_table() -> None:
    iris = Iris()
    assert iris.X.shape == (150, 4)
    # The means and class sizes of Fisher's table.
    np.testing.assert_allclose(iris.X.mean(axis=0), [5.8433, 3.0573, 3.7580, 1.1993], atol=5e-5)
    assert iris.y.sum(axis=0).tolist() == [50, 50, 50]
    assert iris.class_names[iris.y[120].argmax()] == "Iris-virginica"
