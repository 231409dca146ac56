"""What a command prints steers no terminal, and no spreadsheet runs it."""

from __future__ import annotations

import csv
import io
import json
import sys

import pandas as pd
import pytest
import yaml

from sweeper import cli
from sweeper.cli.escaped import EscapedStream, escaped_output
from sweeper.report.render import render
from sweeper.report.text import printable

# ESC [2J wipes a screen; U+202E turns the direction of what follows it; \x9b is ESC [ in one.
NASTY = "a\x1b[2J\u202eb\x9b\x07"
SHOWN = r"a\u001b[2J\u202eb\u009b\u0007"
SPEC = """\
sweep:
  name: s
  grid: {x: ["a\\e[2J\\u202eb\\x9b\\a", "c"]}
---
!obj:mine.Trial { x: {{ x }} }
"""


@pytest.mark.parametrize("format", ["table", "json", "yaml"])
def test_values_of_a_spec_reach_the_terminal_escaped(tmp_path, monkeypatch, capsys, format):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "s.yaml.j2").write_text(SPEC)
    assert cli.run(["expand", "s.yaml.j2", "--format", format]) == 0
    out = capsys.readouterr().out
    assert printable(out) == out
    if format == "table":
        assert SHOWN in out
    else:  # the escapes are those of the format: the values are whole
        values = (json.loads if format == "json" else yaml.safe_load)(out)
        assert sorted(one["values"]["x"] for one in values) == [NASTY, "c"]


@pytest.mark.parametrize(
    "words",
    [["status", NASTY], ["--" + NASTY], [NASTY], ["expand", NASTY], ["--debug", "status", NASTY]],
    ids=["a run", "an option", "a command", "a file", "a traceback"],
)
def test_errors_of_ours_and_of_click_are_escaped(tmp_path, monkeypatch, capsys, words):
    monkeypatch.chdir(tmp_path)
    assert cli.run(words) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert r"\u202eb" in err  # some of it click escapes itself
    assert printable(err) == err


def test_whatever_prints_inside_a_command_is_escaped_and_the_streams_come_back(capsys):
    before = sys.stdout, sys.stderr
    with escaped_output():
        print(NASTY)
        print(NASTY, file=sys.stderr)
    assert (sys.stdout, sys.stderr) == before
    assert capsys.readouterr() == (f"{SHOWN}\n", f"{SHOWN}\n")


def test_what_the_terminal_s_encoding_lacks_is_shown_as_an_escape():
    raw = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    EscapedStream(raw).write("caf\u00e9 \ud800\n")
    raw.flush()
    assert raw.buffer.getvalue() == rb"caf\xe9 \ud800" + b"\n"


def test_a_csv_cell_is_no_formula_and_a_number_stays_one():
    values = ["=cmd|' /c calc'!A0", "+1+1", "-2", "-x", "@SUM(A1)", "\t=1", "x=1", "-.5e3"]
    text = render(pd.DataFrame({"=head": pd.Series(values, dtype=object)}), "csv")
    assert [line[0] for line in csv.reader(io.StringIO(text))] == [
        "'=head", "'=cmd|' /c calc'!A0", "'+1+1", "-2", "'-x", "'@SUM(A1)", "'\t=1", "x=1", "-.5e3",
    ]  # fmt: skip
