"""The words that messages share."""

from __future__ import annotations

import time
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pylearn2core.words import counted, did_you_mean, shortened

KNOWN = ("learning_rate", "learning_rates", "momentum")


@pytest.mark.parametrize(
    ("form", "close", "far"),
    [
        ("aside", " (did you mean learning_rate or learning_rates?)", ""),
        ("end", ", did you mean learning_rate?", "."),
        ("sentence", " Did you mean 'learning_rate'?", ""),
    ],
)
def test_a_refused_name_is_followed_by_what_is_close_to_it(
    form: Literal["aside", "end", "sentence"], close: str, far: str
) -> None:
    assert did_you_mean("learnin_rate", KNOWN, form) == close
    assert did_you_mean("xyz", KNOWN, form) == far


def test_names_that_are_no_strings_are_compared_as_text() -> None:
    assert did_you_mean(10, [100, "x"]) == " (did you mean 100?)"


def test_only_one_is_singular() -> None:
    assert [counted(n, "core") for n in (0, 1, 2)] == ["0 cores", "1 core", "2 cores"]


def test_among_very_many_and_very_long_names_the_close_one_is_found_in_no_time() -> None:
    others = [f"{'a' * 90}{i}" for i in range(100_000)]
    begin = time.process_time()
    assert did_you_mean("momentun", [*others, "momentum"]) == " (did you mean momentum?)"
    assert did_you_mean("m" * 1_000_000, [*others, "m" * 999_999]) == ""
    did_you_mean("a" * 93, others)
    assert time.process_time() - begin < 10


@given(st.text(max_size=300), st.integers(4, 100))
def test_a_shortened_text_is_no_longer_than_asked_for_and_keeps_both_its_ends(
    text: str, most: int
) -> None:
    short = shortened(text, most)
    assert len(short) <= most + 1
    head, _, tail = (text, "", "") if len(text) <= most else short.partition("…")
    assert text.startswith(head)
    assert text.endswith(tail)
