"""DenseDesignMatrix. Figures marked "real" are of Pylearn2 af81e5c on Theano 1.0.5."""

import numpy as np
import pytensor
import pytest

from pylearn2core.datasets.dense_design_matrix import DenseDesignMatrix, from_dataset
from pylearn2core.datasets.view_converter import DefaultViewConverter
from pylearn2core.space import CompositeSpace, Conv2DSpace, IndexSpace, VectorSpace

X = np.arange(12.0).reshape(6, 2)
LABELS = np.array([0, 2, 1, 1, 0, 2])


def labelled(**kwargs):
    return DenseDesignMatrix(X=X, y=LABELS.reshape(-1, 1), y_labels=3, **kwargs)


def test_features_alone_have_one_source():
    dataset = DenseDesignMatrix(X=X)
    assert dataset.get_data_specs() == (VectorSpace(2), "features")
    assert dataset.get_data() is X
    assert not dataset.has_targets()
    assert dataset.get_num_examples() == dataset.num_examples == 6


def test_labels_are_an_index_space_and_values_a_vector_space():
    space, sources = labelled().get_data_specs()
    assert space == CompositeSpace([VectorSpace(2), IndexSpace(max_labels=3, dim=1)])
    assert sources == ("features", "targets")
    values = DenseDesignMatrix(X=X, y=np.zeros((6, 4)))
    assert values.get_data_specs()[0].components[1] == VectorSpace(4)


def test_a_vector_of_labels_is_a_column_to_whoever_asks_for_data():
    dataset = DenseDesignMatrix(X=X, y=LABELS, y_labels=3)
    assert dataset.get_targets() is dataset.y
    assert dataset.get_data()[1].shape == (6, 1)
    assert dataset.get_data_specs()[0].components[1] == IndexSpace(max_labels=3, dim=1)
    (first, _), (again, _) = (dataset.resident_sources(("targets",))[0] for _ in range(2))
    assert first is again


def test_labels_become_one_hot_where_a_vector_space_is_asked_for():
    specs = (CompositeSpace([VectorSpace(2), VectorSpace(3)]), ("features", "targets"))
    batches = list(labelled().iterator("sequential", batch_size=4, data_specs=specs))
    assert np.array_equal(np.vstack([batch[0] for batch in batches]), X)
    assert np.array_equal(np.vstack([batch[1] for batch in batches]), np.eye(3)[LABELS])


def test_batches_are_nested_like_the_data_specs():
    inner = CompositeSpace([VectorSpace(3), VectorSpace(2)])
    specs = (CompositeSpace([VectorSpace(2), inner]), ("features", ("targets", "features")))
    batch = next(labelled().iterator("sequential", batch_size=2, data_specs=specs))
    assert batch[0] is batch[1][1]
    assert batch[1][0].shape == (2, 3)
    flat = labelled().iterator("sequential", batch_size=2, data_specs=specs, return_tuple=True)
    assert [part.shape for part in next(flat)] == [(2, 2), (2, 3)]


def test_without_data_specs_batches_are_features():
    iterator = labelled().iterator("even_sequential", batch_size=4)
    assert (iterator.num_batches, iterator.batch_size, iterator.num_examples) == (1, 4, 4)
    assert not iterator.stochastic
    assert not iterator.uneven
    assert np.array_equal(iterator.next(), X[:4])
    assert [len(batch) for batch in DenseDesignMatrix(X=X).iterator(batch_size=5)] == [5, 1]


def test_a_scheme_can_be_set_for_iterators_that_name_none():
    dataset = DenseDesignMatrix(X=X)
    dataset.set_iteration_scheme("even_sequential", batch_size=4)
    assert [len(batch) for batch in dataset] == [4]


def test_stochastic_iteration_draws_from_the_datasets_own_generator():
    rows = np.arange(100.0).reshape(100, 1)
    dataset = DenseDesignMatrix(X=rows)
    epochs = [
        np.vstack(list(dataset.iterator("shuffled_sequential", 32)))[:, 0].tolist()
        for _ in range(2)
    ]
    assert epochs[0][:10] == [9, 84, 64, 6, 19, 38, 79, 27, 83, 66]  # real
    rng = np.random.RandomState((17, 2, 946))
    for epoch in epochs:
        order = np.arange(100)
        rng.shuffle(order)
        assert epoch == order.tolist()


def test_float64_data_comes_out_in_the_float_type_of_now():
    with pytensor.config.change_flags(floatX="float32"):
        dataset = DenseDesignMatrix(X=X, y=LABELS.reshape(-1, 1), y_labels=3)
        batch = next(dataset.iterator("sequential", batch_size=2))
        assert batch.dtype == "float32"
        array, space = dataset.resident_sources(("features",))[0]
        assert space.np_format_as(array, VectorSpace(2)).dtype == "float32"


def test_read_only_arrays_are_kept_as_they_are():
    array = X.copy()
    array.flags.writeable = False
    dataset = DenseDesignMatrix(X=array)
    assert dataset.get_design_matrix() is array
    assert np.array_equal(next(dataset.iterator(batch_size=6)), X)


