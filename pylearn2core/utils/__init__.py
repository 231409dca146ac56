"""Small helpers under Pylearn2's own names."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import pytensor
import pytensor.tensor as T
from pytensor.gradient import disconnected_grad
from pytensor.graph.basic import Variable

if TYPE_CHECKING:
    from pylearn2core.types import Array, Symbol

__all__ = [
    "as_floatX",
    "block_gradient",
    "constantX",
    "contains_inf",
    "contains_nan",
    "float32_floatX",
    "function",
    "get_choice",
    "grad",
    "isfinite",
    "make_name",
    "py_complex_types",
    "py_float_types",
    "py_integer_types",
    "py_number_types",
    "safe_izip",
    "safe_union",
    "safe_update",
    "safe_zip",
    "sharedX",
    "subdict",
    "update_wrapper",
    "wraps",
]

py_integer_types = (int, np.integer)
py_float_types = (float, np.floating)
py_complex_types = (complex, np.complexfloating)
py_number_types = (int, float, complex, np.number)

_F = TypeVar("_F", bound=Callable[..., Any])


def as_floatX(variable: Any) -> Any:
    """A number, array or symbolic variable as floatX; a Python number becomes a NumPy one."""
    if isinstance(variable, py_number_types):
        return np.asarray(variable, dtype=pytensor.config.floatX)[()]
    if isinstance(variable, Variable):
        return T.cast(variable, pytensor.config.floatX)
    return np.asarray(variable, dtype=pytensor.config.floatX)


def sharedX(
    value: Any, name: str | None = None, borrow: bool = False, dtype: Any = None, **kwargs: Any
) -> Symbol:
    """A shared variable that holds `value` as floatX (or `dtype`).

    borrow: the variable may keep `value`'s own memory.    kwargs: for `pytensor.shared`.
    """
    array = np.asarray(value, dtype=pytensor.config.floatX if dtype is None else dtype)
    return pytensor.shared(array, name=name, borrow=borrow, **kwargs)


def constantX(value: Any) -> Symbol:
    """A symbolic constant of dtype floatX."""
    return T.constant(np.asarray(value, dtype=pytensor.config.floatX))


def safe_zip(*args: Iterable[Any]) -> list[tuple[Any, ...]]:
    """Like zip, as a list. Raises ValueError unless all are equally long."""
    lists = [list(arg) for arg in args]
    lengths = {len(items) for items in lists}
    if len(lengths) > 1:
        raise ValueError(
            f"safe_zip needs sequences of one length, got {[len(items) for items in lists]}"
        )
    return list(zip(*lists, strict=True))


def safe_izip(*args: Iterable[Any]) -> Iterator[tuple[Any, ...]]:
    """`safe_zip` as an iterator."""
    return iter(safe_zip(*args))


def safe_union(a: Iterable[Any], b: Iterable[Any]) -> list[Any]:
    """The elements of `a`, then those of `b` that are not in it, in order."""
    union: list[Any] = []
    for element in [*a, *b]:
        if element not in union:
            union.append(element)
    return union


_CONCATENATED = ("__doc__",)


def update_wrapper(
    wrapper: _F,
    wrapped: Callable[..., Any],
    assigned: Sequence[str] = functools.WRAPPER_ASSIGNMENTS,
    concatenated: Sequence[str] = _CONCATENATED,
    append: bool = False,
    updated: Sequence[str] = functools.WRAPPER_UPDATES,
    replace_before: str | None = None,
) -> _F:
    """Like `functools.update_wrapper`, but the wrapper's own docstring stands before the other's.

    append: after it.    concatenated: attributes that are joined in place of assigned.
    replace_before: only what follows this in the wrapped docstring is kept, from it on.
    """
    own = {name: getattr(wrapper, name, None) for name in concatenated}
    functools.update_wrapper(wrapper, wrapped, assigned, updated)
    for name, text in own.items():
        inherited = getattr(wrapped, name, None) or ""
        if replace_before:
            if replace_before not in inherited:
                raise ValueError(
                    f"replace_before {replace_before!r} is not in {wrapped.__name__}.{name}"
                )
            inherited = inherited[inherited.index(replace_before) :]
        if text:
            parts = (inherited, text) if append else (text, inherited)
            setattr(wrapper, name, "\n\n".join(part for part in parts if part))
    return wrapper


def wraps(
    wrapped: Callable[..., Any],
    assigned: Sequence[str] = functools.WRAPPER_ASSIGNMENTS,
    concatenated: Sequence[str] = _CONCATENATED,
    append: bool = False,
    updated: Sequence[str] = functools.WRAPPER_UPDATES,
    replace_before: str | None = None,
) -> Callable[[_F], _F]:
    """`update_wrapper` as a decorator."""

    def decorate(wrapper: _F) -> _F:
        return update_wrapper(
            wrapper, wrapped, assigned, concatenated, append, updated, replace_before
        )

    return decorate


def contains_nan(array: Array) -> bool:
    """Whether any element is NaN."""
    return bool(np.isnan(np.sum(array))) and bool(np.isnan(array).any())


def contains_inf(array: Array) -> bool:
    """Whether any element is infinite."""
    return bool(np.isinf(array).any())


def isfinite(array: Array) -> bool:
    """Whether no element is NaN or infinite."""
    return bool(np.isfinite(array).all())


def function(*args: Any, **kwargs: Any) -> Any:
    """`pytensor.function` that does not mind an unused input."""
    return pytensor.function(*args, on_unused_input="ignore", **kwargs)


def grad(cost: Symbol, wrt: Symbol, **kwargs: Any) -> Symbol:
    """`pytensor.grad`."""
    return pytensor.grad(cost, wrt, **kwargs)


def block_gradient(x: Symbol) -> Symbol:
    """`x` itself, through which no gradient flows."""
    return disconnected_grad(x)


def make_name(variable: Any, anon: str = "anonymous_variable") -> str:
    """A variable's name, or `anon` where it has none."""
    return getattr(variable, "name", None) or anon


def safe_update(dict_to: dict[Any, Any], dict_from: Mapping[Any, Any]) -> dict[Any, Any]:
    """Add the pairs of one dict to another. Raises KeyError for a key that is there already."""
    twice = [key for key in dict_from if key in dict_to]
    if twice:
        raise KeyError(f"already there: {', '.join(map(str, twice))}")
    dict_to.update(dict_from)
    return dict_to


def subdict(d: Mapping[Any, Any], keys: Iterable[Any]) -> dict[Any, Any]:
    """The pairs of these keys."""
    return {key: d[key] for key in keys}


def get_choice(choice_to_explanation: Mapping[str, str]) -> str:
    """Ask on the terminal for one of the keys until one is given."""
    while True:
        for choice, explanation in choice_to_explanation.items():
            print(f"\t{choice}: {explanation}")
        answer = input()
        if answer in choice_to_explanation:
            return answer
        print("unrecognized choice")


def float32_floatX(f: Callable[..., Any]) -> Callable[..., Any]:
    """Decorate a test: in it floatX is float32."""

    @functools.wraps(f)
    def run(*args: Any, **kwargs: Any) -> Any:
        with pytensor.config.change_flags(floatX="float32"):
            return f(*args, **kwargs)

    return run
