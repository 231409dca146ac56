from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from pylearn2core.models.model import Model
from pylearn2core.scripts import summarize_model
from pylearn2core.utils import serial, sharedX


def told(numbers: Any) -> list[float]:
    return [float(f"{value:.6g}") for value in (numbers.min(), numbers.mean(), numbers.max())]


def said(out: str) -> dict[str, list[float]]:
    """What each indented line of the output says: name to [min, mean, max]."""
    rows = re.findall(r"^    (\S.*?) +min +(\S+) +mean +(\S+) +max +(\S+)$", out, re.MULTILINE)
    return {name: [float(value) for value in values] for name, *values in rows}


def test_a_matrix_is_told_by_its_values_magnitudes_and_norms(
    monitored: Callable[..., Any], capsys: pytest.CaptureFixture[str]
) -> None:
    W = monitored("m.pkl", {"objective": [1.0]}).layers[0].get_weights()
    assert summarize_model.main(["m.pkl"]) == 0
    out = capsys.readouterr().out
    assert "softmax_b: shape (10,), float64\n" in out
    assert said(out.split("softmax_W: shape (64, 10), float64\n")[1]) == {
        "values": told(W),
        "magnitudes": told(abs(W)),
        "row norms": told(np.linalg.norm(W, axis=1)),
        "col norms": told(np.linalg.norm(W, axis=0)),
    }
    assert out.endswith("650 numbers in all\ntrained on 30 examples, in 3 batches and 1 epochs\n")


class Kernels(Model):
    def __init__(self) -> None:
        super().__init__()
        values = np.random.RandomState(0).uniform(0, 1, (3, 2, 4, 4))
        self._params = [sharedX(values), sharedX(-np.ones(2), "b")]


def test_kernels_have_a_norm_each_and_values_of_one_sign_no_magnitudes(
    capsys: pytest.CaptureFixture[str],
) -> None:
    model = Kernels()
    serial.save("m.pkl", model)
    assert summarize_model.main(["m.pkl"]) == 0
    first, second = capsys.readouterr().out.split("b: shape (2,), float64\n")
    kernels = model.get_param_values()[0]
    assert first.startswith("<parameter 0>: shape (3, 2, 4, 4), float64\n")
    assert said(first) == {
        "values": told(kernels),
        "kernel norms": told(np.linalg.norm(kernels.reshape(3, -1), axis=1)),
    }
    assert said(second) == {"values": [-1.0, -1.0, -1.0]}


def test_what_is_no_model_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    serial.save("list.pkl", [1])
    assert summarize_model.main(["list.pkl"]) == 2
    assert "holds a list, which is no model" in capsys.readouterr().err