@pytest.mark.parametrize(
    ("kwargs", "message"),
    [
        ({"X": X, "y": LABELS[:5]}, "X has 6 examples but y has 5"),
        ({}, "exactly one"),
        ({"X": X, "topo_view": np.zeros((6, 1, 2, 1))}, "exactly one"),
        ({"X": LABELS}, r"X must be a matrix of numbers.*got shape \(6,\)"),
        ({"X": np.array([["a"]])}, "X must be a matrix of numbers"),
        ({"X": X, "y": np.zeros((6, 1, 1))}, "y must be a vector or a matrix"),
        ({"X": X, "y": LABELS, "y_labels": 2}, r"labels 0..1, but y holds labels from 0 to 2"),
        ({"X": X, "y": LABELS / 2, "y_labels": 3}, "its dtype is float64; use y.astype"),
        ({"X": X, "y_labels": 3}, "there is no y"),
        ({"X": X, "X_labels": 3}, "X_labels=3 says that X holds integer labels"),
        ({"topo_view": X}, "topo_view must have 4 dimensions"),
    ],
)
def test_arguments_that_do_not_fit_are_refused(kwargs, message):
    with pytest.raises(ValueError, match=message):
        DenseDesignMatrix(**kwargs)


def test_features_may_be_labels():
    words = DenseDesignMatrix(X=np.array([[1, 2], [0, 3]]), X_labels=4)
    assert words.get_data_specs() == (IndexSpace(max_labels=4, dim=2), "features")
    specs = (VectorSpace(8), "features")
    hot = next(words.iterator(batch_size=2, data_specs=specs))
    assert hot.argmax(axis=1).tolist() == [1, 0]


def test_an_unknown_source_is_named_with_those_there_are():
    specs = (VectorSpace(2), "feature")
    with pytest.raises(ValueError, match="no source 'feature'; it has 'features', 'targets'"):
        labelled().iterator(batch_size=2, data_specs=specs)
    with pytest.raises(ValueError, match="no source 'targets'; it has 'features' only"):
        DenseDesignMatrix(X=X).resident_sources(("targets",))


def test_resident_sources_are_the_arrays_themselves():
    dataset = labelled()
    (y, y_space), (features, X_space) = dataset.resident_sources(("targets", "features"))
    assert features is X
    assert y is dataset.y
    assert (y_space, X_space) == (IndexSpace(max_labels=3, dim=1), VectorSpace(2))


# ------------------------------------------------------------------ images
IMAGES = np.arange(48.0).reshape(2, 3, 4, 2)  # b, 0, 1, c
ORDERS = [("b", 0, 1, "c"), ("c", 0, 1, "b"), ("b", "c", 0, 1), (1, "b", "c", 0)]


def in_order(axes):
    return Conv2DSpace.convert_numpy(IMAGES, ("b", 0, 1, "c"), axes)


@pytest.mark.parametrize("axes", ORDERS)
def test_rows_hold_images_channel_by_channel_whatever_the_axes(axes):
    dataset = DenseDesignMatrix(topo_view=in_order(axes), axes=axes)
    assert np.array_equal(dataset.X, IMAGES.transpose(0, 3, 1, 2).reshape(2, -1))
    assert np.array_equal(dataset.get_topological_view(), in_order(axes))
    assert np.array_equal(dataset.get_weights_view(dataset.X), IMAGES)
    assert np.array_equal(dataset.get_design_matrix(in_order(axes)), dataset.X)
    assert dataset.get_topo_batch_axis() == axes.index("b")
    assert dataset.view_shape() == dataset.weights_view_shape() == (3, 4, 2)


@pytest.mark.parametrize("axes", ORDERS)
def test_images_are_iterated_over_in_the_space_asked_for(axes):
    dataset = DenseDesignMatrix(topo_view=IMAGES)
    space = Conv2DSpace((3, 4), num_channels=2, axes=axes)
    batch = next(dataset.iterator(batch_size=2, data_specs=(space, "features")))
    assert np.array_equal(batch, in_order(axes))
    rows = next(dataset.iterator(batch_size=2, data_specs=(VectorSpace(24), "features")))
    assert np.array_equal(rows, dataset.X)


def test_resident_images_have_examples_first_and_share_memory():
    dataset = DenseDesignMatrix(topo_view=IMAGES)
    wanted = Conv2DSpace((3, 4), num_channels=2)
    array, space = dataset.resident_sources(("features",), (wanted,))[0]
    assert np.array_equal(space.np_format_as(array, wanted), IMAGES)
    assert np.shares_memory(array, dataset.X)
    assert dataset.resident_sources(("features",), (wanted,))[0][0] is array
    rows, space = dataset.resident_sources(("features",), (VectorSpace(24),))[0]
    assert rows is dataset.X


