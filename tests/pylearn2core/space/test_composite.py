"""CompositeSpace, NullSpace and the spaces of sequences."""

import numpy as np
import pytensor
import pytest

from pylearn2core.errors import UnsupportedError
from pylearn2core.space import (
    CompositeSpace,
    Conv2DSpace,
    IndexSequenceSpace,
    IndexSpace,
    NullSpace,
    VectorSequenceSpace,
    VectorSpace,
)


def compiled(inputs, outputs):
    """A function that runs its graph in Python: nothing is compiled for a tiny example."""
    return pytensor.function(inputs, outputs, mode="FAST_COMPILE")


X = np.arange(14.0).reshape(2, 7)
FLAT = CompositeSpace([VectorSpace(3), VectorSpace(4)])
IMAGE = Conv2DSpace((1, 2), num_channels=2, axes=("c", 0, 1, "b"))
MIXED = CompositeSpace([VectorSpace(3), IMAGE])
NESTED = CompositeSpace([CompositeSpace([VectorSpace(1), VectorSpace(2)]), VectorSpace(4)])


def test_a_vector_is_cut_into_components_and_joined_again():
    first, second = VectorSpace(7).np_format_as(X, MIXED)
    assert np.array_equal(first, X[:, :3])
    # Pylearn2 af81e5c on Theano 1.0.5
    assert second.ravel().tolist() == [3, 10, 5, 12, 4, 11, 6, 13]
    assert np.array_equal(MIXED.np_format_as((first, second), VectorSpace(7)), X)


def test_components_nest():
    (one, two), rest = VectorSpace(7).np_format_as(X, NESTED)
    assert np.array_equal(one, X[:, :1])
    assert np.array_equal(two, X[:, 1:3])
    assert np.array_equal(rest, X[:, 3:])
    assert np.array_equal(NESTED.np_format_as(((one, two), rest), VectorSpace(7)), X)
    assert np.array_equal(NESTED.np_format_as(((one, two), rest), FLAT)[0], X[:, :3])


def test_composites_are_converted_part_by_part():
    labels = np.array([[1], [0]])
    space = CompositeSpace([IndexSpace(2, 1), VectorSpace(4)])
    hot, same = space.np_format_as(
        (labels, X[:, 3:]), CompositeSpace([VectorSpace(2), VectorSpace(4, dtype="float32")])
    )
    assert hot.tolist() == [[0, 1], [1, 0]]
    assert same.dtype == "float32"


def test_symbolic_conversions_agree_with_numeric_ones():
    batch = FLAT.make_theano_batch(name="x")
    assert [part.name for part in batch] == ["x[0]", "x[1]"]
    joined = FLAT.format_as(batch, VectorSpace(7))
    cut = VectorSpace(7).format_as(joined, MIXED)
    values = compiled(list(batch), [joined, *cut])(X[:, :3], X[:, 3:])
    for found, expected in zip(values, (X, *VectorSpace(7).np_format_as(X, MIXED)), strict=True):
        assert np.array_equal(found, expected)


def test_what_is_formatted_is_undone():
    there = NESTED.np_format_as(VectorSpace(7).np_format_as(X, NESTED), FLAT)
    assert np.array_equal(there[0], X[:, :3])
    labels = CompositeSpace([IndexSpace(3, 1), VectorSpace(4)])
    hot = CompositeSpace([VectorSpace(3), VectorSpace(4)])
    batch = (np.array([[2], [0]]), X[:, 3:])
    back = labels.undo_np_format_as(labels.np_format_as(batch, hot), hot)
    assert np.array_equal(back[0], batch[0])
    assert np.array_equal(back[1], batch[1])
    assert np.array_equal(FLAT.undo_np_format_as(X, VectorSpace(7))[1], X[:, 3:])


def test_sizes_that_differ_are_refused():
    with pytest.raises(ValueError, match=r"first is 8.*second 7"):
        VectorSpace(8).np_format_as(np.zeros((2, 8)), MIXED)
    with pytest.raises(ValueError, match=r"first is 3.*second 6"):
        CompositeSpace([IndexSpace(4, 1), VectorSpace(2)]).np_format_as(
            (np.zeros((3, 1), int), np.ones((3, 2))), VectorSpace(6)
        )
    with pytest.raises(ValueError, match="2 and 1 components"):
        FLAT.np_format_as((X[:, :3], X[:, 3:]), CompositeSpace([VectorSpace(7)]))


