"""Orders: every batch once, in turn, whatever their sizes."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pylearn2core.engine import Order
from pylearn2core.utils.iteration import ShuffledSequentialSubsetIterator

SIZES = st.lists(st.integers(1, 4), min_size=1, max_size=12)


def order_of(sizes, seed=0):
    rows = np.random.RandomState(seed).permutation(sum(sizes)).astype(np.int32)
    return Order(np.split(rows, np.cumsum(sizes[:-1]))), rows


@settings(deadline=None)
@given(SIZES)
def test_turns_go_through_all_batches_in_their_order(sizes):
    order, rows = order_of(sizes)
    stacks = list(order.stacks.values())
    gone = [
        stack[start:stop].ravel()
        for turn in order.turns
        for stack, (start, stop) in zip(stacks, turn, strict=True)
    ]
    np.testing.assert_array_equal(np.concatenate(gone), rows)


@pytest.mark.parametrize("sizes", [(3,), (3, 3, 3), (3, 3, 2), (4, 4, 4, 1)])
def test_batches_of_one_size_and_a_short_one_at_the_end_are_one_turn(sizes):
    order, _ = order_of(sizes)
    assert len(order.turns) == 1


@pytest.mark.parametrize(
    ("sizes", "turns"),
    [
        ((3, 3, 1, 3), [[[0, 2], [0, 1]], [[2, 3], [1, 1]]]),
        ((1, 3, 3, 3), [[[0, 0], [0, 1]], [[0, 3], [1, 1]]]),
    ],
)
def test_a_short_batch_anywhere_else_is_one_more_turn_of_the_same_stacks(sizes, turns):
    order, _ = order_of(sizes)
    assert [turn.tolist() for turn in order.turns] == turns
    assert order.shapes == order_of((3, 3, 3, 1))[0].shapes == ((3, 3), (1, 1))


def test_an_order_without_rows_has_no_batches():
    assert Order.of([], 7).batches == ()


@settings(deadline=None)
@given(st.integers(0, 40), st.integers(1, 9))
def test_rows_that_are_cut_are_those_batches(count, size):
    rows = np.random.RandomState(0).permutation(count)
    cut = Order.cut(rows, size)
    one_by_one = Order(rows[start : start + size] for start in range(0, count, size))
    assert cut.is_same(one_by_one)
    assert (cut.rows, cut.largest) == (count, min(size, count))


@settings(deadline=None)
@given(st.integers(1, 40), st.integers(1, 9), st.data())
def test_a_shuffled_epoch_taken_whole_is_the_one_that_its_batches_make(count, size, data):
    most = -(-count // size)
    number = data.draw(st.none() | st.integers(1, most))

    def scheme():
        return ShuffledSequentialSubsetIterator(count, size, number, np.random.RandomState(3))

    assert Order.cut(scheme().whole(), size).is_same(Order.of(scheme(), count))


class Backwards(ShuffledSequentialSubsetIterator):
    def _start(self):
        return reversed(list(super()._start()))


class Doubled(ShuffledSequentialSubsetIterator):
    def __iter__(self):
        return iter([rows for rows in super().__iter__() for _ in range(2)])


class OneByOne(ShuffledSequentialSubsetIterator):
    def _slice(self, batch):
        return slice(batch, batch + 1)


@pytest.mark.parametrize("scheme", [Backwards, Doubled, OneByOne])
def test_a_scheme_of_a_users_own_is_never_taken_whole(scheme):
    assert scheme(10, 3, None, 0).whole() is None
