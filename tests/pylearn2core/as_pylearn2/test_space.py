"""Spaces as users of Pylearn2 subclass them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from pylearn2core.space import CompositeSpace, Conv2DSpace, IndexSpace, VectorSpace


class Doubled(VectorSpace):
    """A user's space: whatever is formatted comes out twice as large."""

    def _format_as_impl(self, is_numeric: bool, batch: Any, space: Any) -> Any:
        assert is_numeric
        return 2 * super()._format_as_impl(is_numeric, batch, space)

    def _validate_impl(self, is_numeric: bool, batch: Any) -> None:
        super()._validate_impl(is_numeric, batch)
        if is_numeric and (batch < 0).any():
            raise ValueError("no negative numbers here")


class Pairs(VectorSpace):
    """A user's space: two rows are an example."""

    def _batch_size_impl(self, is_numeric: bool, batch: Any) -> Any:
        return super()._batch_size_impl(is_numeric, batch) // 2


def test_a_subclass_s_own_conversion_and_check_are_used() -> None:
    ones = np.ones((2, 4))
    images = Conv2DSpace((2, 2), num_channels=1)
    np.testing.assert_array_equal(Doubled(4).np_format_as(ones, images), 2 * np.ones((2, 2, 2, 1)))
    both = CompositeSpace([Doubled(4), VectorSpace(1)])
    found = both.np_format_as((ones, np.zeros((2, 1))), VectorSpace(5))
    np.testing.assert_array_equal(found, [[2, 2, 2, 2, 0]] * 2)
    with pytest.raises(ValueError, match="no negative numbers here"):
        both.np_validate((-ones, np.zeros((2, 1))))


def test_callbacks_hear_of_each_batch_that_is_validated() -> None:
    heard: list[Any] = []
    space = VectorSpace(3, validate_callbacks=[heard.append], np_validate_callbacks=[heard.append])
    batch, variable = np.zeros((2, 3)), VectorSpace(3).make_theano_batch()
    space.np_validate(batch)
    space.validate(variable)
    assert heard[0] is batch
    assert heard[1] is variable
    with pytest.raises(ValueError, match="must have the shape"):
        space.np_validate(np.zeros((2, 4)))
    assert len(heard) == 2


def test_callbacks_of_components_hear_of_batches_that_are_validated_or_formatted() -> None:
    heard: list[Any] = []
    part = VectorSpace(2, validate_callbacks=[heard.append], np_validate_callbacks=[heard.append])
    batch, variable = np.zeros((3, 2)), VectorSpace(2).make_theano_batch()
    part.np_format_as(batch, VectorSpace(2))
    both = CompositeSpace([part, VectorSpace(1)])
    both.np_validate((batch, np.zeros((3, 1))))
    both.validate((variable, VectorSpace(1).make_theano_batch()))
    both.np_format_as((batch, np.zeros((3, 1))), VectorSpace(3))
    both.np_format_as((batch, np.zeros((3, 1))), CompositeSpace([VectorSpace(2), VectorSpace(1)]))
    assert [id(one) for one in heard] == [id(one) for one in (batch, batch, variable, batch, batch)]


def test_what_a_callback_refuses_is_not_formatted() -> None:
    def refuse(batch: Any) -> None:
        raise ValueError("not this batch")

    space = VectorSpace(4, np_validate_callbacks=[refuse])
    ones = np.ones((2, 4))
    with pytest.raises(ValueError, match="not this batch"):
        CompositeSpace([CompositeSpace([space])]).np_format_as(((ones,),), VectorSpace(4))
    with pytest.raises(ValueError, match="not this batch"):
        IndexSpace(max_labels=4, dim=1).undo_np_format_as(ones, space)


def test_a_subclass_s_own_batch_size_counts_among_components() -> None:
    both = CompositeSpace([Pairs(1), VectorSpace(1)])
    batch = (np.zeros((6, 1)), np.zeros((3, 1)))
    both.np_validate(batch)
    assert both.np_batch_size(batch) == 3
    nested = CompositeSpace([both, VectorSpace(1)])
    with pytest.raises(ValueError, match=r"different numbers of examples: \[3, 6\]"):
        nested.np_validate(((np.zeros((6, 1)), np.zeros((6, 1))), np.zeros((3, 1))))
