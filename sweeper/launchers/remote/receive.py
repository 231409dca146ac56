"""A run's snapshot comes back here: from a URL, or out of the logs of small jobs."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sweeper.host import urls
from sweeper.host.folders import replacing
from sweeper.launchers.remote.on_head import BEGIN, END
from sweeper.records.errors import ClusterError, InputError
from sweeper.runs.folder import RunFolder, snapshot_url
from sweeper.store.sql.files import is_snapshot

LIMIT_BYTES = 512 << 20
_AGAIN = 3


class _TooLargeError(ClusterError):
    """Another try would end in the same way."""


def from_logs(run_dir: Path, send: Callable[..., str], *, where: str) -> None:
    """Put the snapshot into run_dir. send: runs `on_head send`, returns what that printed.

    Raises ClusterError where it is damaged on its way or can't be sent, and for more than
    LIMIT_BYTES.
    """
    for left in reversed(range(_AGAIN)):
        try:
            content = _whole(send, where)
        except _TooLargeError:
            raise
        except ClusterError:  # a small job may fail as any other
            if not left:
                raise
            continue
        if content is not None:
            write(run_dir, zlib.decompress(content))
            return
        if not left:
            raise ClusterError(f"{where}: the snapshot was damaged on its way, {_AGAIN} times.")


def run_url(results: str, job: str) -> str:
    """The run's own folder below `results`, "" for none: trials of two runs may have one id."""
    return f"{results.rstrip('/')}/{job}" if results else ""


def from_url(results: str, run_dir: Path, job: str) -> None:
    """Copy `results/snapshot.db` into run_dir. Raises InputError, ClusterError."""
    url = snapshot_url(results)
    try:
        content = urls.read(url)
    except ImportError as error:
        raise InputError(f"{url}: {error}. Install that package here.") from error
    except FileNotFoundError as error:
        raise ClusterError(
            f"{url}: not there yet. The driver (job {job}) puts it there within half a minute of"
            " its first row: try again then, and look with `sweep status` whether it runs."
        ) from error
    except Exception as error:  # each file system has its own kinds
        raise ClusterError(f"{url}: can't be read: {type(error).__name__}: {error}") from error
    write(run_dir, content)


def write(run_dir: Path, content: bytes) -> None:
    """Put the snapshot beside its place, then rename: a reader never sees half of it.

    Raises ClusterError where it is no store, and leaves what is there; InputError.
    """
    snapshot = RunFolder(run_dir).snapshot
    if not is_snapshot(content):
        raise ClusterError(
            f"{snapshot}: what came is no snapshot of a run ({len(content)} bytes that"
            " are no SQLite file). What was there is kept: try again."
        )
    try:
        with replacing(snapshot) as beside:
            beside.write_bytes(content)
    except OSError as error:
        raise InputError(
            f"{snapshot}: can't be written: {error.strerror}. Free some space."
        ) from error


def _whole(send: Callable[..., str], where: str) -> bytes | None:
    """The packed snapshot from its chunks; None where it does not match its digest."""
    about, content = _chunk(send(), where)
    if about["bytes"] > LIMIT_BYTES:
        raise _TooLargeError(
            f"{where}: the snapshot has {about['bytes'] >> 20} MiB, and jobs' logs carry at most"
            f" {LIMIT_BYTES >> 20}. Name a `results` URL in the cluster file for the next run, and"
            " copy this one with your own tools."
        )
    while len(content) < about["bytes"]:
        now, more = _chunk(send(about["digest"], str(len(content))), where)
        if not more or now["digest"] != about["digest"]:
            return None
        content += more
    return content if hashlib.sha256(content).hexdigest() == about["digest"] else None


def _chunk(log: str, where: str) -> tuple[dict[str, Any], bytes]:
    begin, end = log.find(BEGIN), log.rfind(END)
    try:
        head, _, body = log[begin + len(BEGIN) : end].partition("\n")
        about = json.loads(head)
        chunk = base64.b64decode("".join(body.split()), validate=True)
        if len(chunk) != about["chunk"]:
            raise ValueError("a part is missing")
    except (ValueError, KeyError, binascii.Error) as error:
        raise ClusterError(
            f"{where}: the job that carries the snapshot printed something else ({error})."
        ) from error
    return about, chunk
