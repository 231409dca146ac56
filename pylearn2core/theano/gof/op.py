"""`theano.gof.op`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytensor.graph.op import Op

if TYPE_CHECKING:
    from pylearn2core.types import Symbol

__all__ = ["Op", "get_debug_values", "get_test_value"]


def get_debug_values(*_variables: Any) -> list[tuple[Any, ...]]:
    """No values: PyTensor has no test values. As in Theano with `compute_test_value=off`."""
    return []


def get_test_value(variable: Symbol) -> Any:
    """Raise AttributeError: PyTensor has no test values."""
    raise AttributeError(f"{variable} has no test value: PyTensor does not compute any")
