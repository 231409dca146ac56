from __future__ import annotations

import builtins
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from matplotlib.image import imread

from pylearn2core.errors import ConfigError
from pylearn2core.scripts import plot_monitor
from pylearn2core.scripts.plot_monitor import Line, choose, points, read_answer

RECORDS = {
    "learning_rate": [0.1, 0.1, 0.1],
    "train_objective": [2.0, 1.0, 0.5],
    "valid_objective": [2.5, 1.5, 1.25],
    "valid_h10_mean": [0.0, 1.0, 2.0],
    "valid_h2_mean": [0.0, 2.0, 4.0],
}
ORDER = [
    "learning_rate",
    "train_objective",
    "valid_h2_mean",
    "valid_h10_mean",
    "valid_objective",
]


@pytest.fixture
def model(monitored: Callable[..., Any]) -> Any:
    return monitored("m.pkl", RECORDS)


@pytest.fixture
def lines(model: Any) -> list[Line]:
    return plot_monitor.load_lines(["m.pkl"])


def colours(path: str) -> list[int]:
    """Which of matplotlib's colours C0..C6 a PNG has in it; C7 is the grey of soft edges."""
    pixels = imread(path)[:, :, :3].reshape(-1, 3)
    found = [np.abs(pixels - to_rgb(f"C{index}")).max(axis=1).min() < 0.01 for index in range(7)]
    return [index for index, there in enumerate(found) if there]


# ------------------------------------------------------------------ which channels
def test_channels_stand_in_the_order_of_their_names_with_numbers_as_numbers(
    lines: list[Line],
) -> None:
    assert [line.label for line in lines] == ORDER


@pytest.mark.parametrize(
    ("patterns", "chosen"),
    [
        ("valid_objective", ["valid_objective"]),
        ("*_objective", ["train_objective", "valid_objective"]),
        ("valid_h?_mean, learning_rate", ["learning_rate", "valid_h2_mean"]),
        ("*", ORDER),
    ],
)
def test_channels_are_chosen_by_name_and_by_pattern(
    lines: list[Line], patterns: str, chosen: list[str]
) -> None:
    assert [line.name for line in choose(lines, patterns)] == chosen


def test_several_models_are_told_apart_by_their_files(monitored: Callable[..., Any]) -> None:
    for name in ("a", "b"):
        monitored(f"{name}.pkl", {"objective": [1.0]})
    lines = plot_monitor.load_lines(["a.pkl", "b.pkl"])
    assert [line.label for line in lines] == ["objective:a", "objective:b"]
    assert [line.label for line in choose(lines, "objective:b")] == ["objective:b"]
    assert len(choose(lines, "objective")) == 2


def test_models_of_the_same_file_name_are_told_apart_by_their_paths(
    monitored: Callable[..., Any], folder: Path
) -> None:
    for name in ("a", "b"):
        (folder / name).mkdir()
        monitored(f"{name}/m.pkl", {"objective": [1.0]})
    lines = plot_monitor.load_lines(["a/m.pkl", "b/m.pkl"])
    assert [line.label for line in lines] == ["objective:a/m.pkl", "objective:b/m.pkl"]


