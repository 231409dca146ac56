"""`launch` makes a run and drives it, `resume` drives one that is there."""

from __future__ import annotations

import os
import socket
import time
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from sweeper import spec as specs
from sweeper.driver.control import Control, began
from sweeper.driver.drive import drive
from sweeper.driver.interrupts import Interrupts
from sweeper.driver.make import make
from sweeper.driver.progress import Progress
from sweeper.driver.results import Results
from sweeper.driver.work import expand, put_back, what_is_left
from sweeper.host import variables
from sweeper.launchers.base import check_parts
from sweeper.launchers.cluster import joined
from sweeper.launchers.cluster.joined import JoinedCluster
from sweeper.launchers.cluster.private import PrivateCluster
from sweeper.launchers.remote.unpacked import as_driver_finds_it
from sweeper.records import Ending, EndKind, Outcome
from sweeper.records.errors import InputError, StoreBusyError
from sweeper.runs import parts
from sweeper.runs.create import point_latest
from sweeper.runs.folder import RunFolder
from sweeper.runs.open import open_to_drive
from sweeper.runs.placed import write_placed
from sweeper.runs.provenance import changed_code, code_hashes
from sweeper.store.liveness import HEARTBEAT_LIMIT_S

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from sweeper.launchers.base import Cluster
    from sweeper.records import Placed, SweepRecord, SweepSpec, Trial
    from sweeper.runs.parts import Part
    from sweeper.spec import Expansion, Spec
    from sweeper.store.base import Store

RUNNER = "sweeper.workers.runner:Runner"
# A driver that was put back in a queue waits for the one before it to be silent for long enough.
WAIT_S = HEARTBEAT_LIMIT_S + 10.0

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Terms:
    """How a driver runs.

    placed: a queue or an operator put it where it is, maybe in place of one that died, and its
    store is for other hosts to read.    part: its share of the trials, None for all.
    results: URL of a folder for the run's snapshot, "" for none.
    """

    placed: bool = False
    part: Part | None = None
    results: str = ""

    @property
    def published(self) -> bool | None:
        """Whether the store is held alone and published; None looks at the disk."""
        return True if self.placed or self.results else None


def terms_of(environ: Mapping[str, str], *, here: bool = False, part: str | None = None) -> Terms:
    """The terms that this process was started under. here, part: of the options so named."""
    return Terms(
        placed=here or environ.get(variables.PLACED) == "1",
        part=parts.parse(part) if part else None,
        results=environ.get(variables.RESULTS, ""),
    )


def launch(
    spec: Spec,
    expansion: Expansion,
    *,
    run_dir: Path,
    workers: int | None,
    on_progress: Callable[[Progress], None],
    cluster: Cluster | None = None,
    runner_factory: str = RUNNER,
    terms: Terms | None = None,
    placed: Placed | None = None,
) -> Outcome:
    """Run a new sweep in `run_dir`.

    workers: None takes the spec's.    cluster: None joins that of RAY_ADDRESS, or starts a
    private one on this host.    placed: this process, to be noted as the run's driver: what
    confines it a resume needs to know.
    Raises InputError where the workers do not fit or the folder can't be made, StoreError where
    there is a run in it already, ClusterError where no worker can work.
    """
    terms = terms or terms_of(os.environ)
    cluster = cluster or choose_cluster(spec.header, workers, len(expansion.trials))
    make(spec, expansion, run_dir, published=terms.published)
    if placed is not None:
        write_placed(run_dir, placed)
    point_latest(run_dir)
    driver = _Driver(
        run_dir,
        terms,
        on_progress=on_progress,
        runner_factory=runner_factory,
        workers=workers,
        cluster=cluster,
        expanded=expansion.trials,
    )
    return driver.run()


def resume(
    run_dir: Path,
    *,
    workers: int | None = None,
    code_changed_ok: bool = False,
    on_progress: Callable[[Progress], None],
    cluster: Cluster | None = None,
    runner_factory: str = RUNNER,
    terms: Terms | None = None,
) -> Outcome:
    """Go on with a run: every trial that has not come to its end, and no other.

    Raises StoreBusyError while its driver lives, InputError where modules beside the spec have
    changed and `code_changed_ok` is not given.
    """
    point_latest(run_dir)
    driver = _Driver(
        run_dir,
        terms or terms_of(os.environ),
        on_progress=on_progress,
        runner_factory=runner_factory,
        workers=workers,
        cluster=cluster,
        check_code=not code_changed_ok,
    )
    return driver.run()


