"""Exceptions under Pylearn2's names."""

from __future__ import annotations

import sys
from typing import NoReturn

from pylearn2core.errors import ConfigError, Where

__all__ = ["EnvironmentVariableError", "NoDataPathError", "reraise_as"]


_NO_DATA_PATH = (
    "PYLEARN2_DATA_PATH is not set, or empty. Set it to the folder that holds the data sets."
)


class EnvironmentVariableError(ConfigError):
    """An environment variable is not set, or not as it should be."""


class NoDataPathError(EnvironmentVariableError):
    """PYLEARN2_DATA_PATH is not set.    message: what needs it."""

    def __init__(self, message: str = _NO_DATA_PATH, where: Where | None = None) -> None:
        super().__init__(message, where)


def reraise_as(new_exc: BaseException | str) -> NoReturn:
    """Inside an `except`: raise a new exception whose cause is the present one.

    new_exc: the exception, or a message for one of the present one's type.
    """
    present = sys.exc_info()[1]
    if isinstance(new_exc, str):
        new_exc = (RuntimeError if present is None else type(present))(new_exc)
    raise new_exc from present
