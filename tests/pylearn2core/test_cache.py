"""Bounded tables, and numbers that stand for objects."""

import gc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pylearn2core.cache import Bounded, identity


def test_the_entry_that_was_recalled_longest_ago_goes_first():
    table = Bounded(2)
    table["a"], table["b"] = 1, 2
    assert table.recall("a") == 1
    table["c"] = 3
    assert list(table.items()) == [("a", 1), ("c", 3)]


def test_a_new_value_for_a_known_key_costs_no_other_entry():
    table = Bounded(2)
    table["a"], table["b"] = 1, 2
    table["a"] = 3
    assert dict(table) == {"a": 3, "b": 2}


def test_what_is_not_there_is_none_and_does_not_come_in():
    table = Bounded(2)
    assert table.recall("a") is None
    assert table == {}


@given(st.integers(1, 4), st.lists(st.tuples(st.booleans(), st.integers(0, 6))))
def test_it_holds_what_a_list_of_the_keys_used_last_says(most, uses):
    table, order = Bounded(most), []
    for is_recalled, key in uses:
        if is_recalled:
            assert (table.recall(key) is None) == (key not in order)
            if key in order:
                order.append(order.pop(order.index(key)))
        elif key not in order:
            table[key] = f"value of {key}"
            order = [*order, key][-most:]
    assert list(table) == order


def test_equal_objects_have_numbers_of_their_own_and_keep_them():
    first, second = np.zeros(3), np.zeros(3)
    numbers = identity(first), identity(second)
    assert numbers[0] != numbers[1]
    assert (identity(first), identity(second)) == numbers


def test_an_object_in_the_place_of_one_that_is_gone_has_another_number():
    seen, places = set(), set()
    for _ in range(100):
        thing = np.zeros(1000)
        assert identity(thing) not in seen
        seen.add(identity(thing))
        places.add(id(thing))
        del thing
    assert len(places) < 100  # or nothing was tried


def test_nothing_is_kept_of_an_object_that_is_gone():
    from pylearn2core import cache

    class Node:
        pass

    gc.collect()
    before = len(cache._numbers)
    node = Node()
    node.itself = node  # goes by way of the garbage collector
    identity(node)
    assert len(cache._numbers) == before + 1
    del node
    gc.collect()
    assert len(cache._numbers) == before


def test_what_cannot_be_referred_to_weakly_has_no_number():
    with pytest.raises(TypeError, match="weak reference"):
        identity(3)
