"""The sandbox in which templates run: what they may reach, and how much they may do.

No attribute that Python keeps to itself, no change of a value, no other file, nothing random. Each
operation, each turn of a loop and each value is counted by `work`: a template's code is made so
that it asks for that. What would grow without bounds is refused before it is made, by `growth`.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping
from itertools import islice
from typing import Any

from jinja2 import StrictUndefined, nodes
from jinja2.compiler import CodeGenerator, Frame, operators
from jinja2.runtime import Context
from jinja2.sandbox import (
    ImmutableSandboxedEnvironment,
    SandboxedEscapeFormatter,
    SandboxedFormatter,
)
from jinja2.utils import _PassArg
from markupsafe import Markup

from sweeper.spec import growth
from sweeper.spec.limits import MAX_TEXT
from sweeper.spec.work import OPERATION, LimitError, Work, size_of

# Tests that look at all of a value.
_LOOKING = (
    *("in", "==", "eq", "equalto", "!=", "ne", ">", "gt", "greaterthan", ">=", "ge"),
    *("<", "lt", "lessthan", "<=", "le", "lower", "upper"),
)
# What takes longer than an operation: a look at each item of a list, a filter that goes through all
# items by Python's own loops, or asks each for an attribute, a call that has a context of its own,
# and what a loop keeps for `loop`.
_ITEM = 4
_FILTER = 4 * _ITEM
_ATTRIBUTE = 6 * _FILTER
_CALL = 20 * OPERATION
_LOOP = 8 * OPERATION
_BY_ATTRIBUTE = ("groupby", "selectattr", "rejectattr")
_REPEATED = (nodes.For, nodes.Macro, nodes.CallBlock, nodes.Block, nodes.Template)


class Sandbox(ImmutableSandboxedEnvironment):
    """Jinja's environment with all that `work` bounds. One may serve any number of renderings."""

    intercepted_binops = frozenset(("+", "-", "*", "/", "//", "%", "**"))

    def __init__(self, work: Work, **options: Any) -> None:
        # Not optimized: what Jinja computes while it compiles is asked nothing.
        super().__init__(undefined=StrictUndefined, optimized=False, **options)
        self.work = work
        self.code_generator_class = _Generator
        # Two renderings of one trial must be the same.
        del self.globals["lipsum"], self.filters["random"]
        self.filters = {name: self._counted(name, f) for name, f in self.filters.items()}
        tests: dict[str, Any] = self.tests
        self.tests |= {name: self._looking(tests[name]) for name in _LOOKING}

    # -------------------------------------------------------------- what compiled templates call
    def step(self, units: int) -> bool:
        """Count a turn of a loop or a call of a macro; true."""
        self.work.spend(units)
        return True

    def sized(self, value: Any) -> Any:
        """Return `value`, its size counted. Raises LimitError for one that is too large."""
        size = size_of(value)
        self.work.spend(size if isinstance(value, str) else _ITEM * size)
        return value

    def joined(self, join: Callable[[Iterable[Any]], str], values: tuple[Any, ...]) -> str:
        """Return the texts of `values`, one after the other."""
        self.work.spend(OPERATION)
        self.sized(values)
        return join(values)

    def concat(self, chunks: Iterable[str]) -> str:
        """Return the text of a rendering, a macro or a block, from its pieces."""
        pieces = chunks if isinstance(chunks, list) else list(islice(chunks, MAX_TEXT))
        if sum(map(len, pieces)) > MAX_TEXT:
            raise LimitError(f"the rendered text would have more than {MAX_TEXT:,} characters")
        return "".join(pieces)

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """Return what the operator gives."""
        self.work.spend(OPERATION)
        if operator in growth.OPERATORS:
            growth.check(f"`{operator}`", growth.OPERATORS[operator], left, right)
        return self.sized(super().call_binop(context, operator, left, right))

    def call(__self, __context: Context, __obj: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: N805
        """Return what a function, a method or a macro gives."""
        __self.work.spend(_CALL)
        __self.sized(args)
        __self.sized(kwargs)
        owner = getattr(__obj, "__self__", None)
        if isinstance(owner, str | bytes | int):
            args = __self._method(owner, getattr(__obj, "__name__", ""), args, kwargs)
        return __self.sized(super().call(__context, __obj, *args, **kwargs))

    def _method(
        self, owner: Any, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> tuple[Any, ...]:
        """Check a call of a method of text or of a number; return its arguments."""
        self.sized(owner)
        if name == "join" and args and not hasattr(args[0], "__len__"):
            args = (self.sized(list(args[0])),)
        if name in growth.METHODS:
            growth.check(f"`.{name}`", growth.METHODS[name], owner, *args, **kwargs)
        return args

    # -------------------------------------------------------------- filters and tests
    def _counted(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        skip = _PassArg.from_obj(function) is not None
        bound = growth.FILTERS.get(name)

        @functools.wraps(function)
        def run(*args: Any, **kwargs: Any) -> Any:
            first, given = args[:skip], args[skip:]
            if name == "join" and given and not hasattr(given[0], "__len__"):
                given = (list(given[0]), *given[1:])
            each = _ATTRIBUTE if "attribute" in kwargs or name in _BY_ATTRIBUTE else _FILTER
            self.work.spend(OPERATION + each * (size_of(given) + size_of(kwargs)))
            if bound is not None:
                growth.check(f"`{name}`", bound, *given, **kwargs)
            return self.sized(function(*first, *given, **kwargs))

        return run

    def _looking(self, test: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(test)
        def run(*args: Any) -> Any:
            self.work.spend(OPERATION + size_of(args))
            return test(*args)

        return run

    # -------------------------------------------------------------- str.format
    def wrap_str_format(self, value: Any) -> Callable[..., str] | None:
        """Return the sandbox's own `format` for a text's, its widths counted."""
        wrapped = super().wrap_str_format(value)
        if wrapped is None:
            return None
        text = value.__self__

        def run(*args: Any, **kwargs: Any) -> str:
            is_map = value.__name__ == "format_map"
            if is_map and (kwargs or len(args) != 1):
                return wrapped(*args, **kwargs)  # raises
            positional, named = ((), args[0]) if is_map else (args, kwargs)
            filled = _formatter(self, text).vformat(text, positional, named)
            return Markup(filled) if isinstance(text, Markup) else filled

        return functools.update_wrapper(run, wrapped)

    # -------------------------------------------------------------- code
    def _generate(self, source: nodes.Template, *args: Any, **kwargs: Any) -> str:
        for node in [source, *source.find_all(_REPEATED)]:
            _count_turns(node)
        return super()._generate(source, *args, **kwargs)


class Program:
    """A template, compiled; `run` is `Template.render` in half the time."""

    def __init__(self, env: Sandbox, source: str | nodes.Template) -> None:
        self._env = env
        self._template = env.from_string(source)
        self._known = dict(env.globals)

    def run(self, variables: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
        """Return the text, and the variables that the template has set."""
        env = self._env
        env.work.begin()
        known = {**self._known, **variables}
        context = Context(env, known, None, self._template.blocks)
        try:
            return env.concat(self._template.root_render_func(context)), context.vars
        except Exception:
            env.handle_exception()  # raises it again, with the template's lines


def _formatter(env: Sandbox, text: str) -> SandboxedFormatter:
    if isinstance(text, Markup):
        return _EscapeFormatter(env, escape=text.escape)
    return _Formatter(env)


class _Formatter(SandboxedFormatter):
    made = 0

    def format_field(self, value: Any, format_spec: str) -> str:
        self.made += growth.width_of(format_spec)
        growth.check("`.format`", lambda: self.made)
        return str(super().format_field(value, format_spec))


class _EscapeFormatter(_Formatter, SandboxedEscapeFormatter):
    pass


def _count_turns(node: Any) -> None:
    """Let each turn through the body of `node` count as many units as it has nodes."""
    units = OPERATION + sum(1 for _ in node.find_all(nodes.Node))
    if isinstance(node, nodes.For):
        units += _LOOP * any(name.name == "loop" for name in node.find_all(nodes.Name))
    # An attribute's name is written into the code as it stands.
    step = nodes.EnvironmentAttribute(f"step({units})", lineno=node.lineno)
    node.body.insert(0, nodes.ExprStmt(step, lineno=node.lineno))
    if isinstance(node, nodes.For) and node.test is not None:
        node.test = nodes.And(step, node.test, lineno=node.lineno)


class _Generator(CodeGenerator):
    """Code that lets the environment see each value which an operator makes or looks at."""

    def _sized(self, node: nodes.Node, frame: Frame, visit: Callable[..., None]) -> None:
        self.write("environment.sized(")
        visit(node, frame)
        self.write(")")

    def visit_List(self, node: nodes.List, frame: Frame) -> None:
        self._literal(node, frame, super().visit_List)

    def visit_Dict(self, node: nodes.Dict, frame: Frame) -> None:
        self._literal(node, frame, super().visit_Dict)

    def visit_Tuple(self, node: nodes.Tuple, frame: Frame) -> None:
        if node.ctx == "load":
            self._literal(node, frame, super().visit_Tuple)
        else:
            super().visit_Tuple(node, frame)

    def _literal(self, node: nodes.Expr, frame: Frame, visit: Callable[..., None]) -> None:
        parts = (nodes.Const, nodes.List, nodes.Dict, nodes.Tuple)
        if all(isinstance(child, parts) for child in node.find_all(nodes.Expr)):
            visit(node, frame)
        else:
            self._sized(node, frame, visit)

    def visit_Concat(self, node: nodes.Concat, frame: Frame) -> None:
        join = "markup_join" if frame.eval_ctx.autoescape else "str_join"
        if frame.eval_ctx.volatile:
            join = "(markup_join if context.eval_ctx.autoescape else str_join)"
        self.write(f"environment.joined({join}, (")
        for arg in node.nodes:
            self.visit(arg, frame)
            self.write(", ")
        self.write("))")

    def visit_Compare(self, node: nodes.Compare, frame: Frame) -> None:
        self.write("(")
        self._operand(node.expr, frame)
        for operand in node.ops:
            self.visit(operand, frame)
        self.write(")")

    def visit_Operand(self, node: nodes.Operand, frame: Frame) -> None:
        self.write(f" {operators[node.op]} ")
        self._operand(node.expr, frame)

    def _operand(self, node: nodes.Expr, frame: Frame) -> None:
        if isinstance(node, nodes.Const):
            self.visit(node, frame)
        else:
            self._sized(node, frame, self.visit)

    def visit_Getitem(self, node: nodes.Getitem, frame: Frame) -> None:
        if not isinstance(node.arg, nodes.Slice):
            super().visit_Getitem(node, frame)
            return
        self._sized(node.node, frame, self.visit)
        self.write("[")
        self.visit(node.arg, frame)
        self.write("]")
