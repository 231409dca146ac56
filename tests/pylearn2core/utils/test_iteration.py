"""Iteration schemes. Figures marked "real" are of Pylearn2 af81e5c on Theano 1.0.5, NumPy 1.16."""

import numpy as np
import pytest

from pylearn2core.errors import ConfigError
from pylearn2core.utils.iteration import (
    SequentialSubsetIterator,
    has_uniform_batch_size,
    is_stochastic,
    resolve_iterator_class,
)

SEED = [2017, 2, 1]
EVERY_MODE = [
    "sequential",
    "shuffled_sequential",
    "random_slice",
    "random_uniform",
    "batchwise_shuffled_sequential",
    "even_sequential",
    "even_shuffled_sequential",
    "even_batchwise_shuffled_sequential",
]


def batches(mode, n=100, batch_size=32, num_batches=None, rng=None):
    scheme = resolve_iterator_class(mode)
    rows = np.arange(n)
    return [rows[index].tolist() for index in scheme(n, batch_size, num_batches, rng)]


def test_sequential_ends_with_a_short_batch():
    found = batches("sequential", n=10, batch_size=4)
    assert found == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]


def test_even_sequential_leaves_the_short_batch_out():
    assert batches("even_sequential", n=10, batch_size=4) == [[0, 1, 2, 3], [4, 5, 6, 7]]


def test_shuffled_sequential_is_one_shuffle_of_all_rows():
    order = np.arange(100)
    np.random.RandomState(SEED).shuffle(order)
    found = batches("shuffled_sequential", rng=SEED)
    assert [len(batch) for batch in found] == [32, 32, 32, 4]
    assert np.concatenate(found).tolist() == order.tolist()
    assert found[0][:12] == [67, 48, 10, 51, 37, 17, 87, 86, 8, 15, 24, 97]  # real


def test_even_shuffled_sequential_shuffles_all_rows_too():
    whole = batches("shuffled_sequential", rng=SEED)
    assert batches("even_shuffled_sequential", rng=SEED) == whole[:3]


def test_batchwise_shuffled_sequential_shuffles_whole_batches():
    found = batches("batchwise_shuffled_sequential", rng=SEED)
    assert [batch[0] // 32 for batch in found] == [3, 1, 0, 2]  # real
    assert [len(batch) for batch in found] == [4, 32, 32, 32]
    three = batches("batchwise_shuffled_sequential", num_batches=3, rng=SEED)
    assert [batch[0] // 32 for batch in three] == [1, 0, 2]  # real
    even = batches("even_batchwise_shuffled_sequential", rng=SEED)
    assert [batch[0] // 32 for batch in even] == [1, 0, 2]  # real
    assert {len(batch) for batch in even} == {32}


def test_random_slice_starts_anywhere():
    found = batches("random_slice", num_batches=2, rng=SEED)
    assert [batch[0] for batch in found] == [31, 42]  # real
    assert found[0] == list(range(31, 63))
    starts = [batch[0] for batch in batches("random_slice", 5, 4, num_batches=200, rng=0)]
    assert set(starts) == {0, 1}


def test_random_uniform_draws_each_row_from_all():
    found = batches("random_uniform", num_batches=2, rng=SEED)
    assert found[0][:10] == [78, 31, 42, 31, 59, 91, 88, 26, 93, 33]  # real
    assert found[1][:5] == [73, 39, 73, 99, 3]  # real


def test_one_generator_gives_another_order_each_epoch_and_a_seed_the_same():
    rng = np.random.RandomState(SEED)
    first, second = (batches("shuffled_sequential", rng=rng) for _ in range(2))
    assert first != second
    assert second[0][:10] == [9, 44, 52, 87, 67, 28, 95, 56, 27, 59]  # real
    assert batches("shuffled_sequential", rng=SEED) == batches("shuffled_sequential", rng=SEED)


def test_batch_size_follows_from_the_number_of_batches():
    assert [len(b) for b in batches("sequential", batch_size=None, num_batches=3)] == [34, 34, 32]
    even = batches("even_sequential", batch_size=None, num_batches=3)
    assert [len(b) for b in even] == [33, 33, 33]


@pytest.mark.parametrize(
    ("mode", "num_batches", "num_examples"),
    [
        ("sequential", None, 100),
        ("sequential", 3, 96),
        ("batchwise_shuffled_sequential", None, 100),
        ("even_shuffled_sequential", None, 96),
        ("random_slice", 4, 128),
        ("random_uniform", 5, 160),
    ],
)
def test_schemes_know_how_many_examples_an_epoch_visits(mode, num_batches, num_examples):
    iterator = resolve_iterator_class(mode)(100, 32, num_batches)
    assert iterator.num_examples == num_examples
    assert sum(len(np.arange(100)[index]) for index in iterator) == num_examples


@pytest.mark.parametrize("mode", [m for m in EVERY_MODE if "sequential" in m])
def test_more_batches_than_there_are_is_refused(mode):
    with pytest.raises(ValueError, match="but num_batches is 5"):
        batches(mode, num_batches=5)


@pytest.mark.parametrize("mode", ["random_slice", "random_uniform"])
def test_drawing_with_replacement_needs_both_sizes(mode):
    with pytest.raises(ValueError, match="give num_batches too"):
        batches(mode)
    with pytest.raises(ValueError, match="give batch_size too"):
        batches(mode, batch_size=None, num_batches=3)
    with pytest.raises(ValueError, match="larger than the dataset's 100"):
        batches(mode, batch_size=101, num_batches=1)


@pytest.mark.parametrize("mode", ["sequential", "even_sequential"])
def test_fixed_orders_take_no_generator(mode):
    with pytest.raises(ValueError, match="leave rng out"):
        batches(mode, rng=SEED)


def test_sizes_must_be_whole_and_positive():
    for size in (0, -1, 2.5):
        with pytest.raises(ValueError, match="batch_size must be a whole number above 0"):
            batches("sequential", batch_size=size)
    with pytest.raises(ValueError, match="needs batch_size, num_batches or both"):
        batches("sequential", batch_size=None)


def test_an_unknown_mode_gets_a_hint():
    with pytest.raises(ConfigError, match="Did you mean 'sequential'"):
        resolve_iterator_class("sequental")
    with pytest.raises(ConfigError, match="The modes are sequential, shuffled_sequential"):
        resolve_iterator_class(7)
    assert resolve_iterator_class(SequentialSubsetIterator) is SequentialSubsetIterator


def test_modes_tell_their_properties():
    stochastic = {mode for mode in EVERY_MODE if is_stochastic(mode)}
    assert stochastic == set(EVERY_MODE) - {"sequential", "even_sequential"}
    uniform = {mode for mode in EVERY_MODE if has_uniform_batch_size(mode)}
    assert uniform == {mode for mode in EVERY_MODE if mode.startswith(("even", "random"))}
    assert resolve_iterator_class("sequential")(10, 4).uneven
    assert not resolve_iterator_class("sequential")(8, 4).uneven
    assert not resolve_iterator_class("even_sequential")(10, 4).uneven


@pytest.mark.parametrize("mode", EVERY_MODE)
def test_index_arrays_come_from_fancy_schemes_and_slices_from_the_others(mode):
    scheme = resolve_iterator_class(mode)
    index = scheme(10, 4, 2).next()
    assert isinstance(index, np.ndarray if scheme.fancy else slice)
