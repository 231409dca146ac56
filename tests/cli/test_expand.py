"""`sweep expand`: trials as a table, JSON and YAML, their number, one trial's YAML."""

from __future__ import annotations

import json

import pytest
import yaml

POINTS = [{"x": x, "word": word} for x in (0.5, 1.0, 2) for word in ("a", "01")]


def test_count_is_the_number_and_nothing_else(sweep, grid) -> None:
    assert sweep("expand", "grid.yaml.j2", "--count").stdout == "6 trials\n"


def test_count_says_what_was_dropped_and_merged(sweep, tmp_path) -> None:
    (tmp_path / "union.yaml.j2").write_text(
        "sweep:\n  union:\n  - grid: {x: [1, 2, 3]}\n  - grid: {x: [3, 4]}\n  where: x > 1\n"
        "---\n!obj:toy.Toy { x: {{ x }} }\n"
    )
    shown = sweep("expand", "union.yaml.j2", "--count").stdout
    assert shown == "3 trials; 1 equal point merged; 1 point dropped by `where`\n"


@pytest.mark.parametrize(("format", "parse"), [("json", json.loads), ("yaml", yaml.safe_load)])
def test_data_formats_keep_values_and_order(sweep, grid, format, parse) -> None:
    records = parse(sweep("expand", "grid.yaml.j2", "--format", format).stdout)
    assert [record["values"] for record in records] == POINTS
    assert [type(record["values"]["x"]) for record in records] == [float] * 4 + [int] * 2
    assert len({record["trial"] for record in records}) == 6


def test_the_table_has_a_line_a_trial(sweep, grid) -> None:
    (grid.parent / "toy.py").write_text("class Toy: ...\n")
    head, blank, names, *lines = sweep("expand", "grid.yaml.j2").stdout.splitlines()
    assert (head, blank, names.split()) == ("6 trials", "", ["trial", "x", "word"])
    assert [line.split()[1:] for line in lines] == [
        [str(point["x"]), point["word"]] for point in POINTS
    ]


def test_the_table_says_that_a_module_is_not_there_and_the_trials_are_listed(sweep, grid) -> None:
    done = sweep("expand", "grid.yaml.j2")
    notice = done.stdout.splitlines()[1]
    assert notice.startswith("a launch would not start: grid.yaml.j2, line 8: there is no module")
    assert (done.returncode, len(done.stdout.splitlines())) == (0, 6 + 4)


def test_a_dry_run_refuses_a_module_that_is_not_there(sweep, grid) -> None:
    done = sweep("launch", "grid.yaml.j2", "--dry-run")
    assert (done.returncode, done.stdout) == (2, "")
    assert "grid.yaml.j2, line 8: there is no module `toy`" in done.stderr


def test_a_long_value_is_short_in_the_table_and_whole_in_the_other_formats(sweep, tmp_path) -> None:
    (tmp_path / "long.yaml.j2").write_text(
        "sweep: {grid: {x: [1, '{{ 'word ' * 2000 }}']}}\n---\n!obj:toy.Toy { x: {{ x }} }\n"
    )
    lines = sweep("expand", "long.yaml.j2").stdout.splitlines()[2:]
    assert max(map(len, lines)) < 200
    records = json.loads(sweep("expand", "long.yaml.j2", "--format", "json").stdout)
    assert records[1]["values"]["x"] == "word " * 2000


def test_trial_prints_yaml_that_reads_back_with_the_trials_values(sweep, grid) -> None:
    records = json.loads(sweep("expand", "grid.yaml.j2", "--format", "json").stdout)
    shown = sweep("expand", "grid.yaml.j2", "--trial", records[1]["trial"], "-D", "epochs=7").stdout
    body = yaml.safe_load(shown.replace("!obj:toy.Toy", ""))
    assert body == {**POINTS[1], "epochs": 7}


def test_a_wrong_trial_gets_a_hint(sweep, grid) -> None:
    trial = json.loads(sweep("expand", "grid.yaml.j2", "--format", "json").stdout)[0]["trial"]
    done = sweep("expand", "grid.yaml.j2", "--trial", f"{trial}x")
    assert done.returncode == 2
    assert f"did you mean {trial}?" in done.stderr
