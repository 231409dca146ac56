"""Creating a run: its folder, and a store that holds its first trials before one starts."""

from __future__ import annotations

import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from sweeper.records import SweepRecord
from sweeper.records.errors import InputError
from sweeper.records.text import MESSAGE, kept
from sweeper.runs.create import copy_spec, make_folder
from sweeper.runs.open import create_store
from sweeper.runs.provenance import code_hashes, versions

if TYPE_CHECKING:
    from sweeper.spec import Proposal, Spec


def create(spec: Spec, first: Proposal, run_dir: Path, *, published: bool | None = None) -> None:
    """Create a run that any driver can drive. Starts nothing.

    first: its first batch of trials.
    published: whether readers on other hosts read copies; None looks at the disk.
    Raises InputError where the folder can't be made, StoreError where there is a run in it.
    """
    spec_path = Path(spec.path).absolute()
    for path in (spec_path, run_dir.absolute()):
        _check_name(path)
    make_folder(run_dir)
    record = SweepRecord(
        name=spec.header.name,
        created=time.time(),
        spec_path=str(spec_path),
        spec_text=spec.text,
        defines=dict(spec.defines),
        objective=spec.header.objective,
        repeat=spec.header.repeat,
        texts=first.texts,
        versions=versions(),
        code=code_hashes(spec_path),
    )
    with closing(create_store(run_dir, record, first.trials, published=published)):
        copy_spec(run_dir, spec.text)  # no sooner: another run's may be there


def _check_name(path: Path) -> None:
    """A run keeps its paths as text: bytes that are no UTF-8 have no place there."""
    name = str(path)
    shown = kept(name, MESSAGE)
    if shown != name:
        raise InputError(
            f"{shown}: its name is no UTF-8, so that a run can't keep it. Rename what has the bytes"
            " that are shown as \\udc.. there."
        )
