"""Conv2DSpace in each of the 24 orders of its axes."""

from itertools import permutations

import numpy as np
import pytensor
import pytest

from pylearn2core.errors import ConfigError
from pylearn2core.space import Conv2DSpace, VectorSpace


def compiled(inputs, outputs):
    """A function that runs its graph in Python: nothing is compiled for a tiny example."""
    return pytensor.function(inputs, outputs, mode="FAST_COMPILE")


BATCH, ROWS, COLUMNS, CHANNELS = 2, 2, 3, 2
SIZES = {"b": BATCH, 0: ROWS, 1: COLUMNS, "c": CHANNELS}
ORDERS = list(permutations(("b", 0, 1, "c")))
VECTORS = VectorSpace(ROWS * COLUMNS * CHANNELS)


def space_in(axes):
    return Conv2DSpace((ROWS, COLUMNS), num_channels=CHANNELS, axes=axes)


def value(b, row, column, c):
    return ((b * ROWS + row) * COLUMNS + column) * CHANNELS + c


def images_in(axes):
    """Each element says where it belongs, whatever the order."""
    images = np.empty([SIZES[axis] for axis in axes])
    for index in np.ndindex(*images.shape):
        at = dict(zip(axes, index, strict=True))
        images[index] = value(at["b"], at[0], at[1], at["c"])
    return images


ROWS_OF_VECTORS = np.arange(24.0).reshape(2, 12)


@pytest.mark.parametrize("axes", ORDERS)
def test_images_and_vectors_become_one_another(axes):
    space = space_in(axes)
    assert np.array_equal(space.np_format_as(images_in(axes), VECTORS), ROWS_OF_VECTORS)
    assert np.array_equal(VECTORS.np_format_as(ROWS_OF_VECTORS, space), images_in(axes))
    assert np.array_equal(space.undo_np_format_as(ROWS_OF_VECTORS, VECTORS), images_in(axes))


@pytest.mark.parametrize("axes", ORDERS)
def test_axes_are_reordered(axes):
    for target in (("b", 0, 1, "c"), ("c", 0, 1, "b"), ("b", "c", 0, 1)):
        found = space_in(axes).np_format_as(images_in(axes), space_in(target))
        assert np.array_equal(found, images_in(target))


@pytest.mark.parametrize("axes", ORDERS)
def test_batch_axis_and_origins_follow_the_axes(axes):
    space = space_in(axes)
    assert space.get_batch_axis() == axes.index("b")
    assert space.get_total_dimension() == 12
    assert space.np_batch_size(images_in(axes)) == BATCH
    assert list(space.get_origin_batch(4).shape) == [{**SIZES, "b": 4}[axis] for axis in axes]
    assert list(space.get_origin().shape) == [SIZES[axis] for axis in axes if axis != "b"]
    first = space.get_batch(images_in(axes), 0, 1)
    assert np.array_equal(space.np_format_as(first, VECTORS), ROWS_OF_VECTORS[:1])


def test_a_vector_in_channel_first_order_is_as_in_the_real_one():
    # Pylearn2 af81e5c on Theano 1.0.5: VectorSpace(12) to Conv2DSpace axes ('c', 0, 1, 'b').
    found = VECTORS.np_format_as(ROWS_OF_VECTORS, space_in(("c", 0, 1, "b")))
    assert found.ravel().tolist() == [
        0, 12, 2, 14, 4, 16, 6, 18, 8, 20, 10, 22, 1, 13, 3, 15, 5, 17, 7, 19, 9, 21, 11, 23,
    ]  # fmt: skip


def test_symbolic_conversions_agree_with_numeric_ones():
    space, target = space_in(("c", 0, 1, "b")), space_in(("b", "c", 0, 1))
    images = images_in(("c", 0, 1, "b"))
    variable = space.make_theano_batch()
    outputs = [space.format_as(variable, target), space.format_as(variable, VECTORS)]
    reordered, vectors = compiled([variable], outputs)(images)
    assert np.array_equal(reordered, images_in(("b", "c", 0, 1)))
    assert np.array_equal(vectors, ROWS_OF_VECTORS)
    rows = VECTORS.make_theano_batch()
    back = compiled([rows], VECTORS.format_as(rows, space))
    assert np.array_equal(back(ROWS_OF_VECTORS), images)


def test_convert_reorders_what_is_in_no_space():
    found = Conv2DSpace.convert_numpy(
        images_in(("b", 0, 1, "c")), ("b", 0, 1, "c"), ("c", 1, 0, "b")
    )
    assert np.array_equal(found, images_in(("c", 1, 0, "b")))


def test_wrong_arguments_are_refused():
    with pytest.raises(ConfigError, match="exactly one"):
        Conv2DSpace((2, 2))
    with pytest.raises(ConfigError, match="exactly one"):
        Conv2DSpace((2, 2), channels=1, num_channels=1)
    with pytest.raises(ValueError, match="order of"):
        Conv2DSpace((2, 2), channels=1, axes=("b", 0, 1))


def test_images_of_another_shape_are_refused():
    space = space_in(("b", 0, 1, "c"))
    with pytest.raises(ValueError, match=r"must have the shape \(\?, 2, 3, 2\)"):
        space.np_validate(np.zeros((5, 3, 2, 2)))
    with pytest.raises(ValueError, match="shape and num_channels must be equal"):
        space.np_format_as(images_in(("b", 0, 1, "c")), Conv2DSpace((3, 2), num_channels=CHANNELS))
    with pytest.raises(ValueError, match="total dimension"):
        space.np_format_as(images_in(("b", 0, 1, "c")), VectorSpace(11))


def test_axes_are_part_of_equality():
    assert space_in(("b", 0, 1, "c")) == Conv2DSpace([2, 3], channels=2)
    assert space_in(("b", 0, 1, "c")) != space_in(("c", 0, 1, "b"))
    assert str(space_in(("c", 0, 1, "b"))) == (
        "Conv2DSpace(shape=(2, 3), num_channels=2, axes=('c', 0, 1, 'b'), dtype=float64)"
    )
