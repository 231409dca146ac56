from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pylearn2core.scripts import print_monitor
from pylearn2core.utils import serial


@pytest.fixture
def saved(monitored: Callable[..., Any], tmp_path: Path) -> str:
    path = str(tmp_path / "model.pkl")
    monitored(path, {"valid_error": [0.9, 0.1 + 0.2], "objective": [3.0, 2.0]})
    return path


EXPECTED = """\
epochs seen: 1
examples seen: 30
time trained: 1.500 s
objective: 2.0
valid_error: 0.30000000000000004
"""


def test_the_last_value_of_each_channel_is_printed(
    saved: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert print_monitor.main([saved]) == 0
    assert capsys.readouterr().out == EXPECTED


def test_several_models_are_told_apart_by_their_paths(
    saved: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert print_monitor.main([saved, saved]) == 0
    assert capsys.readouterr().out == f"{saved}:\n{EXPECTED}" * 2


def test_a_users_model_finds_its_module_beside_it(
    saved: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "path", [*sys.path, str(tmp_path)])
    (tmp_path / "own_model_module.py").write_text("class Own:\n    pass\n")
    own = importlib.import_module("own_model_module").Own()
    own.monitor = serial.load(saved).monitor
    serial.save(saved, own)
    monkeypatch.setattr(sys, "path", sys.path[:-1])
    del sys.modules["own_model_module"]
    assert print_monitor.main([saved]) == 0
    assert capsys.readouterr().out == EXPECTED


def test_what_is_no_model_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    serial.save(tmp_path / "list.pkl", [1])
    assert print_monitor.main([str(tmp_path / "list.pkl")]) == 2
    assert "holds a list without a monitor" in capsys.readouterr().err
    assert print_monitor.main([str(tmp_path / "no.pkl")]) == 2
    assert "there is no such file" in capsys.readouterr().err
