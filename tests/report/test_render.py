"""Tables as text."""

from __future__ import annotations

import csv
import io
import json
import math

import pandas as pd
import pytest

from sweeper.records.errors import InputError
from sweeper.report.render import WIDTH, render


def table(**columns):
    return pd.DataFrame({name: pd.Series(values) for name, values in columns.items()})


def mixed(values):
    return pd.Series(values, dtype=object)


def test_a_table_is_aligned_with_numbers_to_the_right():
    text = render(table(trial=["a", "bcd"], lr=[0.1, 1e-05], n=[5, 1234567]))
    assert text.splitlines() == [
        "trial     lr        n",
        "a        0.1        5",
        "bcd    1e-05  1234567",
    ]


def test_a_table_shows_six_digits_and_leaves_blanks():
    text = render(table(trial=["a", "b"], best=mixed([1 / 3, pd.NA])))
    assert text.splitlines() == ["trial      best", "a      0.333333", "b"]


def test_a_wide_table_breaks_into_blocks_that_begin_with_the_trial():
    text = render(table(trial=["t0"], **{f"channel_number_{i}": [i / 7] for i in range(40)}))
    assert max(map(len, text.splitlines())) <= WIDTH
    blocks = text.split("\n\n")
    assert len(blocks) > 1
    assert all(block.startswith("trial") and "\nt0" in block for block in blocks)
    assert sum(block.count("channel_number_") for block in blocks) == 40


def test_a_long_value_is_shortened_in_a_table_and_whole_in_csv():
    long = "x" * 90
    assert "…" in render(table(value=[long]))
    assert long in render(table(value=[long]), "csv")


def test_control_codes_do_not_reach_the_terminal():
    evil = "\x1b[31mred\u202e\r\nnext"
    for way in ("table", "md"):
        text = render(table(value=[evil]), way)
        assert not {"\x1b", "\r", "\u202e"} & set(text)
        assert "\\nnext" in text


def test_values_that_are_no_numbers_are_written_as_json():
    text = render(table(value=mixed([None, True, [1, 2.5], {"a": 1}, pd.NA, "true"])), "csv")
    assert list(csv.reader(io.StringIO(text + "\n"))) == [
        ["value"], ["null"], ["true"], ["[1, 2.5]"], ['{"a": 1}'], [""], ["true"],
    ]  # fmt: skip


@pytest.mark.parametrize("number", [1 / 3, 1e-300, 0.1 + 0.2, 123456789.123456789, 5e-324])
def test_csv_and_json_keep_every_bit(number):
    lines = list(csv.DictReader(io.StringIO(render(table(x=[number]), "csv"))))
    assert float(lines[0]["x"]) == number
    assert json.loads(render(table(x=[number]), "json")) == [{"x": number}]


def test_csv_quotes_what_needs_it():
    text = render(table(a=['x,"y"', "line\nline"], b=[1, 2]), "csv")
    assert list(csv.reader(io.StringIO(text + "\n"))) == [
        ["a", "b"],
        ['x,"y"', "1"],
        ["line\nline", "2"],
    ]


def test_json_is_strict_json_with_null_for_what_there_is_not():
    values = mixed([math.nan, math.inf, -math.inf, pd.NA, None, [math.nan]])
    found = json.loads(render(table(x=values), "json"), parse_constant=pytest.fail)
    assert [line["x"] for line in found] == ["NaN", "Infinity", "-Infinity", None, None, ["NaN"]]


def test_a_heading_with_a_line_break_is_one_line_of_the_table():
    names = {"a\nb": [1], "c\td": [2]}
    assert render(table(**names), "md").splitlines()[0] == "| a\\nb | c\\td |"
    assert len(render(table(**names)).splitlines()) == 2


def test_json_of_no_lines_is_an_empty_list():
    assert json.loads(render(pd.DataFrame({"x": []}), "json")) == []


def test_markdown_escapes_the_bar_and_aligns_numbers():
    assert render(table(name=["a|b"], n=[1.5]), "md").splitlines() == [
        "| name | n |",
        "| --- | ---: |",
        "| a\\|b | 1.5 |",
    ]


def test_an_unknown_format_is_refused_with_a_suggestion():
    with pytest.raises(InputError, match=r"--format cvs: unknown, did you mean csv\?"):
        render(table(a=[1]), "cvs")
