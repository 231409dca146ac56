"""What code may set for its whole process, kept and put back: a trial's settings end with it."""

from __future__ import annotations

import logging
import os
import sys
import warnings
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True, slots=True)
class ProcessState:
    """The settings at one moment.

    environ: as `os.environ` keeps it.    folder: the working one, "" where it is gone.
    errors: NumPy's ways with division by zero and the like.
    logging: the root logger's level and handlers.
    """

    environ: dict[Any, Any]
    folder: str
    path: tuple[str, ...]
    arguments: tuple[str, ...]
    streams: tuple[Any, Any, Any]
    warnings: tuple[Any, ...]
    errors: dict[str, Any]
    logging: tuple[int, tuple[logging.Handler, ...]]

    @classmethod
    def now(cls) -> ProcessState:
        """That of this process; takes some microseconds."""
        root = logging.getLogger()
        return cls(
            environ=dict(_kept()),
            folder=_folder(),
            path=tuple(sys.path),
            arguments=tuple(sys.argv),
            streams=(sys.stdin, sys.stdout, sys.stderr),
            warnings=tuple(warnings.filters),
            errors=dict(np.geterr()),
            logging=(root.level, tuple(root.handlers)),
        )

    def put_back(self) -> None:
        """Set again what has changed since."""
        now = ProcessState.now()
        if now == self:
            return
        self._put_back_environ()
        if now.folder != self.folder and self.folder:
            with suppress(OSError):  # it may be gone
                os.chdir(self.folder)
        sys.path[:], sys.argv[:] = self.path, self.arguments
        sys.stdin, sys.stdout, sys.stderr = self.streams
        if now.warnings != self.warnings:
            warnings.filters[:] = self.warnings  # type: ignore[index]  # a list
            with warnings.catch_warnings():  # so that Python looks at the filters anew
                pass
        np.seterr(**self.errors)
        root = logging.getLogger()
        root.setLevel(self.logging[0])
        root.handlers[:] = self.logging[1]

    def _put_back_environ(self) -> None:
        kept = _kept()
        for key in [key for key in kept if key not in self.environ]:
            del os.environ[_text(key)]
        for key, value in self.environ.items():
            if kept.get(key) != value:
                os.environ[_text(key)] = _text(value)


def _kept() -> dict[Any, Any]:
    """The environment as Python holds it: to decode all of it takes longer than a small epoch."""
    kept = getattr(os.environ, "_data", None)
    return kept if isinstance(kept, dict) else dict(os.environ)


def _text(kept: str | bytes) -> str:
    return os.fsdecode(kept)


def _folder() -> str:
    try:
        return os.getcwd()  # noqa: PTH109  (a Path takes ten times as long)
    except OSError:
        return ""
