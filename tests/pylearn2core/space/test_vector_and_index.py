"""VectorSpace and IndexSpace. "The real one" below is Pylearn2 af81e5c on Theano 1.0.5."""

import numpy as np
import pytensor
import pytensor.tensor as T
import pytest
import scipy.sparse

from pylearn2core.errors import UnsupportedError
from pylearn2core.space import IndexSpace, VectorSpace


def compiled(inputs, outputs):
    """A function that runs its graph in Python: nothing is compiled for a tiny example."""
    return pytensor.function(inputs, outputs, mode="FAST_COMPILE")


LABELS = np.array([[0, 2], [3, 3], [1, 0]])


def evaluate(space, batch, target):
    """What the symbolic conversion gives, beside the numeric one."""
    variable = space.make_theano_batch()
    return compiled([variable], space.format_as(variable, target))(batch)


@pytest.fixture(params=["numeric", "symbolic"])
def convert(request):
    if request.param == "symbolic":
        return evaluate
    return lambda space, batch, target: space.np_format_as(batch, target)


def test_labels_become_concatenated_one_hot_vectors_as_in_the_real_one(convert):
    found = convert(IndexSpace(4, 2), LABELS, VectorSpace(8))
    assert found.tolist() == [
        [1, 0, 0, 0, 0, 0, 1, 0],
        [0, 0, 0, 1, 0, 0, 0, 1],
        [0, 1, 0, 0, 1, 0, 0, 0],
    ]
    assert found.dtype == "float64"


def test_labels_become_merged_one_hot_vectors_as_in_the_real_one(convert):
    found = convert(IndexSpace(4, 2), LABELS, VectorSpace(4, dtype="float32"))
    assert found.tolist() == [[1, 0, 1, 0], [0, 0, 0, 1], [1, 1, 0, 0]]
    assert found.dtype == "float32"


def test_a_column_of_labels_becomes_one_hot(convert):
    labels = np.random.RandomState(0).randint(0, 10, size=(200, 1))
    found = convert(IndexSpace(10, 1), labels, VectorSpace(10))
    assert np.array_equal(found, np.eye(10)[labels[:, 0]])


def test_labels_become_sparse_one_hot_vectors():
    found = IndexSpace(4, 2).np_format_as(LABELS, VectorSpace(8, sparse=True))
    assert scipy.sparse.issparse(found)
    assert np.array_equal(found.toarray(), IndexSpace(4, 2).np_format_as(LABELS, VectorSpace(8)))


def test_one_hot_is_undone():
    for space in (IndexSpace(4, 2), IndexSpace(7, 1)):
        batch = np.random.RandomState(1).randint(0, space.max_labels, size=(20, space.dim))
        vectors = VectorSpace(space.max_labels * space.dim)
        hot = space.np_format_as(batch, vectors)
        assert np.array_equal(space.undo_np_format_as(hot, vectors), batch)
        variable = vectors.make_theano_batch()
        undo = compiled([variable], space.undo_format_as(variable, vectors))
        assert np.array_equal(undo(hot), batch)


def test_merged_one_hot_vectors_cannot_be_undone():
    with pytest.raises(UnsupportedError, match="no conversion from IndexSpace"):
        IndexSpace(4, 2).undo_np_format_as(np.zeros((1, 4)), VectorSpace(4))


def test_a_label_out_of_range_is_an_index_error():
    for label in (4, -1):
        with pytest.raises(IndexError, match=f"label {label} is out of range.*0..3"):
            IndexSpace(4, 1).np_format_as(np.array([[label]]), VectorSpace(4))


def test_a_one_hot_size_that_fits_neither_way_is_refused():
    with pytest.raises(ValueError, match=r"must be 4 \(one-hot vectors merged\) or 8"):
        IndexSpace(4, 2).np_format_as(LABELS, VectorSpace(5))


def test_vectors_do_not_become_labels():
    with pytest.raises(ValueError, match=r"total dimension of the first is 4.*second 1"):
        VectorSpace(4).np_format_as(np.eye(4), IndexSpace(4, 1))
    with pytest.raises(UnsupportedError, match="can't convert a batch of vectors"):
        VectorSpace(1).np_format_as(np.ones((2, 1)), IndexSpace(4, 1))


def test_labels_keep_to_their_number_of_classes():
    found = IndexSpace(4, 2).np_format_as(LABELS, IndexSpace(4, 2, dtype="int32"))
    assert found.dtype == "int32"
    assert np.array_equal(found, LABELS)
    with pytest.raises(ValueError, match="max_labels must be equal"):
        IndexSpace(4, 2).np_format_as(LABELS, IndexSpace(5, 2))


def test_an_integer_or_a_double_batch_is_cast_to_the_space_asked_for(convert):
    whole = np.arange(24).reshape(2, 12)
    assert VectorSpace(12).np_format_as(whole, VectorSpace(12)).dtype == "float64"
    found = convert(VectorSpace(12), whole.astype("float64"), VectorSpace(12, dtype="float32"))
    assert found.dtype == "float32"
    assert np.array_equal(found, whole)


def test_no_copy_is_made_where_the_dtype_is_right():
    batch = np.zeros((2, 3))
    assert VectorSpace(3).np_format_as(batch, VectorSpace(3)) is batch
    assert VectorSpace(3).np_format_as(batch, VectorSpace(3, dtype=None)) is batch


