from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytensor
import pytest


def compiled(inputs: Any, outputs: Any) -> Any:
    return pytensor.function(inputs, outputs, mode="FAST_COMPILE", on_unused_input="ignore")


@pytest.fixture
def evaluate() -> Callable[..., Any]:
    """evaluate(outputs, {variable: array}): the values of symbolic outputs."""

    def run(outputs: Any, values: dict[Any, Any] | None = None) -> Any:
        values = values or {}
        return compiled(list(values), outputs)(*values.values())

    return run


@pytest.fixture
def check_gradients() -> Callable[..., None]:
    """check_gradients(cost, params, {variable: array}): against central differences."""

    def check(cost: Any, params: list[Any], values: dict[Any, Any], step: float = 1e-6) -> None:
        names, arrays = list(values), list(values.values())
        grads = compiled(names, pytensor.grad(cost, params))(*arrays)
        value = compiled(names, cost)
        for param, grad in zip(params, grads, strict=True):
            start = param.get_value()
            for place in np.ndindex(start.shape):
                moved = []
                for sign in (1.0, -1.0):
                    there = start.copy()
                    there[place] += sign * step
                    param.set_value(there)
                    moved.append(float(value(*arrays)))
                param.set_value(start)
                expected = (moved[0] - moved[1]) / (2 * step)
                assert grad[place] == pytest.approx(expected, rel=1e-5, abs=1e-8), (param, place)

    return check
