"""A share of a run's trials, with a driver and a store of its own (a SLURM job array's task)."""

from __future__ import annotations

import shutil
from contextlib import closing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sweeper.host.plain_files import read_text
from sweeper.records.errors import InputError, damage
from sweeper.runs.folder import RunFolder
from sweeper.runs.open import create_store, read_made

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Part:
    """The trials whose ordinal is `number` modulo `of`. number: from 0."""

    number: int
    of: int


def parse(text: str) -> Part:
    """`0/4` as a part. Raises InputError."""
    number, _, of = text.partition("/")
    if number.isdecimal() and of.isdecimal() and int(number) < int(of):
        return Part(int(number), int(of))
    raise InputError(f"--part {text}: expected K/N with 0 <= K < N, such as 0/4.")


def prepare(run_dir: Path, part: Part) -> Path:
    """The part's folder, with a store of its trials in it; made when there is none.

    Raises StoreError, and InputError where the run was divided into another number of parts.
    """
    folder = RunFolder(run_dir).part(part.number)
    folder.logs.mkdir(mode=0o700, parents=True, exist_ok=True)
    note = folder.divided
    of = _divided(note) if note.exists() else str(part.of)
    if of != str(part.of):
        raise InputError(
            f"{run_dir}: was divided into {of} parts, not {part.of}. Go on with as many."
        )
    note.write_text(f"{part.of}\n")
    if not folder.store.exists():
        _make_store(run_dir, part, folder)
    return folder.path


def _divided(note: Path) -> str:
    """Into how many parts the run was divided. Raises DamageError."""
    try:
        of = read_text(note).strip()
    except (OSError, UnicodeError) as error:
        of = str(error)
    if not of.isdecimal():
        raise damage(
            note,
            f"no number of parts ({of[:200]})",
            left="What the part has recorded is in the store beside it.",
            todo="Write into it how many parts the run was divided into.",
        )
    return of


def _make_store(run_dir: Path, part: Part, folder: RunFolder) -> None:
    """Make it beside and rename it: a node that dies in between leaves no half of one."""
    beside = RunFolder(folder.path.with_name(f".{folder.path.name}-new"))
    shutil.rmtree(beside.path, ignore_errors=True)  # of a start before this one
    beside.path.mkdir(mode=0o700)
    with closing(read_made(run_dir)) as store:
        trials = [one for one in store.unfinished() if one.ordinal % part.of == part.number]
        record = replace(store.sweep(), state="created", generation=0, host="", pid=0)
        create_store(beside.path, record, trials, published=True).close()
    # The part's folder may be there already, with what its driver was asked while it waited.
    for made, there in ((beside.snapshot, folder.snapshot), (beside.store, folder.store)):
        if made.exists():
            made.replace(there)
    shutil.rmtree(beside.path, ignore_errors=True)
