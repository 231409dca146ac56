"""`where`: a sandboxed Jinja expression over a point's values, true for the points to keep."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jinja2 import TemplateSyntaxError, nodes
from jinja2.parser import Parser

from pylearn2core.words import did_you_mean
from sweeper.records.errors import InputError
from sweeper.spec.axes import Axes
from sweeper.spec.place import describe, input_error, listed
from sweeper.spec.render import GLOBALS, environment

_EXAMPLE = "Write an expression that is true or false, such as `batch_size < 100`."


class Condition:
    """The header's `where`, compiled; keeps every point where the header has none.

    variables: of -D, which the expression sees beside the axes.
    names: what the expression uses.
    Raises InputError for what is no expression, or uses an unknown name.
    """

    def __init__(self, axes: Axes, variables: Mapping[str, Any]) -> None:
        self.axes = axes
        self.variables = variables
        self.names: frozenset[str] = frozenset()
        self._holds: Any = None
        if axes.where is None:
            return
        env = environment(tokens=False)
        try:
            tree = Parser(env, axes.where, state="variable").parse_expression()
            self._holds = env.compile_expression(axes.where, undefined_to_none=False)
        except TemplateSyntaxError as error:
            raise self._error(f"this is no expression: {error.message}. {_EXAMPLE}") from None
        self.names = frozenset(node.name for node in tree.find_all(nodes.Name))
        self._check_names()

    def _error(self, message: str) -> InputError:
        return input_error(f"{self.axes.where!r}: {message}", self.axes.where_at)

    def _check_names(self) -> None:
        known = {*self.axes.places, *self.variables}
        for name in sorted(self.names - known - GLOBALS):
            if name == "seed":
                raise self._error("`where` filters points before `repeat` gives them seeds.")
            raise self._error(
                f"unknown name {name!r}{did_you_mean(name, known)}. The names here are "
                f"{listed(sorted(known))}."
            )

    def keeps(self, values: Mapping[str, Any]) -> bool:
        """Tell whether the point with these values is one to run. Raises InputError."""
        if self._holds is None:
            return True
        try:
            result = self._holds({**self.variables, **values})
            if isinstance(result, bool):
                return result
        except Exception as error:  # whatever an expression of the user's raises
            at = ", ".join(f"{name}={value!r}" for name, value in values.items())
            raise self._error(f"failed for {at}: {error}.") from None
        raise self._error(f"gives {describe(result)}. {_EXAMPLE}")
