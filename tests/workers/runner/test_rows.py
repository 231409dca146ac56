"""What counts as a row: numbers of any library, beside them notes for a person."""

import logging
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest

from pylearn2core.errors import ConfigError
from sweeper.workers.runner.rows import ChannelFilter, loop_of


def rows_of(*rows):
    return [record.values for record in loop_of(list(rows))]


@pytest.mark.parametrize(
    "half",
    [
        np.float32(0.5),
        np.array(0.5),
        np.array([0.5]),
        np.array([[0.5]], dtype=np.float16),
        Decimal("0.5"),
        Fraction(1, 2),
    ],
)
def test_a_number_of_any_library_is_recorded_and_so_is_an_array_of_one(half):
    assert rows_of({"x": half}) == [{"x": 0.5}]


@pytest.mark.parametrize("note", ["halfway", None])
def test_text_and_none_beside_numbers_are_passed_over_with_one_word(note, caplog):
    with caplog.at_level(logging.WARNING):
        found = rows_of({"x": 1.0, "note": note}, {"x": 2.0, "note": note})
    assert found == [{"x": 1.0}, {"x": 2.0}]
    (told,) = caplog.messages
    assert told.startswith(f"channel 'note': {note!r}")


NO_NUMBERS = [
    *("0.5", None, [1], {"a": 1}, 1j, 10**2000, 10**9000),
    *(np.array([0.5, 0.25]), np.array(["a"]), np.array([1j])),
]


@pytest.mark.parametrize("value", NO_NUMBERS, ids=range(len(NO_NUMBERS)))
def test_what_is_no_number_where_a_number_should_be_names_its_channel(value):
    with pytest.raises(ConfigError, match=r"channel 'x': .* expected a number"):
        rows_of({"x": value})


def test_a_pattern_that_matches_no_channel_is_told_with_the_channels_there_are():
    channels = ChannelFilter(["valid_*", "los", "loss"])
    channels.pack({"loss": 1.0, "valid_error": 2.0})
    assert channels.complaint == (
        "no channel matches los (did you mean loss?): there are loss, valid_error"
    )
    channels.pack({"los": 1.0})
    assert channels.complaint == ""
