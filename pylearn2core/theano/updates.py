"""`theano.updates.OrderedUpdates`."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Any

from pytensor.compile.sharedvalue import SharedVariable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


class OrderedUpdates(OrderedDict[Any, Any]):
    """Shared variables to their new values, in order; refuses two new values for one variable."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__()
        self.update(*args, **kwargs)

    def __setitem__(self, key: Any, value: Any) -> None:
        if not isinstance(key, SharedVariable):
            raise TypeError(f"updates are of shared variables, got {key!r} ({type(key).__name__})")
        super().__setitem__(key, value)

    def update(  # type: ignore[override]
        self, other: Mapping[Any, Any] | Iterable[tuple[Any, Any]] = (), /
    ) -> None:
        """Add the updates of `other`. Raises KeyError where one contradicts what is here."""
        for key, value in OrderedDict(other).items():
            if self.get(key, value) is not value:
                raise KeyError(f"{key} has two different updates")
            self[key] = value

    def __add__(self, other: Any) -> OrderedUpdates:
        both = OrderedUpdates(self)
        both.update(other)
        return both

    def __radd__(self, other: Any) -> OrderedUpdates:
        both = OrderedUpdates(other)
        both.update(self)
        return both