def test_the_views_axes_can_be_changed():
    dataset = DenseDesignMatrix(topo_view=IMAGES)
    dataset.set_view_converter_axes(("c", 0, 1, "b"))
    assert np.array_equal(dataset.get_topological_view(), in_order(("c", 0, 1, "b")))
    assert dataset.X_topo_space.axes == ("c", 0, 1, "b")
    dataset.set_topological_view(np.zeros((5, 2, 2, 1)))
    assert dataset.get_design_matrix().shape == (5, 4)


def test_a_matrix_gets_its_view_from_a_converter():
    dataset = DenseDesignMatrix(X=X, view_converter=DefaultViewConverter((1, 2, 1)))
    assert dataset.has_topological_view()
    assert np.array_equal(dataset.get_topological_view(), X.reshape(6, 1, 2, 1))
    assert not DenseDesignMatrix(X=X).has_topological_view()
    with pytest.raises(ValueError, match="no view as images"):
        DenseDesignMatrix(X=X).get_topological_view()
    with pytest.raises(ValueError, match="need rows of 9 values"):
        DefaultViewConverter((3, 3, 1)).design_mat_to_topo_view(X)
    with pytest.raises(ValueError, match="expected images of 3 x 3"):
        DefaultViewConverter((3, 3, 1)).topo_view_to_design_mat(IMAGES)


def test_values_are_scaled_for_showing():
    dataset = DenseDesignMatrix(X=X)
    assert np.array_equal(dataset.adjust_for_viewer(np.array([-4.0, 2.0])), [-1.0, 0.5])
    assert np.array_equal(dataset.adjust_for_viewer(np.zeros(2)), np.zeros(2))
    other = np.array([[2.0, 1.0], [8.0, 0.0]])
    found = dataset.adjust_to_be_viewed_with(np.array([[1.0, 4.0], [4.0, 4.0]]), other, True)
    assert np.array_equal(found, [[0.5, 1.0], [0.5, 0.5]])


# ------------------------------------------------------------------ parts
def test_random_batches_are_runs_of_rows():
    dataset = labelled(rng=3)
    start = np.random.RandomState(3).randint(0, 4)
    rows, labels = dataset.get_batch_design(3, include_labels=True)
    assert np.array_equal(rows, X[start : start + 3])
    assert np.array_equal(labels[:, 0], LABELS[start : start + 3])
    assert from_dataset(dataset, 4).get_num_examples() == 4
    with pytest.raises(ValueError, match="exceeds the 6 examples"):
        dataset.get_batch_design(7)


def test_holdout_splits_in_order_or_after_a_shuffle():
    train, valid = labelled().split_dataset_holdout(train_size=4)
    assert np.array_equal(train, X[:4])
    assert np.array_equal(valid, X[4:])
    # The larger part is the first in the file, as Pylearn2 has it.
    train, valid = labelled().split_dataset_holdout(train_prop=1 / 3)
    assert np.array_equal(train, X[4:])
    assert np.array_equal(valid, X[:4])
    # Pylearn2: train_size, and train_prop only without it.
    train, valid = labelled().split_dataset_holdout(train_size=5, train_prop=0.5)
    assert np.array_equal(train, X[:5])
    train, valid = labelled().bootstrap_holdout(train_prop=0.5)
    assert len(train) == len(valid) == 3
    assert sorted(np.vstack([train, valid])[:, 0]) == X[:, 0].tolist()
    with pytest.raises(ValueError, match="give train_size or train_prop"):
        labelled().split_dataset_holdout()
    with pytest.raises(ValueError, match="leaves one part empty"):
        labelled().split_dataset_holdout(train_size=6)


def test_folds_cover_all_examples():
    folds = DenseDesignMatrix(X=X[:5]).split_dataset_nfolds(3)
    assert [len(fold) for fold in folds] == [2, 2, 1]
    assert np.array_equal(np.vstack(folds), X[:5])
    shuffled = labelled().bootstrap_nfolds(3, rng=1)
    assert sorted(np.vstack(shuffled)[:, 0]) == X[:, 0].tolist()
    with pytest.raises(ValueError, match=r"nfolds must lie in 1..6"):
        labelled().split_dataset_nfolds(7)


def test_restrict_keeps_a_run_of_examples():
    dataset = labelled()
    dataset.restrict(1, 3)
    assert np.array_equal(dataset.X, X[1:3])
    assert np.array_equal(dataset.y[:, 0], LABELS[1:3])
    with pytest.raises(ValueError, match=r"can't keep examples 0..4 of 2"):
        dataset.restrict(0, 5)


class Doubler:
    def apply(self, dataset, can_fit=False):
        dataset.set_design_matrix(dataset.get_design_matrix() * (2 if can_fit else 3))


def test_a_preprocessor_is_applied_at_once_and_on_demand():
    dataset = DenseDesignMatrix(X=X, preprocessor=Doubler(), fit_preprocessor=True)
    assert np.array_equal(dataset.X, 2 * X)
    dataset.apply_preprocessor(Doubler())
    assert np.array_equal(dataset.X, 6 * X)
