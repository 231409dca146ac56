"""Which constants of a graph become inputs of its program, so that their values make no new one.

These stay where they are: -1, 0 and 1, exponents, integers, arrays, and whatever is no elementwise
arithmetic.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pytensor.graph.basic import Constant
from pytensor.scalar.basic import Pow
from pytensor.tensor.elemwise import DimShuffle, Elemwise

from pylearn2core.engine.graph.step import Variable

# Rewrites look for these values (log(1 - sigmoid) and the like), so they stay in the graph.
_KEPT = (-1.0, 0.0, 1.0)


def can_lift(node: Any, index: int, variable: Variable) -> bool:
    """A float that is no exponent and not one of the numbers that rewrites look for."""
    return (
        is_constant(variable)
        and variable.type.ndim == 0
        and variable.type.dtype.startswith("float")
        and float(variable.data) not in _KEPT
        and not _is_exponent(node, index)
    )


def is_constant(variable: Variable) -> bool:
    """isinstance(variable, Constant), which takes PyTensor's classes half a microsecond."""
    kind = type(variable)
    known = _constant_classes.get(kind)
    if known is None:
        known = _constant_classes[kind] = issubclass(kind, Constant)
    return known


_constant_classes: dict[type, bool] = {}


def _is_exponent(node: Any, index: int) -> bool:
    return index == 1 and isinstance(getattr(node.op, "scalar_op", None), Pow)


def liftable(nodes: Sequence[Any]) -> dict[Any, str]:
    """The nodes whose float constants may become inputs, and the dtype for them.

    These are elementwise arithmetic, and broadcasts of a constant that it alone uses: from there
    a number can't reach a shape. PyTensor gives a constant the smallest dtype that holds it
    (0.25 a float16, 0.3 a float64), so that two values would be two graphs; the widest float that
    the arithmetic meets there gives the same result for both.
    """
    dtypes: dict[Any, str] = {}
    outside = set()
    for node in nodes:
        widest: str | None = None
        for index, variable in enumerate(node.inputs):
            source = variable.owner
            if source is None:
                if not is_constant(variable):
                    continue
            elif not _broadcasts_constant(source):
                continue
            if widest is None and isinstance(node.op, Elemwise):
                widest = _widest(node.inputs)
            if source is None:
                if widest is not None:
                    dtypes[node] = widest
            elif widest is None or _is_exponent(node, index):
                outside.add(source)
            else:
                dtypes[source] = max(dtypes.get(source, ""), widest)
    return {node: dtype for node, dtype in dtypes.items() if node not in outside}


def _broadcasts_constant(node: Any) -> bool:
    return isinstance(node.op, DimShuffle) and is_constant(node.inputs[0])


def _widest(variables: Sequence[Variable]) -> str | None:
    """The widest float among the variables' dtypes; float16 < float32 < float64 as text too."""
    dtypes = (str(getattr(variable.type, "dtype", "")) for variable in variables)
    return max((dtype for dtype in dtypes if dtype.startswith("float")), default=None)