def test_dense_and_sparse_vectors_become_one_another():
    batch = np.arange(6.0).reshape(2, 3)
    dense, sparse = VectorSpace(3), VectorSpace(3, sparse=True)
    found = dense.np_format_as(batch, sparse)
    assert scipy.sparse.issparse(found)
    assert np.array_equal(sparse.np_format_as(found, dense), batch)
    variable = dense.make_theano_batch()
    there_and_back = sparse.format_as(dense.format_as(variable, sparse), dense)
    assert np.array_equal(compiled([variable], there_and_back)(batch), batch)


@pytest.mark.parametrize(
    ("batch", "error", "message"),
    [
        (np.zeros(3), ValueError, r"must have 2 dimensions \(\?, 3\), got 1: \(3\)"),
        (np.zeros((2, 4)), ValueError, r"must have the shape \(\?, 3\), got \(2, 4\)"),
        ([[1.0, 2.0, 3.0]], TypeError, "must be a numpy array, got list"),
        (np.zeros((2, 3), complex), TypeError, "complex128 can't be cast"),
        (scipy.sparse.csr_matrix((2, 3)), TypeError, "must be dense"),
    ],
)
def test_np_validate_says_what_is_wrong_with_a_batch(batch, error, message):
    with pytest.raises(error, match=message):
        VectorSpace(3).np_validate(batch)


@pytest.mark.parametrize(
    ("variable", "error", "message"),
    [
        (T.vector(), ValueError, "must have 2 dimensions"),
        (T.matrix(shape=(None, 4)), ValueError, r"got \(\?, 4\)"),
        (np.zeros((2, 3)), TypeError, "must be a symbolic variable, got ndarray"),
        (T.matrix(dtype="complex128"), TypeError, "can't be cast"),
    ],
)
def test_validate_says_what_is_wrong_with_a_variable(variable, error, message):
    with pytest.raises(error, match=message):
        VectorSpace(3).validate(variable)


def test_validate_accepts_variables_of_unknown_width_and_of_integers():
    VectorSpace(3).validate(T.matrix())
    VectorSpace(3).validate(T.lmatrix())
    VectorSpace(3).validate(pytensor.shared(np.zeros((2, 3))))


def test_labels_must_be_whole_numbers():
    with pytest.raises(TypeError, match="must hold integers, got dtype float64"):
        IndexSpace(4, 1).np_validate(np.zeros((2, 1)))
    with pytest.raises(TypeError, match="must be an integer one"):
        IndexSpace(4, 1, dtype="float64")
    with pytest.raises(ValueError, match=r"must have the shape \(\?, 2\), got \(3, 1\)"):
        IndexSpace(4, 2).np_format_as(LABELS[:, :1], VectorSpace(8))


def test_dtypes_are_resolved_when_the_space_is_made():
    with pytensor.config.change_flags(floatX="float32"):
        space = VectorSpace(3)
    assert space.dtype == "float32"
    assert VectorSpace(3).dtype == "float64"
    assert IndexSpace(3, 1).dtype == "int64"
    assert VectorSpace(3, dtype=None).dtype is None
    with pytest.raises(TypeError, match="dtype must be"):
        VectorSpace(3, dtype="str")


def test_a_space_of_any_dtype_needs_to_be_told_one_for_new_batches():
    space = VectorSpace(3, dtype=None)
    with pytest.raises(TypeError, match="give the dtype"):
        space.make_theano_batch()
    assert space.make_theano_batch(dtype="float32").dtype == "float32"
    assert space.get_origin_batch(2, dtype="int32").dtype == "int32"


def test_spaces_are_equal_where_all_their_arguments_are():
    assert VectorSpace(3) == VectorSpace(3)
    assert hash(VectorSpace(3)) == hash(VectorSpace(3))
    assert IndexSpace(3, 1) == IndexSpace(3, 1)
    assert len({VectorSpace(3), VectorSpace(3, dtype="float32"), VectorSpace(3, sparse=True)}) == 3
    assert IndexSpace(3, 1) != IndexSpace(3, 2)
    assert VectorSpace(3) != IndexSpace(3, 3)
    assert VectorSpace(3) != 3


def test_texts_are_as_in_the_real_one():
    assert str(VectorSpace(3)) == "VectorSpace(dim=3, dtype=float64)"
    assert str(IndexSpace(4, 1)) == "IndexSpace(dim=1, max_labels=4, dtype=int64)"


def test_batches_know_their_size():
    space = VectorSpace(3)
    assert space.np_batch_size(np.zeros((5, 3))) == 5
    variable = space.make_batch_theano(name="x")
    assert variable.name == "x"
    assert compiled([variable], space.batch_size(variable))(np.zeros((7, 3))) == 7
    assert space.get_origin().shape == (3,)
    assert space.get_origin_batch(4).shape == (4, 3)
    assert space.make_shared_batch(4, name="s").get_value().shape == (4, 3)
    assert space.make_theano_batch(batch_size=4).type.shape == (4, 3)
    assert IndexSpace(9, 1).make_theano_batch().type.shape == (None, 1)
    assert IndexSpace(9, 2).get_origin_batch(3).tolist() == [[0, 0]] * 3


def test_parts_of_a_batch_are_cut_along_its_examples():
    batch = np.arange(12).reshape(4, 3)
    assert np.array_equal(VectorSpace(3).get_batch(batch, 1, 3), batch[1:3])
    assert np.array_equal(VectorSpace(3).np_take(batch, [3, 0]), batch[[3, 0]])
