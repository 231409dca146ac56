"""The kinds of error that pylearn2core raises on purpose."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Where:
    """A place in a user's file; every part may be unknown.

    source: the file as the user named it.    line: from 1.
    path: the key path, `model.layers[0].dim`.
    """

    source: str | None = None
    line: int | None = None
    path: str | None = None

    def __str__(self) -> str:
        line = f"line {self.line}" if self.line is not None else None
        return ", ".join(part for part in (self.source, line, self.path) if part)


class Pylearn2CoreError(Exception):
    """Root of the errors that this package raises on purpose."""


class ConfigError(Pylearn2CoreError):
    """An experiment's YAML, or what it names, is wrong: the user's to mend.

    `str()` is one paragraph: where, what was found, what was expected, what to do.
    """

    def __init__(self, message: str, where: Where | None = None) -> None:
        super().__init__(message, where)
        self.message = message
        self.where = where or Where()

    def __str__(self) -> str:
        place = str(self.where)
        return f"{place}: {self.message}" if place else self.message


class NonFiniteError(Pylearn2CoreError, RuntimeError):
    """NaN or infinity where training can't go on; says the epoch and the quantity."""


class UnsupportedError(Pylearn2CoreError, NotImplementedError):
    """A real feature that this part does not have; says what to use instead."""
