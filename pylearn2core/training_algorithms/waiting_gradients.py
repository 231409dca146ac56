"""Whether gradients may be worked out late."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from pylearn2core.costs.cost import SumOfCosts

if TYPE_CHECKING:
    from pylearn2core.costs.cost import Cost


def gradients_may_wait(cost: Cost, rule: Any) -> bool:
    """Whether the gradients may be worked out after all that asks for them has had them.

    Our own costs and rules compute with gradients and look no further into them; what a user's own
    does is not known.
    """
    costs = all(_is_ours(part, "get_gradients") for part in _parts(cost))
    return costs and (rule is None or _is_ours(rule, "get_updates"))


def _parts(cost: Cost) -> Iterator[Any]:
    """The cost, and those that it is the sum of."""
    yield cost
    if isinstance(cost, SumOfCosts):
        for part in cost.costs:
            yield from _parts(part)


def _is_ours(owner: Any, method: str) -> bool:
    """Whether a method is one of this package's, not overridden by a subclass or the object."""
    function = getattr(type(owner), method, None)
    module = str(getattr(function, "__module__", ""))
    return method not in getattr(owner, "__dict__", {}) and module.startswith("pylearn2core.")
