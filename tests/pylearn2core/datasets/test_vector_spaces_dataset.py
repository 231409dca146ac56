import numpy as np
import pytest

from pylearn2core.datasets.vector_spaces_dataset import VectorSpacesDataset
from pylearn2core.space import CompositeSpace, Conv2DSpace, IndexSpace, VectorSpace

X = np.arange(10.0).reshape(5, 2)
CLASSES = np.array([[0], [1], [2], [1], [0]])
IMAGES = np.arange(30.0).reshape(1, 2, 3, 5)  # c, 0, 1, b
IMAGE = Conv2DSpace((2, 3), num_channels=1, axes=("c", 0, 1, "b"))
SPACE = CompositeSpace([VectorSpace(2), CompositeSpace([IndexSpace(3, 1), IMAGE])])
SOURCES = ("features", ("class", "picture"))


def dataset():
    return VectorSpacesDataset(data=(X, (CLASSES, IMAGES)), data_specs=(SPACE, SOURCES))


def test_batches_have_all_sources_nested_as_given():
    features, (classes, pictures) = next(dataset().iterator("sequential", batch_size=2))
    assert np.array_equal(features, X[:2])
    assert np.array_equal(classes, CLASSES[:2])
    assert np.array_equal(pictures, IMAGES[..., :2])


def test_sources_are_converted_to_the_space_asked_for():
    specs = (CompositeSpace([VectorSpace(3), VectorSpace(6)]), ("class", "picture"))
    iterator = dataset().iterator("shuffled_sequential", 2, data_specs=specs, rng=1)
    order = np.arange(5)
    np.random.RandomState(1).shuffle(order)
    batches = list(iterator)
    hot = np.vstack([batch[0] for batch in batches])
    assert np.array_equal(hot, np.eye(3)[CLASSES[order, 0]])
    rows = np.vstack([batch[1] for batch in batches])
    assert np.array_equal(rows, IMAGES[0][..., order].transpose(2, 0, 1).reshape(5, 6))


def test_its_own_generator_is_that_of_the_real_one():
    # Pylearn2 af81e5c: seed (17, 2, 946) where none is given.
    order = np.arange(5)
    np.random.RandomState((17, 2, 946)).shuffle(order)
    specs = (VectorSpace(2), "features")
    batch = next(dataset().iterator("shuffled_sequential", 5, data_specs=specs))
    assert np.array_equal(batch, X[order])


def test_sources_are_reached_by_name():
    found = dataset()
    assert found.get_source("features") is X
    assert found.get_num_examples() == 5
    assert not found.has_targets()
    assert found.resident_sources(("class",)) == ((CLASSES, IndexSpace(3, 1)),)
    assert found.resident_sources(("class", "picture")) is None
    with pytest.raises(ValueError, match="no source 'classes'; it has 'features', 'class'"):
        found.get_source("classes")


def test_lists_of_yaml_are_tuples():
    found = VectorSpacesDataset(
        data=[X, CLASSES],
        data_specs=(CompositeSpace([VectorSpace(2), IndexSpace(3, 1)]), ["features", "targets"]),
    )
    assert found.get_data_specs()[1] == ("features", "targets")
    assert found.has_targets()


def test_data_that_do_not_fit_are_refused():
    specs = (CompositeSpace([VectorSpace(2), VectorSpace(2)]), ("a", "b"))
    with pytest.raises(ValueError, match="different numbers of examples"):
        VectorSpacesDataset(data=(X, X[:3]), data_specs=specs)
    with pytest.raises(ValueError, match="each source may occur once"):
        VectorSpacesDataset(
            data=(X, CLASSES),
            data_specs=(CompositeSpace([VectorSpace(2), IndexSpace(3, 1)]), ("a", "a")),
        )
    with pytest.raises(ValueError, match="needs both"):
        VectorSpacesDataset(data=X)
