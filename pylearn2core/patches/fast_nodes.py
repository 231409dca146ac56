"""PyTensor's making of nodes, remembering what it worked out before.

A trial's graph is built anew, node by node, though trial after trial builds alike ones. Most of a
node's time goes into what follows from the Op and the types of its inputs alone: dtypes by way of
their names, static shapes, the C source of a transposition, read from its file each time. Here that
is kept. Nodes, Ops and types are what PyTensor makes without this; only the time differs.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any

import pytensor
from pytensor import config
from pytensor.graph import utils
from pytensor.graph.basic import Apply
from pytensor.graph.utils import Scratchpad
from pytensor.link.c.op import ExternalCOp
from pytensor.tensor.basic import as_tensor_variable
from pytensor.tensor.elemwise import Elemwise
from pytensor.tensor.sharedvar import TensorSharedVariable
from pytensor.tensor.type import TensorType
from pytensor.tensor.variable import TensorConstant, TensorVariable

from pylearn2core.cache import Bounded, identity

_KEPT = 4096  # of each kind; a few hundred bytes each
# The releases whose functions these are; on another one PyTensor's own run.
_RELEASES = "3.0."
_TENSORS = (TensorVariable, TensorConstant, TensorSharedVariable)


def install() -> str | None:
    """Let PyTensor remember, in this process, from now on; or say what is not as expected."""
    unexpected = _unexpected()
    if unexpected is None:
        ExternalCOp.load_c_code = _load_c_code
        TensorType.__init__ = _init_type
        Elemwise.make_node = _make_elemwise
        utils.add_tag_trace = _add_trace
    return unexpected


def _unexpected() -> str | None:
    """What differs from the PyTensor that these functions were written for; None if nothing."""
    if not pytensor.__version__.startswith(_RELEASES):
        return f"PyTensor is {pytensor.__version__}, expected {_RELEASES}x"
    for function, module, arguments in _REPLACED:
        if function.__module__ != module:
            return f"{function.__qualname__} is of {function.__module__}, expected {module}"
        if list(inspect.signature(function).parameters) != arguments:
            return f"{function.__qualname__} takes other arguments than {arguments}"
    kind = TensorType("float32", shape=(None,))
    for thing, fields in ((kind, _TYPE_FIELDS), (Apply(None, [], [kind()]), _NODE_FIELDS)):
        if vars(thing).keys() != fields:
            return f"{type(thing).__name__} has other fields than {sorted(fields)}"
    return None


# ------------------------------------------------------------------ C sources
_plain_load: Callable[..., None] = ExternalCOp.load_c_code
_sources: Bounded[Any, tuple[list[str], dict[str, str]]] = Bounded(_KEPT)


def _load_c_code(op: Any, files: Sequence[Any]) -> None:
    """The C code of an Op, each file read once in a process."""
    key = (type(op), tuple(files))
    known = _sources.get(key)
    if known is None:
        _plain_load(op, files)
        known = _sources[key] = op.func_codes, op.code_sections
    op.func_codes, op.code_sections = list(known[0]), dict(known[1])


# ------------------------------------------------------------------ types
_plain_init: Callable[..., None] = TensorType.__init__
_types: Bounded[Any, dict[str, Any]] = Bounded(_KEPT)


def _init_type(
    self: Any, dtype: Any, shape: Any = None, name: Any = None, broadcastable: Any = None
) -> None:
    """A tensor's type; its fields follow from the dtype and the static shape."""
    # A subclass may have more to say, floatX may change, and a shape may be an iterator.
    is_plain = type(self) is TensorType and type(shape) in (tuple, list) and broadcastable is None
    if not is_plain or type(dtype) is not str or dtype == "floatX":
        _plain_init(self, dtype, shape, name, broadcastable)
        return
    # True equals 1 and means the same here, but False equals 0 and does not: kinds count too.
    key = (dtype, *shape, *map(type, shape))
    try:
        known = _types.get(key)
    except TypeError:  # a length that is no number
        _plain_init(self, dtype, shape, name)
        return
    if known is None:
        _plain_init(self, dtype, shape, None)
        known = _types[key] = dict(vars(self))
    vars(self).update(known)
    self.name = name


# ------------------------------------------------------------------ elementwise nodes
_plain_make: Callable[..., Any] = Elemwise.make_node
# Op and inputs' types -> (for each input the Op that widens it, the outputs' types)
_elemwise: Bounded[Any, tuple[list[Any], list[Any]]] = Bounded(_KEPT)


def _make_elemwise(self: Any, *inputs: Any) -> Any:
    """The node of an elementwise Op: inputs brought to one number of dimensions, typed outputs."""
    if type(self) is not Elemwise or self.inplace_pattern:
        return _plain_make(self, *inputs)
    variables = [
        given if type(given) in _TENSORS else as_tensor_variable(given) for given in inputs
    ]
    kinds = [variable.type for variable in variables]
    if any(type(kind) is not TensorType for kind in kinds):
        return _plain_make(self, *inputs)
    # By identity: whatever two scalar Ops' equality says, only the very same one shares an entry.
    # A result's dtype may depend on PyTensor's flags too.
    flags = config.floatX, config.cast_policy
    key = (identity(self.scalar_op), flags, *[(kind.dtype, kind.shape) for kind in kinds])
    known = _elemwise.get(key)
    if known is None:
        node = _plain_make(self, *variables)
        widen = [
            None if new is old else new.owner.op
            for new, old in zip(node.inputs, variables, strict=True)
        ]
        _elemwise[key] = widen, [out.type for out in node.outputs]
        return node
    widen, types = known
    wide = [
        variable if op is None else op(variable)
        for op, variable in zip(widen, variables, strict=True)
    ]
    return _apply(self, wide, [kind() for kind in types])


def _apply(op: Any, inputs: list[Any], outputs: list[Any]) -> Any:
    """An Apply node of variables that are known to be variables, and outputs that are new."""
    node = Apply.__new__(Apply)
    node.op, node.inputs, node.outputs, node.tag = op, inputs, outputs, Scratchpad()
    for index, output in enumerate(outputs):
        output.owner, output.index = node, index
    return node


# ------------------------------------------------------------------ traces
_plain_trace: Callable[..., Any] = utils.add_tag_trace


def _add_trace(thing: Any, user_line: int | None = None) -> Any:
    """Where a variable was made: nothing, where none is asked for."""
    if user_line is None and config.traceback__limit == 0:
        thing.tag.trace = []
        return thing
    return _plain_trace(thing, user_line)


# ------------------------------------------------------------------ what is expected
# (function, where it was defined, its arguments)
_REPLACED: tuple[tuple[Any, str, list[str]], ...] = (
    (_plain_load, "pytensor.link.c.op", ["self", "func_files"]),
    (_plain_init, "pytensor.tensor.type", ["self", "dtype", "shape", "name", "broadcastable"]),
    (_plain_make, "pytensor.tensor.elemwise", ["self", "inputs"]),
    (_plain_trace, "pytensor.graph.utils", ["thing", "user_line"]),
)
_TYPE_FIELDS = {"dtype", "shape", "broadcastable", "ndim", "name", "numpy_dtype"}
_NODE_FIELDS = {"op", "inputs", "outputs", "tag"}
