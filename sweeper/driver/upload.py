"""A run's snapshot at a URL, for who can't reach the driver's disk."""

from __future__ import annotations

import logging
import secrets
import socket
import tempfile
import threading
import time
from pathlib import Path

from sweeper.host import urls
from sweeper.records.errors import InputError
from sweeper.runs.folder import RunFolder

PUT_EVERY_S = 30.0
_LAST_PUT_S = 120.0

_log = logging.getLogger(__name__)


class SnapshotUpload:
    """Puts `store_dir/snapshot.db` under a URL now and then; a failure is a line in the log.

    url: of a folder, as fsspec knows it (s3://, gs://, file://); "" puts it nowhere.
    """

    def __init__(self, store_dir: Path, url: str) -> None:
        run = RunFolder(store_dir)
        self._path = run.snapshot
        self._arrived = run.results_arrived
        self._url = url
        self._put = float("-inf")
        self._thread: threading.Thread | None = None
        self._is_there = False  # whether the last try succeeded

    def check(self) -> None:
        """Try a write. Raises InputError where that fails, or takes more than two minutes."""
        if not self._url:
            return
        self._arrived.unlink(missing_ok=True)
        wrong = ["no answer"]
        probe = threading.Thread(target=_probe, args=(self._url, wrong), daemon=True)
        probe.start()
        probe.join(_LAST_PUT_S)
        if wrong:
            raise InputError(
                f"results: {self._url}: can't be written from {socket.gethostname()}: {wrong[-1]}."
                " Expected a folder where the driver's machine may make files: name another by"
                " `results`, or let that machine write there."
            )

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
        """Put the last snapshot there and wait until it is done, two minutes at most.

        The file `results_arrived` of the run's folder tells others whether it arrived.
        """
        if not self._url:
            return
        self._arrived.unlink(missing_ok=True)
        if self._wait():
            self._put = float("-inf")
            self.put_if_due()
            if self._wait() and self._is_there:
                self._arrived.touch()

    def _wait(self) -> bool:
        """Whether nothing is on its way any more."""
        if self._thread is not None:
            self._thread.join(_LAST_PUT_S)
        return self._thread is None or not self._thread.is_alive()

    def _try(self) -> None:
        self._is_there = False
        try:
            urls.put(self._path, self._url)
            self._is_there = True
        except Exception as error:  # each file system has its own kinds
            _log.warning(
                "results: %s: the snapshot can't be put there: %s: %s. The sweep goes on.",
                self._url, type(error).__name__, error,
            )  # fmt: skip


def _probe(url: str, wrong: list[str]) -> None:
    """Put a small file there, and remove it; empties `wrong`, or adds the reason to it."""
    try:
        with tempfile.TemporaryDirectory() as here:
            path = Path(here) / f".sweep-can-write-{secrets.token_hex(4)}"
            path.write_text("This file is no longer needed.\n", encoding="utf-8")
            urls.put(path, url)
        wrong.clear()
        system, folder = urls.opened(url)
        system.rm(f"{folder}/{path.name}")  # which need not be allowed
    except Exception as error:  # each file system has its own kinds
        if wrong:
            wrong.append(f"{type(error).__name__}: {error}")
