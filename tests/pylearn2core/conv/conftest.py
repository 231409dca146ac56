from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytensor
import pytest

from pylearn2core.engine import evaluate


@pytest.fixture
def both() -> Callable[[list[Any]], list[Any]]:
    """both(outputs): values of symbolic outputs, the same by JAX and by NumPy."""

    def run(outputs: list[Any]) -> list[Any]:
        in_jax = evaluate(outputs)
        on_host = pytensor.function([], outputs, mode="FAST_COMPILE")()
        for one, other, output in zip(in_jax, on_host, outputs, strict=True):
            rtol = 1e-4 if output.dtype == "float32" else 1e-10
            np.testing.assert_allclose(one, other, rtol=rtol, atol=1e-12)
            assert one.dtype == other.dtype == output.dtype
        return in_jax

    return run


@pytest.fixture
def slopes() -> Callable[..., Any]:
    """slopes(cost, variable): d cost / d variable by central differences."""

    def measure(cost: Any, variable: Any, step: float = 1e-6) -> Any:
        value = pytensor.function([], cost, mode="FAST_COMPILE")
        start = variable.get_value()
        found = np.zeros_like(start)
        for place in np.ndindex(start.shape):
            ends = []
            for sign in (1.0, -1.0):
                there = start.copy()
                there[place] += sign * step
                variable.set_value(there)
                ends.append(float(value()))
            found[place] = (ends[0] - ends[1]) / (2 * step)
        variable.set_value(start)
        return found

    return measure
