"""A run's snapshot at a URL, for who can't reach the driver's disk."""

from __future__ import annotations

import logging
import shutil
import threading
import time
from typing import TYPE_CHECKING

from sweeper.store.base import SNAPSHOT_FILE

if TYPE_CHECKING:
    from pathlib import Path

PUT_EVERY_S = 30.0
_LAST_PUT_S = 120.0

_log = logging.getLogger(__name__)


class Results:
    """Puts `store_dir/snapshot.db` under a URL now and then; a failure is a line in the log.

    url: of a folder, as fsspec knows it (s3://, gs://, file://); "" puts it nowhere.
    """

    def __init__(self, store_dir: Path, url: str) -> None:
        self._path = store_dir / SNAPSHOT_FILE
        self._url = url
        self._put = float("-inf")
        self._thread: threading.Thread | None = None

    def put_if_due(self) -> None:
        """Begin to put the newest snapshot there, at most every 30 s; the driver goes on."""
        is_busy = self._thread is not None and self._thread.is_alive()
        if not self._url or is_busy or time.monotonic() - self._put < PUT_EVERY_S:
            return
        self._put = time.monotonic()
        # A daemon: a network that hangs must not hold a driver that is told to end.
        self._thread = threading.Thread(target=self._try, name="results", daemon=True)
        self._thread.start()

    def finish(self) -> None:
        """Put the last snapshot there and wait until it is done, two minutes at most."""
        if self._thread is not None:
            self._thread.join(_LAST_PUT_S)
        self._put = float("-inf")
        self.put_if_due()
        if self._thread is not None:
            self._thread.join(_LAST_PUT_S)

    def _try(self) -> None:
        try:
            put(self._path, self._url)
        except Exception as error:  # each file system has its own kinds
            _log.warning(
                "results: %s: the snapshot can't be put there: %s: %s. The sweep goes on.",
                self._url, type(error).__name__, error,
            )  # fmt: skip


def put(path: Path, url: str) -> None:
    """Copy a file into the folder at `url`; raises what its file system raises.

    A reader sees the old file or the new one, never half.
    """
    import fsspec

    files, there = fsspec.core.url_to_fs(url)
    files.makedirs(there, exist_ok=True)
    target = f"{there.rstrip('/')}/{path.name}"
    beside = f"{there.rstrip('/')}/.{path.name}-new"
    # An object appears when it is whole; elsewhere it is renamed.
    is_object = "s3" in files.protocol or "gs" in files.protocol or "abfs" in files.protocol
    with path.open("rb") as source, files.open(target if is_object else beside, "wb") as copy:
        shutil.copyfileobj(source, copy, 1 << 20)
    if not is_object:
        files.mv(beside, target)
