"""How an attempt failed: the user's input, or an exception of the experiment's."""

from __future__ import annotations

import traceback
from typing import Any

from pylearn2core.config.yaml_parse import with_names
from pylearn2core.errors import ConfigError, Pylearn2CoreError
from sweeper.records import AttemptState, text

_NO_INPUT = (
    "A trial's standard input is empty: nobody is there to answer input(), pdb or breakpoint()."
    " Take the question out; or run this trial by itself: `sweep expand SPEC --trial ID >"
    " one.yaml`, then `python -m pylearn2core.scripts.train one.yaml`."
)


class EscapedError(Exception):
    """Wraps what a trial raised that is no Exception and would end more than the trial."""

    def __init__(self, error: BaseException) -> None:
        super().__init__(type(error).__name__)
        self.error = error


def describe(error: BaseException) -> dict[str, Any]:
    """The facts of its Ended: text alone, whatever was raised."""
    if isinstance(error, EscapedError):
        error = error.error
    is_input = isinstance(error, ConfigError)
    is_own = isinstance(error, Pylearn2CoreError)
    message = text.said_by(error) if is_own else text.told(error)
    if _asked_for_input(error):
        message = f"{message}. {_NO_INPUT}"
    return {
        "outcome": AttemptState.FAILED,
        "kind": "input" if is_input else "error",
        "message": text.kept(with_names(message), text.MESSAGE),
        "traceback": text.kept(with_names(_traceback(error)), text.TRACEBACK),
    }


def _asked_for_input(error: BaseException) -> bool:
    """Whether it is what input(), or a debugger that has nobody to speak to, raises."""
    at_end = isinstance(error, EOFError) and text.said_by(error).startswith("EOF when reading")
    return at_end or type(error).__name__ == "BdbQuit"


def _traceback(error: BaseException) -> str:
    try:
        return "".join(traceback.format_exception(error))
    except BaseException:  # of a class whose own attributes raise
        return "".join(traceback.format_tb(error.__traceback__)) + text.told(error)
