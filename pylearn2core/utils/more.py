"""More small helpers under Pylearn2's own names; `pylearn2.utils` hands them on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from pytensor.gradient import disconnected_grad

if TYPE_CHECKING:
    from pylearn2core.types import Symbol

__all__ = [
    "block_gradient",
    "float32_floatX",
    "get_choice",
    "make_name",
    "safe_update",
    "subdict",
]


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
    import functools

    import pytensor

    @functools.wraps(f)
    def run(*args: Any, **kwargs: Any) -> Any:
        with pytensor.config.change_flags(floatX="float32"):
            return f(*args, **kwargs)

    return run
