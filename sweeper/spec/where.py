"""`where`: a sandboxed Jinja expression over a point's values, true for the points to keep."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jinja2 import TemplateSyntaxError, nodes
from jinja2.parser import Parser

from pylearn2core.words import did_you_mean
from sweeper.records.errors import InputError
from sweeper.spec.axes import Axes
from sweeper.spec.place import assigned, describe, input_error, listed, shown
from sweeper.spec.printing import GLOBALS, environment
from sweeper.spec.render import told
from sweeper.spec.sandbox import Program
from sweeper.spec.work import Work

_EXAMPLE = "Write an expression that is true or false, such as `batch_size < 100`."


_RESULT = "result"


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
        self._program: Program | None = None
        if axes.where is None:
            return
        env = environment(Work(), tokens=False)
        with told(lambda message, _: self._error(f"{message}. {_EXAMPLE}"), "expression"):
            parser = Parser(env, axes.where, state="variable")
            tree = parser.parse_expression()
            if not parser.stream.eos:
                raise TemplateSyntaxError("chunk after expression", 1)
            result = nodes.Assign(nodes.Name(_RESULT, "store"), tree, lineno=1)
            self._program = Program(env, nodes.Template([result], lineno=1))
        self.names = frozenset(node.name for node in tree.find_all(nodes.Name))
        self._check_names()

    def _error(self, message: str) -> InputError:
        return input_error(f"{shown(self.axes.where)}: {message}", self.axes.where_at)

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
        if self._program is None:
            return True
        try:
            result = self._program.run({**self.variables, **values})[1][_RESULT]
            if isinstance(result, bool):
                return result
        except Exception as error:  # whatever an expression of the user's raises
            raise self._error(f"failed for {assigned(values)}: {error}.") from None
        raise self._error(f"gives {describe(result)}. {_EXAMPLE}")