# ------------------------------------------------------------------ the menu
@pytest.mark.parametrize(
    ("answer", "chosen", "axis"),
    [
        ("A", ["learning_rate"], "example"),
        ("E, A", ["learning_rate", "valid_objective"], "example"),
        ("B-D,e", ORDER[1:4], "epoch"),
        ("<*h2*>, B, b", ["train_objective", "valid_h2_mean"], "batch"),
        ("s,<learning_rate>", ["learning_rate"], "second"),
        ("h,A", ["learning_rate"], "hour"),
    ],
)
def test_an_answer_names_codes_ranges_patterns_and_the_axis(
    lines: list[Line], answer: str, chosen: list[str], axis: str
) -> None:
    codes = dict(zip("ABCDE", lines, strict=True))
    found, found_axis = read_answer(answer, codes)
    assert ([line.name for line in found], found_axis) == (chosen, axis)


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ("A,Z", "'Z' in 'Z' is none of the codes A to E"),
        ("A-Q", "'Q' in 'A-Q' is none of the codes A to E"),
        ("D-B", "'D-B' asks for no channel"),
        ("<loss>", "no channel is named 'loss'"),
        ("e", "'e' asks for no channel"),
    ],
)
def test_an_answer_that_means_nothing_is_refused(
    lines: list[Line], answer: str, message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        read_answer(answer, dict(zip("ABCDE", lines, strict=True)))


def test_a_terminal_is_asked_until_it_quits(
    model: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    answers = iter(["Z", "B,E", "q"])
    monkeypatch.setattr(builtins, "input", lambda _: next(answers))
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    assert plot_monitor.main(["m.pkl", "--out", "chosen.png"]) == 0
    shown = capsys.readouterr().out
    assert "A. learning_rate\nB. train_objective\n" in shown
    assert "'Z' in 'Z' is none of the codes" in shown
    assert shown.count("wrote chosen.png") == 1
    assert colours("chosen.png") == [0, 1]


def test_codes_go_on_with_two_letters() -> None:
    codes = plot_monitor._codes()
    assert [next(codes) for _ in range(29)][24:] == ["Y", "Z", "AA", "AB", "AC"]


# ------------------------------------------------------------------ pictures
def test_without_a_terminal_the_objectives_are_plotted(
    model: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    assert plot_monitor.main(["m.pkl"]) == 0
    assert capsys.readouterr().out.endswith("wrote m.monitor.png\n")
    assert colours("m.monitor.png") == [0, 1]


@pytest.mark.parametrize(
    ("out", "beginning"), [("a.png", b"\x89PNG"), ("a.svg", b"<?xml"), ("a.pdf", b"%PDF")]
)
def test_the_suffix_says_the_format(model: Any, out: str, beginning: bytes, folder: Path) -> None:
    assert plot_monitor.main(["m.pkl", "--out", out, "-c", "*", "-c", "learning_rate"]) == 0
    assert (folder / out).read_bytes().startswith(beginning)


def test_the_range_of_the_y_axis_can_be_set(model: Any) -> None:
    # Both objectives lie above it, the learning rate in it.
    arguments = ["m.pkl", "--out", "a.png", "-c", "*objective", "-c", "learning_rate"]
    assert plot_monitor.main([*arguments, "--yrange", "0:0.2"]) == 0
    pixels = imread("a.png")[:, : imread("a.png").shape[1] // 2, :3].reshape(-1, 3)
    near = [np.abs(pixels - to_rgb(f"C{index}")).max(axis=1).min() for index in range(3)]
    assert near[0] < 0.01
    assert min(near[1:]) > 0.01


@pytest.mark.parametrize(
    ("axis", "expected"),
    [
        ("example", [0, 30, 60]),
        ("batch", [0, 3, 6]),
        ("epoch", [0, 1, 2]),
        ("second", [0.0, 1.5, 3.0]),
        ("hour", [0.0, 1.5 / 3600, 3.0 / 3600]),
    ],
)
def test_each_axis_is_a_record_of_the_channel(
    lines: list[Line], axis: str, expected: list[float]
) -> None:
    assert points(lines[1].channel, axis) == (expected, [2.0, 1.0, 0.5])


def test_what_is_not_finite_is_said(
    monitored: Callable[..., Any], capsys: pytest.CaptureFixture[str]
) -> None:
    monitored("m.pkl", {"objective": [1.0, np.nan], "valid_objective": [np.inf, 1.0]})
    assert plot_monitor.main(["m.pkl"]) == 0
    assert capsys.readouterr().err == "objective has NaN\nvalid_objective has infinite values\n"


# ------------------------------------------------------------------ what is wrong
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["m.pkl", "-c", "nll"], "no channel is named 'nll'. There are learning_rate, train_"),
        (["m.pkl", "--out", "a.xyz"], "can't write a.xyz"),
        (["m.pkl", "--out", "no/a.png"], "can't write no/a.png"),
        (["job.yaml"], "job.yaml describes an experiment; expected a model"),
        (["no.pkl"], "there is no such file"),
    ],
)
def test_a_mistake_is_told_and_exit_code_2(
    model: Any, arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert plot_monitor.main(arguments) == 2
    assert message in capsys.readouterr().err


def test_a_model_without_records_is_told(
    monitored: Callable[..., Any], capsys: pytest.CaptureFixture[str]
) -> None:
    monitored("m.pkl", {})
    assert plot_monitor.main(["m.pkl"]) == 2
    assert "no channel has a record yet" in capsys.readouterr().err


def test_a_range_that_is_none_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        plot_monitor.main(["m.pkl", "--yrange", "0-1"])
    assert "expected LOW:HIGH, as 0:1, got '0-1'" in capsys.readouterr().err
