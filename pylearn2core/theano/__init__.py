"""Theano's own names on PyTensor; `import theano` reaches this once `pylearn2` is imported.

What Theano has and PyTensor calls by the same name is PyTensor's own object. A submodule that is
not here (`theano.compile.sharedvalue`) is PyTensor's of that name.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import pytensor
from pytensor import In, Mode, Out, dprint, function, get_mode, grad
from pytensor.compile.ops import as_op, wrap_py
from pytensor.compile.sharedvalue import SharedVariable
from pytensor.graph.basic import Apply, Constant, Variable
from pytensor.graph.op import Op
from pytensor.graph.replace import clone_replace
from pytensor.printing import pp
from pytensor.scan import views
from pytensor.tensor import dot

from pylearn2core.errors import UnsupportedError
from pylearn2core.theano import compat, gof, gradient, printing, sandbox, tensor, updates
from pylearn2core.theano.config import config
from pylearn2core.theano.gradient import Lop, Rop
from pylearn2core.theano.updates import OrderedUpdates

if TYPE_CHECKING:
    from pylearn2core.types import Symbol

__version__ = pytensor.__version__

__all__ = [
    "Apply",
    "Constant",
    "In",
    "Lop",
    "Mode",
    "Op",
    "OrderedUpdates",
    "Out",
    "Param",
    "Rop",
    "SharedVariable",
    "Variable",
    "as_op",
    "clone",
    "compat",
    "config",
    "dot",
    "dprint",
    "foldl",
    "foldr",
    "function",
    "get_mode",
    "gof",
    "grad",
    "gradient",
    "map",
    "pp",
    "printing",
    "reduce",
    "sandbox",
    "scan",
    "shared",
    "tensor",
    "updates",
    "wrap_py",
]


def shared(
    value: Any,
    name: str | None = None,
    strict: bool = False,
    allow_downcast: bool | None = None,
    **kwargs: Any,
) -> Symbol:
    """A shared variable with this value.

    kwargs: `borrow`, `shape`, and Theano's `broadcastable`: a tuple of bools, one a dimension.
    """
    broadcastable = kwargs.pop("broadcastable", None)
    if broadcastable is not None:
        kwargs["shape"] = tuple(1 if one else None for one in broadcastable)
    return pytensor.shared(value, name, strict, allow_downcast, **kwargs)


def Param(
    variable: Symbol,
    default: Any = None,
    name: str | None = None,
    mutable: bool = False,
    strict: bool = False,
    allow_downcast: bool | None = None,
    implicit: bool | None = None,
    borrow: bool | None = None,
) -> Any:
    """An input of a function: Theano's older name of `In`. Inputs have no default values."""
    if default is not None:
        raise UnsupportedError(
            f"Param({variable}, default={default!r}): a function's inputs have no default values "
            f"here. Give the value at each call, or by `givens`."
        )
    return In(
        variable,
        name=name,
        mutable=mutable,
        strict=strict,
        allow_downcast=allow_downcast,
        borrow=borrow,
        implicit=implicit,
    )


def clone(
    output: Symbol, replace: Any = None, strict: bool = True, share_inputs: bool = True
) -> Symbol:
    """A copy of the graph of `output`, with the pairs of `replace` put in the place of each other.

    strict: the replacements have the very types.    share_inputs: the copy keeps the inputs.
    """
    return clone_replace(output, replace, rebuild_strict=strict, copy_inputs_over=share_inputs)


# ------------------------------------------------------------------ loops
def scan(fn: Any, *args: Any, **kwargs: Any) -> tuple[Any, Any]:
    """A symbolic loop: (outputs, updates), the updates to be given to `function`."""
    return _with_updates(pytensor.scan, fn, *args, **kwargs)


def map(fn: Any, *args: Any, **kwargs: Any) -> tuple[Any, Any]:  # noqa: A001 - Theano's name
    """`fn` on each element of the sequences: (outputs, updates)."""
    return _with_updates(views.map, fn, *args, **kwargs)


def reduce(fn: Any, *args: Any, **kwargs: Any) -> tuple[Any, Any]:
    """The last value of a loop: (output, updates)."""
    return _with_updates(views.reduce, fn, *args, **kwargs)


def foldl(fn: Any, *args: Any, **kwargs: Any) -> tuple[Any, Any]:
    """`reduce` from the first element on: (output, updates)."""
    return _with_updates(views.foldl, fn, *args, **kwargs)


def foldr(fn: Any, *args: Any, **kwargs: Any) -> tuple[Any, Any]:
    """`reduce` from the last element on: (output, updates)."""
    return _with_updates(views.foldr, fn, *args, **kwargs)


def _with_updates(loop: Any, fn: Any, *args: Any, **kwargs: Any) -> tuple[Any, Any]:
    with warnings.catch_warnings():
        # Theano's contract is what PyTensor warns of: updates are returned, and random states made
        # inside the loop lose their default update to it.
        warnings.filterwarnings("ignore", "Scan return signature", DeprecationWarning)
        warnings.filterwarnings("ignore", "Setting default_update", DeprecationWarning)
        outputs, found = loop(fn, *args, **kwargs)
    return outputs, OrderedUpdates(found)
