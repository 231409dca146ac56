"""The folder of a run that is about to be made."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sweeper.runs.folder import RUNS


@contextmanager
def new_run_folder(out: Path | None, name: str, *, claim: bool) -> Iterator[Path]:
    """The folder for a new run: `out`, or a new one, which goes again where no run was made there.

    claim: make the new one, so that no other launch of the same second takes it.
    """
    folder = out or new_path(name, claim=claim)
    try:
        yield folder
    finally:
        if out is None and claim:
            with contextlib.suppress(OSError):
                folder.rmdir()  # that of a run is not empty
                folder.parent.rmdir()


def new_path(name: str, *, claim: bool) -> Path:
    """runs/NAME-DATE-TIME, here, with a number where that is taken."""
    stem = Path(RUNS) / f"{name}-{time.strftime('%Y%m%d-%H%M%S')}"
    folder, number = stem, 1
    while not (_claimed(folder) if claim else not folder.exists()):
        number += 1
        folder = stem.with_name(f"{stem.name}-{number}")
    return folder


def _claimed(folder: Path) -> bool:
    with contextlib.suppress(OSError):  # whoever makes the run there says why it can't be
        folder.parent.mkdir(exist_ok=True)
        try:
            folder.mkdir(mode=0o700)
        except FileExistsError:
            return False
    return True
