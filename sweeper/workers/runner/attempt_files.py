"""The folder at a URL that outlives the workers' disks, by fsspec."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

from sweeper.host import urls
from sweeper.runs.folder import TRIALS, attempt_number

log = logging.getLogger(__name__)

_T = TypeVar("_T")
_TRIES = 2


class AttemptFiles:
    """Files of attempts under `URL/trials/ID/aN/`. What fails is tried twice, then logged.

    url: "" for none: then nothing is put anywhere.
    """

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/")
        self._system: Any = None
        # Of each attempt that saves checkpoints: file to (size, time) as it was put there.
        self._put: dict[str, dict[str, tuple[int, int]]] = {}

    def __bool__(self) -> bool:
        return bool(self._url)

    def put_files(self, attempt: str, folder: Path, skip: str) -> None:
        """Put the files of an attempt's folder that changed since the last time.

        attempt: "ID/aN".    skip: name of a file that is not put.
        """
        if not self._url or not folder.is_dir():
            return
        known = self._put.setdefault(attempt, {})
        for path in sorted(folder.rglob("*")):
            name = path.relative_to(folder).as_posix()
            if name == skip or not path.is_file():
                continue
            version = _version(path)
            if version is None or known.get(name) == version:
                continue
            if self._put_one(attempt, name, path):
                known[name] = version

    def put_bytes(self, attempt: str, name: str, data: bytes) -> None:
        """Put one file; a reader on a disk never sees half of it."""

        def put(system: Any, root: str) -> None:
            with system.transaction:
                system.pipe_file(f"{root}/{attempt}/{name}", data)

        self._do(f"put {attempt}/{name}", put)

    def numbers(self, trial: str, name: str) -> list[int]:
        """The attempts of a trial that have a file of this name."""

        def look(system: Any, root: str) -> list[str]:
            system.invalidate_cache()  # other workers put files there
            return list(system.glob(f"{root}/{trial}/a*/{name}"))

        found = self._do(f"look for checkpoints of {trial}", look) or []
        folders = [path.rsplit("/", 2)[1] for path in found]
        return [number for name in folders if (number := attempt_number(name)) is not None]

    def get_bytes(self, attempt: str, name: str) -> bytes:
        """One file. Raises OSError where it can't be had."""

        def get(system: Any, root: str) -> bytes:
            found: bytes = system.cat_file(f"{root}/{attempt}/{name}")
            return found

        data = self._do(f"fetch {attempt}/{name}", get)
        if data is None:
            raise OSError(f"{self._url}: {attempt}/{name} can't be fetched")
        return data

    def fetch(self, attempt: str, folder: Path) -> bool:
        """Bring all files of an attempt into `folder`; False where that failed."""

        def get(system: Any, root: str) -> bool:
            system.invalidate_cache()
            for path in system.find(f"{root}/{attempt}"):
                target = folder / path.split(f"/{attempt}/", 1)[1]
                target.parent.mkdir(parents=True, exist_ok=True)
                system.get_file(path, str(target))
            return True

        return bool(self._do(f"fetch {attempt}", get))

    def remove(self, attempt: str, name: str) -> None:
        """Remove one file, if it is there."""

        def remove(system: Any, root: str) -> None:
            with suppress(FileNotFoundError):
                system.rm_file(f"{root}/{attempt}/{name}")

        self._do(f"remove {attempt}/{name}", remove)

    def forget(self, attempt: str) -> None:
        """The attempt is over."""
        self._put.pop(attempt, None)

    def _put_one(self, attempt: str, name: str, path: Path) -> bool:
        def put(system: Any, root: str) -> bool:
            system.put_file(str(path), f"{root}/{attempt}/{name}")
            return True

        return bool(self._do(f"put {attempt}/{name}", put))

    def _do(self, what: str, work: Callable[[Any, str], _T]) -> _T | None:
        """Do it, at the second try if need be; None where it failed, which is logged."""
        if not self._url:
            return None
        fault: Exception | None = None
        for _ in range(_TRIES):
            try:
                system, root = self._opened()
                return work(system, root)
            except Exception as error:  # of whatever library serves the URL
                fault = error
        log.warning("%s: can't %s: %s: %s", self._url, what, type(fault).__name__, fault)
        return None

    def _opened(self) -> tuple[Any, str]:
        if self._system is None:
            system, root = urls.opened(self._url)
            if hasattr(system, "auto_mkdir"):  # a disk; what is no disk has no folders to make
                system.auto_mkdir = True
            self._system = system, f"{root}/{TRIALS}"
        opened: tuple[Any, str] = self._system
        return opened


def _version(path: Path) -> tuple[int, int] | None:
    """What changes with a file; None for one that is gone meanwhile."""
    try:
        facts = path.stat()
    except OSError:
        return None
    return facts.st_size, facts.st_mtime_ns
