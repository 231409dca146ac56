"""A run's store, opened to be read or driven."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from sweeper import store
from sweeper.runs.folder import RunFolder

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from sweeper.records import SweepRecord, Trial
    from sweeper.store.base import Store, StoreReader


def create_store(
    run_dir: Path, sweep: SweepRecord, trials: Iterable[Trial], *, published: bool | None = None
) -> Store:
    """A new store in the folder of a run, with all of the run's trials.

    published: whether readers on other hosts read copies; None looks at the disk.
    Raises StoreError if there is one already or the folder can't be written.
    """
    return store.create(run_dir, sweep, trials, published=published)


def open_to_drive(run_dir: Path, *, published: bool | None = None) -> Store:
    """The store of a run, or of a part, for who writes it.

    published: as of `create_store`.
    Raises StoreBusyError while another process holds it alone, StoreError where there is none.
    """
    return store.open(run_dir, published=published)


def open_to_read(run_dir: Path) -> StoreReader:
    """The run's store, or the union of its parts' stores. Raises StoreError.

    A run in parts (a SLURM job array) has a store as it was made, and one with its own trials of
    each part whose driver has begun.
    """
    parts = parts_with_store(run_dir)
    if not parts:
        return read_made(run_dir)
    from sweeper.store.union import UnionReader

    with contextlib.ExitStack() as opened:
        readers = [
            opened.enter_context(contextlib.closing(store.read(folder)))
            for folder in (run_dir, *parts)
        ]
        opened.pop_all()
    return UnionReader(readers[0], readers[1:])


def read_made(run_dir: Path) -> StoreReader:
    """The run's own store alone, which says of a run in parts how it was made."""
    return store.read(run_dir)


def parts_with_store(run_dir: Path) -> list[Path]:
    """The folders of the parts that have a store, by number."""
    return [part.path for part in RunFolder(run_dir).parts() if part.can_be_read]
