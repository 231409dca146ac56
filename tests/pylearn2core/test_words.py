"""The words that messages share."""

from __future__ import annotations

from typing import Literal

import pytest

from pylearn2core.words import counted, did_you_mean

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