def choose_cluster(header: SweepSpec, workers: int | None, trials: int) -> Cluster:
    """The cluster that RAY_ADDRESS names, else a private one. Raises InputError."""
    wanted = workers or header.workers
    if joined.given_in(os.environ):
        return JoinedCluster(header.resources, wanted=wanted, trials=trials)
    return PrivateCluster(header.resources, wanted=wanted, trials=trials)


@dataclass(slots=True)
class _Driver:
    """One driver of a run that is made. expanded: the spec's trials, where they are known."""

    run_dir: Path
    terms: Terms
    on_progress: Callable[[Progress], None]
    runner_factory: str
    workers: int | None
    cluster: Cluster | None
    expanded: Sequence[Trial] | None = None
    check_code: bool = False

    def run(self) -> Outcome:
        """Claim the run and drive it."""
        part = self.terms.part
        store_dir = parts.prepare(self.run_dir, part) if part else self.run_dir
        control = Control(store_dir, began(self.run_dir, placed=self.terms.placed))
        results = Results(store_dir, self.terms.results)
        results.check()
        with Interrupts(placed=self.terms.placed) as interrupts:
            try:
                opened = self._patiently(
                    interrupts, lambda: open_to_drive(store_dir, published=self.terms.published)
                )
                with closing(opened) as store:
                    return self._run(store, store_dir, results, interrupts, control)
            finally:
                results.finish()  # closing the store has published the last snapshot

    def _run(
        self,
        store: Store,
        store_dir: Path,
        results: Results,
        interrupts: Interrupts,
        control: Control,
    ) -> Outcome:
        record = store.sweep()
        spec_path = as_driver_finds_it(Path(record.spec_path), os.environ)
        record = replace(record, spec_path=str(spec_path))
        if self.check_code:
            check_code(self.run_dir, record)
        spec = specs.loads(
            record.spec_text, record.spec_path, record.defines, path=Path(record.spec_path)
        )
        if self.terms.part:
            check_parts(spec.header)
        left = sum(number for state, number in store.counts().items() if not state.is_final)
        if left and self.cluster is None:
            # Before the claim: what is refused here leaves the run as it was.
            self.cluster = choose_cluster(spec.header, self.workers, left)
        host, pid = socket.gethostname(), os.getpid()
        generation = self._patiently(interrupts, lambda: store.claim(host, pid, time.time()))
        work = what_is_left(self.run_dir, store, record, spec, self.expanded or expand(spec))
        if record.generation:  # else there was no driver that could have left anything open
            store.write(generation, put_back(store))
        if not work.trials or self.cluster is None:
            ending = Ending(EndKind.FINISHED)
            store.finish(generation, ending, time.time())
            return Outcome(ending, store.counts())
        return drive(
            work,
            store,
            generation,
            cluster=self.cluster,
            interrupts=interrupts,
            control=control,
            results=results,
            logs=str(RunFolder(store_dir.absolute()).logs),
            runner_factory=self.runner_factory,
            on_progress=self.on_progress,
        )

    def _patiently(self, interrupts: Interrupts, take: Callable[[], _T]) -> _T:
        """Take what the driver before this one may hold: dead on another host, it is waited for."""
        until = time.monotonic() + WAIT_S
        is_told = False
        while True:
            try:
                return take()
            except StoreBusyError as error:
                if interrupts.request:
                    raise SystemExit(interrupts.request.ending.kind.exit_code) from None
                if not self.terms.placed or time.monotonic() > until:
                    raise
                if not is_told:
                    is_told = True
                    print(f"waiting for {WAIT_S:.0f} s at most: {error}", flush=True)
                time.sleep(1.0)


def check_code(run_dir: Path, record: SweepRecord) -> None:
    """Raise InputError if the user's modules are not those that the run began with."""
    now = code_hashes(Path(record.spec_path))
    changed = changed_code(record.code, now)
    if changed:
        raise InputError(
            f"{run_dir}: modules beside the spec are not those that the run began with:"
            f" {', '.join(changed)}. Put them back, or go on with --code-changed-ok: later"
            " trials then run other code than those that finished."
        )
