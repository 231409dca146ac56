"""A driver's claim on a run: all that it holds while it drives, and the record of its end."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from sweeper import spec as specs
from sweeper.driver.control import Control, began
from sweeper.driver.interrupts import Interrupts
from sweeper.driver.ledger import Ledger
from sweeper.driver.remaining import put_back, what_is_left
from sweeper.driver.terms import cluster_for
from sweeper.driver.upload import SnapshotUpload
from sweeper.launchers.base import check_parts
from sweeper.launchers.remote.unpacked import as_driver_finds_it
from sweeper.records.errors import InputError, StoreBusyError, StoreError, ending_of
from sweeper.runs import parts
from sweeper.runs.folder import RunFolder
from sweeper.runs.open import open_to_drive, read_made
from sweeper.runs.provenance import check_code
from sweeper.store.liveness import HEARTBEAT_LIMIT_S

if TYPE_CHECKING:
    from collections.abc import Callable

    from sweeper.driver.remaining import Remaining
    from sweeper.driver.terms import Terms
    from sweeper.launchers.base import Cluster
    from sweeper.records import SweepRecord
    from sweeper.spec import Source, Spec
    from sweeper.store.base import Store, StoreReader

# A driver that was put back in a queue waits for the one before it to be silent for long enough.
WAIT_S = HEARTBEAT_LIMIT_S + 10.0

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Claim:
    """What the driver of a run, or of a part of it, holds.

    folder: of the run or the part.    remaining: what is left to do.
    source: what may propose more, None where nothing is to come.
    in_batches: whether trials follow from the results of others, also where none is to come.
    cluster: to be entered; None where nothing is left to do.
    """

    folder: RunFolder
    store: Store
    ledger: Ledger
    control: Control
    interrupts: Interrupts
    remaining: Remaining
    source: Source | None
    in_batches: bool
    cluster: Cluster | None


@contextmanager
def claimed(run_dir: Path, terms: Terms) -> Iterator[Claim]:
    """Claim a run, and record how it ended if anything is raised inside.

    What is refused leaves the run as it was: raises StoreBusyError while another driver lives, and
    InputError where the run can't be driven so.
    """
    share = _share(run_dir, terms)
    since = began(run_dir, placed=terms.placed)
    upload = SnapshotUpload(share, terms.results)
    upload.check()
    with ExitStack() as held:
        interrupts = held.enter_context(Interrupts(placed=terms.placed))
        held.callback(upload.finish)  # closing the store publishes the last snapshot
        store = _patiently(
            lambda: open_to_drive(share, published=terms.published), interrupts, terms
        )
        held.enter_context(closing(store))
        record, spec = _checked(run_dir, store, terms)
        source = _source(spec, store, terms)
        cluster = _cluster(spec, store, source, terms)
        host, pid = socket.gethostname(), os.getpid()
        generation = _patiently(lambda: store.claim(host, pid, time.time()), interrupts, terms)
        held.enter_context(_recorded(store, generation))
        control = Control(share, since)  # no sooner: what is asked may be for the one before
        remaining = _remaining(run_dir, store, record, spec, terms)
        if record.generation:  # else there was no driver that could have left anything open
            store.write(generation, put_back(store))
        yield Claim(
            folder=RunFolder(share.absolute()),
            store=store,
            ledger=Ledger(store, generation, upload),
            control=control,
            interrupts=interrupts,
            remaining=remaining,
            source=source,
            in_batches=source is not None or spec.search is not None,
            cluster=cluster,
        )


def _share(run_dir: Path, terms: Terms) -> Path:
    """The folder to drive: the run's, or a part's. Raises InputError and makes nothing then."""
    if terms.part is None:
        return run_dir
    with closing(read_made(run_dir)) as made:
        _, spec = _checked(run_dir, made, terms)
        _source(spec, made, terms)
    return parts.prepare(run_dir, terms.part)


@contextmanager
def _recorded(store: Store, generation: int) -> Iterator[None]:
    """Record what is raised inside as the end of the run."""
    try:
        yield
    except BaseException as error:
        with suppress(StoreError):  # a full disk, or another driver's store by now
            store.finish(generation, ending_of(error), time.time())
        raise


def _checked(run_dir: Path, store: StoreReader, terms: Terms) -> tuple[SweepRecord, Spec]:
    """The run as it stands, and its spec.

    Raises InputError where the run can't be driven on these terms.
    """
    record = store.sweep()
    path = as_driver_finds_it(Path(record.spec_path), os.environ)
    record = replace(record, spec_path=str(path))
    if not terms.code_changed_ok:
        check_code(run_dir, record)
    spec = specs.loads(record.spec_text, record.spec_path, record.defines, path=path)
    if terms.part:
        check_parts(spec.header)
    return record, spec


def _source(spec: Spec, store: StoreReader, terms: Terms) -> Source | None:
    """What may propose more trials than the store has, None where nothing is to come."""
    source = terms.source or specs.source_of(spec)
    if len(store.batches()) == source.batches:
        return None
    if terms.part:
        raise InputError(
            f"{spec.source}: a sweep whose trials come in batches can't be driven in parts: what"
            " comes follows from the results of all. Launch it without parts."
        )
    return source


def _cluster(spec: Spec, store: Store, source: Source | None, terms: Terms) -> Cluster | None:
    """The cluster for what is left of the run, None where that is nothing. Raises InputError."""
    counts = store.counts()
    left = sum(number for state, number in counts.items() if not state.is_final)
    if source is not None:
        firsts = (*store.batches(), sum(counts.values()))
        widest = max(end - first for first, end in pairwise(firsts))
        left = max(left, specs.at_once(source, widest), 1)
    return cluster_for(terms, spec.header, left) if left else None


def _remaining(
    run_dir: Path, store: Store, record: SweepRecord, spec: Spec, terms: Terms
) -> Remaining:
    if not terms.part:
        return what_is_left(run_dir, store, record, spec.header, made=store)
    with closing(read_made(run_dir)) as made:
        return what_is_left(run_dir, store, record, spec.header, made=made)


def _patiently(take: Callable[[], _T], interrupts: Interrupts, terms: Terms) -> _T:
    """Take what the driver before this one may hold: dead on another host, it is waited for."""
    until = time.monotonic() + WAIT_S
    is_told = False
    while True:
        try:
            return take()
        except StoreBusyError as error:
            if interrupts.request:
                raise SystemExit(interrupts.request.ending.kind.exit_code) from None
            if not terms.placed or time.monotonic() > until:
                raise
            if not is_told:
                is_told = True
                print(f"waiting for {WAIT_S:.0f} s at most: {error}", flush=True)
            time.sleep(1.0)
