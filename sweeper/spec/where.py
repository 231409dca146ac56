"""`where` and `when`: sandboxed Jinja expressions over a point's values, true or false."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from typing import Any

from jinja2 import TemplateSyntaxError, nodes
from jinja2.parser import Parser

from pylearn2core.errors import Where
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


class Expression:
    """A sandboxed expression over values, compiled.

    variables: of -D, which it sees beside the values.    known: what the values are called.
    Raises InputError for what is no expression, or uses an unknown name.
    """

    def __init__(
        self, text: str, at: Where, variables: Mapping[str, Any], known: Iterable[str]
    ) -> None:
        self.text = text
        self.at = at
        self.variables = variables
        env = environment(Work(), tokens=False)
        with told(lambda message, _: self.error(f"{message}. {_EXAMPLE}"), "expression"):
            parser = Parser(env, text, state="variable")
            tree = parser.parse_expression()
            if not parser.stream.eos:
                raise TemplateSyntaxError("chunk after expression", 1)
            result = nodes.Assign(nodes.Name(_RESULT, "store"), tree, lineno=1)
            self._program = Program(env, nodes.Template([result], lineno=1))
        self.names = frozenset(node.name for node in tree.find_all(nodes.Name))
        self._check_names({*known, *variables})

    def error(self, message: str) -> InputError:
        """The error that says `message` of this expression."""
        return input_error(f"{shown(self.text)}: {message}", self.at)

    def _check_names(self, known: Set[str]) -> None:
        for name in sorted(self.names - known - GLOBALS):
            if name == "seed":
                raise self.error(
                    "`where` filters points before `repeat` gives them seeds, and so does `when`."
                )
            raise self.error(
                f"unknown name {name!r}{did_you_mean(name, known)}. The names here are "
                f"{listed(sorted(known))}."
            )

    def holds(self, values: Mapping[str, Any]) -> bool:
        """Tell whether it is true of these values. Raises InputError."""
        try:
            result = self._program.run({**self.variables, **values})[1][_RESULT]
            if isinstance(result, bool):
                return result
        except Exception as error:  # whatever an expression of the user's raises
            raise self.error(f"failed for {assigned(values)}: {error}.") from None
        raise self.error(f"gives {describe(result)}. {_EXAMPLE}")


class Condition:
    """The header's `where`, compiled; keeps every point where the header has none.

    variables: of -D, which the expression sees beside the axes.
    names: what the expression uses.
    Raises InputError as an expression does.
    """

    def __init__(self, axes: Axes, variables: Mapping[str, Any]) -> None:
        self._expression: Expression | None = None
        if axes.where is not None:
            self._expression = Expression(axes.where, axes.where_at, variables, axes.places)
        self.names = self._expression.names if self._expression else frozenset[str]()

    def keeps(self, values: Mapping[str, Any]) -> bool:
        """Tell whether the point with these values is one to run. Raises InputError."""
        return self._expression is None or self._expression.holds(values)