def test_a_batch_must_be_a_tuple_with_a_part_for_each_component():
    with pytest.raises(TypeError, match="must be a tuple, got list"):
        FLAT.np_validate([X[:, :3], X[:, 3:]])
    with pytest.raises(ValueError, match="tuple of 2 batches, got 1"):
        FLAT.np_validate((X[:, :3],))
    with pytest.raises(ValueError, match=r"must have the shape \(\?, 4\)"):
        FLAT.np_validate((X[:, :3], X))
    with pytest.raises(ValueError, match=r"different numbers of examples: \[1, 2\]"):
        FLAT.np_validate((X[:, :3], X[:1, 3:]))
    with pytest.raises(TypeError, match="component 1 of a CompositeSpace must be a Space"):
        CompositeSpace([VectorSpace(1), 3])


def test_composites_know_their_size_parts_and_dtypes():
    assert MIXED.get_total_dimension() == 7
    assert MIXED.np_batch_size(VectorSpace(7).np_format_as(X, MIXED)) == 2
    assert MIXED.restrict([1]) == IMAGE
    assert MIXED.restrict([0, 0]) == CompositeSpace([VectorSpace(3), VectorSpace(3)])
    assert MIXED.restrict_batch(("a", "b"), [1]) == "b"
    assert NESTED.dtype == (("float64", "float64"), "float64")
    origin = FLAT.get_origin_batch(3, dtype="float32")
    assert [part.shape for part in origin] == [(3, 3), (3, 4)]
    assert {part.dtype.name for part in origin} == {"float32"}
    first, second = FLAT.make_shared_batch(2)
    assert first.get_value().shape == (2, 3)
    assert second.get_value().shape == (2, 4)
    assert str(FLAT) == (
        "CompositeSpace(VectorSpace(dim=3, dtype=float64), VectorSpace(dim=4, dtype=float64))"
    )


def test_the_order_of_components_is_part_of_equality():
    assert CompositeSpace([VectorSpace(3), VectorSpace(4)]) == FLAT
    assert hash(FLAT) == hash(CompositeSpace([VectorSpace(3), VectorSpace(4)]))
    assert CompositeSpace([VectorSpace(4), VectorSpace(3)]) != FLAT


def test_null_space_holds_nothing():
    null = NullSpace()
    assert null == NullSpace()
    assert null.make_theano_batch() is None
    assert null.get_origin_batch(3) is None
    assert null.np_format_as(None, NullSpace()) is None
    assert null.np_batch_size(None) == 0
    with pytest.raises(TypeError, match="must be None, got ndarray"):
        null.np_validate(X)


def test_a_null_component_does_not_count():
    space = CompositeSpace([NullSpace(), VectorSpace(7)])
    assert space.np_batch_size((None, X)) == 2
    assert np.array_equal(space.np_format_as((None, X), VectorSpace(7)), X)
    assert VectorSpace(7).np_format_as(X, space)[0] is None


def test_a_sequence_of_labels_becomes_one_of_one_hot_vectors():
    labels = np.array([[0], [2], [1]])
    target = VectorSequenceSpace(3)
    found = IndexSequenceSpace(3, 1).np_format_as(labels, target)
    assert np.array_equal(found, np.eye(3)[[0, 2, 1]])
    assert target.np_batch_size(found) == 3
    assert VectorSequenceSpace(3, dtype="float32").np_format_as(found, target).dtype == "float64"
    variable = IndexSequenceSpace(3, 1).make_theano_batch()
    hot = compiled([variable], IndexSequenceSpace(3, 1).format_as(variable, target))
    assert np.array_equal(hot(labels), found)


def test_the_times_of_a_sequence_are_the_examples_of_a_batch_of_vectors():
    sequence = np.arange(15.0).reshape(5, 3)
    assert np.array_equal(VectorSequenceSpace(3).np_format_as(sequence, VectorSpace(3)), sequence)
    labels = IndexSequenceSpace(3, 1).np_format_as(np.array([[0], [2]]), VectorSpace(3))
    assert np.array_equal(labels, np.eye(3)[[0, 2]])
    with pytest.raises(ValueError, match="must be equal"):
        VectorSequenceSpace(3).np_format_as(sequence, VectorSpace(4))


def test_a_batch_becomes_no_sequence():
    with pytest.raises(UnsupportedError, match="can't convert a batch of vectors"):
        VectorSpace(3).np_format_as(np.zeros((5, 3)), VectorSequenceSpace(3))
