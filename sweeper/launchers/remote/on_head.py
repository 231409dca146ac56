"""What small jobs do on the head: `python -m sweeper.launchers.remote.on_head WHAT DIR ...`.

send [DIGEST OFFSET]: print a chunk of the newest snapshot.    copy FILE: put it into a file.
ask COMMAND [TRIAL...]: of the driver.

A job's log is the one way back that the Jobs API has, so a file comes as base64 between two marks.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import os
import sqlite3
import sys
import time
import zlib
from pathlib import Path

from sweeper.host.folders import replacing
from sweeper.records.errors import SweepError
from sweeper.runs.control import send_control
from sweeper.store.sql.files import newest_snapshot

BEGIN, END = "-----BEGIN SWEEP FILE-----", "-----END SWEEP FILE-----"
CHUNK_BYTES = 8 << 20
_COLUMNS = 120
_KEEP_S = 600.0  # another shell may be at it, chunk by chunk


def send(run_dir: Path, digest: str, offset: int) -> None:
    """Print one chunk of the run's newest snapshot, packed, and what the whole of it is.

    digest: of the snapshot whose chunk is asked for, "" for the newest one there is.
    """
    packed = run_dir / ".sent" / digest if digest else pack(run_dir)
    content = packed.read_bytes()
    os.utime(packed)  # it is in use
    chunk = content[offset : offset + CHUNK_BYTES]
    about = {"digest": packed.name, "bytes": len(content), "chunk": len(chunk)}
    text = base64.b64encode(chunk).decode()
    print(BEGIN, json.dumps(about))
    for start in range(0, len(text), _COLUMNS):
        print(text[start : start + _COLUMNS])
    print(END)


def pack(run_dir: Path) -> Path:
    """Keep a packed copy of the newest snapshot, named by its SHA-256; old ones are removed."""
    content = zlib.compress(newest_snapshot(run_dir), 6)
    folder = run_dir / ".sent"
    folder.mkdir(mode=0o700, exist_ok=True)
    kept = folder / hashlib.sha256(content).hexdigest()
    for old in folder.iterdir():
        with contextlib.suppress(FileNotFoundError):
            if time.time() - old.stat().st_mtime > _KEEP_S:
                old.unlink()
    with replacing(kept) as beside:
        beside.write_bytes(content)
    return kept


def main(arguments: list[str]) -> int:
    """Do what is asked; an error is one line."""
    what, run_dir, rest = arguments[0], Path(arguments[1]), arguments[2:]
    try:
        if what == "ask":
            if not run_dir.is_dir():
                raise FileNotFoundError(f"no run in {run_dir} yet")
            send_control(run_dir, rest[0], tuple(rest[1:]))
        elif what == "copy":
            Path(rest[0]).parent.mkdir(mode=0o700, exist_ok=True)
            with replacing(Path(rest[0])) as beside:
                beside.write_bytes(newest_snapshot(run_dir))
        else:
            send(run_dir, rest[0] if rest else "", int(rest[1]) if rest else 0)
    except (OSError, SweepError, sqlite3.Error) as error:
        print(f"{type(error).__name__}: {error}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
