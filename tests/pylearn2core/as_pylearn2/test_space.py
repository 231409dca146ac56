"""Spaces as users of Pylearn2 subclass them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from pylearn2core.space import CompositeSpace, Conv2DSpace, VectorSpace


class Doubled(VectorSpace):
    """A user's space: whatever is formatted comes out twice as large."""

    def _format_as_impl(self, is_numeric: bool, batch: Any, space: Any) -> Any:
        assert is_numeric
        return 2 * super()._format_as_impl(is_numeric, batch, space)

    def _validate_impl(self, is_numeric: bool, batch: Any) -> None:
        super()._validate_impl(is_numeric, batch)
        if is_numeric and (batch < 0).any():
            raise ValueError("no negative numbers here")


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
