import numpy as np
import pytest

from pylearn2core import paths
from pylearn2core.datasets.csv_dataset import CSVDataset
from pylearn2core.datasets.npy_npz import NpyDataset, NpzDataset
from pylearn2core.datasets.transformer_dataset import TransformerDataset
from pylearn2core.datasets.vector_spaces_dataset import VectorSpacesDataset
from pylearn2core.errors import ConfigError
from pylearn2core.space import CompositeSpace, IndexSpace, VectorSpace

X = np.arange(12.0).reshape(4, 3)
Y = np.array([2, 0, 1, 1])


@pytest.fixture
def folder(tmp_path):
    with paths.use(paths.Places(read=tmp_path)):
        yield tmp_path


def write_csv(folder, header="label,a,b,c\n"):
    lines = [",".join(map(str, [label, *row])) for label, row in zip(Y, X, strict=True)]
    (folder / "train.csv").write_text(header + "\n".join(lines) + "\n")


def test_csv_labels_become_one_hot_targets(folder):
    write_csv(folder)
    dataset = CSVDataset("train.csv")
    assert np.array_equal(dataset.X, X)
    assert np.array_equal(dataset.y, np.eye(3)[Y])


def test_csv_labels_stay_labels_where_their_number_is_given(folder):
    write_csv(folder)
    dataset = CSVDataset("train.csv", y_labels=3)
    assert dataset.get_data_specs()[0].components[1] == IndexSpace(max_labels=3, dim=1)
    assert np.array_equal(dataset.y[:, 0], Y)


def test_csv_values_are_targets_of_a_regression(folder):
    write_csv(folder)
    dataset = CSVDataset("train.csv", task="regression", num_outputs=2)
    assert np.array_equal(dataset.y, np.column_stack([Y, X[:, 0]]))
    assert np.array_equal(dataset.X, X[:, 1:])


def test_csv_parts_are_rows_or_shares_of_them(folder):
    write_csv(folder, header="")
    assert np.array_equal(CSVDataset("train.csv", expect_headers=False, start=1, stop=3).X, X[1:3])
    half = CSVDataset("train.csv", expect_headers=False, end_fraction=0.5, expect_labels=False)
    assert half.y is None
    assert half.X.shape == (2, 4)
    with pytest.raises(ValueError, match="either start and stop"):
        CSVDataset("train.csv", expect_headers=False, start=1, end_fraction=0.5)
    with pytest.raises(ValueError, match="no row of 4 is left"):
        CSVDataset("train.csv", expect_headers=False, start=4)


def test_csv_that_cannot_be_read_says_why(folder):
    with pytest.raises(ConfigError, match=r"can't read 'no\.csv': there is no file"):
        CSVDataset("no.csv")
    write_csv(folder)
    with pytest.raises(ConfigError, match="expected numbers between ',', after no headers"):
        CSVDataset("train.csv", expect_headers=False)
    (folder / "values.csv").write_text("0.5,1\n")
    with pytest.raises(ConfigError, match="labels must be whole numbers"):
        CSVDataset("values.csv", expect_headers=False)
    with pytest.raises(ConfigError, match="2 columns leave no features"):
        CSVDataset("values.csv", expect_headers=False, task="regression", num_outputs=2)
    with pytest.raises(ValueError, match="task must be"):
        CSVDataset("train.csv", task="ranking")


def test_npy_and_npz_files_are_design_matrices(folder):
    np.save(folder / "X.npy", X)
    np.savez(folder / "both.npz", X=X, y=Y)
    assert np.array_equal(NpyDataset("X.npy").X, X)
    dataset = NpzDataset("both.npz", "X", target_key="y", y_labels=3)
    assert np.array_equal(dataset.X, X)
    assert np.array_equal(dataset.y, Y)
    with pytest.raises(ConfigError, match="has no array 'Y'; it has X, y"):
        NpzDataset("both.npz", "X", target_key="Y")


class SumAndLabels:
    """Like a Block: three features to their sum, in a column."""

    def get_input_space(self):
        return VectorSpace(3)

    def get_output_space(self):
        return VectorSpace(1)

    def perform(self, batch):
        return batch.sum(axis=1, keepdims=True)


def raw():
    space = CompositeSpace([VectorSpace(3), IndexSpace(3, 1)])
    return VectorSpacesDataset((X, Y.reshape(-1, 1)), (space, ("features", "targets")))


def test_features_are_transformed_batch_by_batch():
    dataset = TransformerDataset(raw(), SumAndLabels())
    batches = list(dataset.iterator("sequential", batch_size=3))
    assert np.array_equal(np.vstack(batches), X.sum(axis=1, keepdims=True))
    assert dataset.get_num_examples() == 4
    assert dataset.has_targets()
    assert dataset.get_data_specs()[0] == CompositeSpace([VectorSpace(1), IndexSpace(3, 1)])


def test_targets_go_by_and_features_are_converted():
    dataset = TransformerDataset(raw(), SumAndLabels())
    inner = CompositeSpace([VectorSpace(1, dtype="float32"), VectorSpace(1)])
    specs = (CompositeSpace([VectorSpace(3), inner]), ("targets", ("features", "features")))
    targets, (single, double) = next(dataset.iterator("sequential", 4, data_specs=specs))
    assert np.array_equal(targets, np.eye(3)[Y])
    assert single.dtype == "float32"
    assert np.array_equal(single, double)
    assert np.array_equal(double, X.sum(axis=1, keepdims=True))
