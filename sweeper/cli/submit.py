"""Putting a driver there: elsewhere by `launch --on`, here by `--detach`, and `resume` of both."""

from __future__ import annotations

import contextlib
import json
import signal
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from sweeper import spec as specs
from sweeper.cli.say import say
from sweeper.host.plain_files import read_text
from sweeper.launchers.base import DriverOrder
from sweeper.launchers.choose import launcher_of
from sweeper.records import Placed
from sweeper.records.errors import InputError, damage
from sweeper.runs.create import contents, copy_spec, make_folder, point_latest, take_back
from sweeper.runs.folder import RunFolder
from sweeper.runs.placed import write_placed
from sweeper.runs.provenance import check_code

if TYPE_CHECKING:
    from sweeper.launchers.base import Launcher
    from sweeper.spec import Expansion, Spec

MOST_SPEC_BYTES = 64 << 20


@dataclass(frozen=True, slots=True)
class Target:
    """Where a driver is to be put. cluster_file: text of what describes it."""

    launcher: Launcher
    cluster_file: str

    def order(
        self,
        spec: Spec,
        run_dir: Path,
        *,
        trials: int,
        workers: int | None,
        before: Placed | None = None,
        code_changed_ok: bool = False,
    ) -> DriverOrder:
        """The order for a run. before: where it was put the last time."""
        return DriverOrder(
            run_dir=run_dir.absolute(),
            spec_path=Path(spec.path).absolute(),
            defines=dict(spec.defines),
            header=spec.header,
            trials=trials,
            workers=workers,
            has_folder=self.launcher.has_folder,
            before=before,
            code_changed_ok=code_changed_ok,
        )


def submit_new(target: Target, spec: Spec, expansion: Expansion, order: DriverOrder) -> None:
    """Make the run's folder and put its driver there; where that fails nothing is left."""
    from sweeper import driver

    run_dir = order.run_dir
    if RunFolder(run_dir).placed.exists() or RunFolder(run_dir).has_store:
        raise InputError(
            f"{run_dir}: there is a run in it already. Go on with it (sweep resume {run_dir}), or"
            " launch into another folder."
        )
    target.launcher.describe(order)  # what can't be kept there is refused before a run is made
    before = contents(run_dir)
    try:
        if order.has_folder:
            driver.create(spec, expansion, run_dir, published=True)
        else:
            make_folder(run_dir)
            copy_spec(run_dir, spec.text)
        placed = submit(target, order)
    except BaseException:
        if not RunFolder(run_dir).placed.exists():  # `sweep down` needs what is noted there
            take_back(run_dir, before)
        raise
    # The run goes on from here, whatever becomes of who looks on.
    point_latest(run_dir)
    say(f"put there as {placed.kind} job {placed.job}")


def submit_behind(target: Target, order: DriverOrder, run_dir: Path) -> None:
    """Put the driver of a run that is made into the background of this machine."""
    placed = submit(target, order)
    log = RunFolder(run_dir).driver_log
    say(f"runs in the background as process {placed.job}, its output goes to {log}")


def submit(target: Target, order: DriverOrder) -> Placed:
    """Put the driver there and note where that is."""
    with _ended_in_order():
        return _noted(target, order, target.launcher.submit(order))


def _noted(target: Target, order: DriverOrder, placed: Placed) -> Placed:
    facts = {
        **placed.facts,
        "spec_path": str(order.spec_path),
        "defines": json.dumps(dict(order.defines)),
    }
    placed = replace(
        placed,
        facts=facts,
        cluster_file=placed.cluster_file or target.cluster_file,
        started=placed.started or time.time(),
    )
    try:
        write_placed(order.run_dir, placed)
    except BaseException:
        target.launcher.down(placed, order.run_dir)  # nobody would find it again
        if order.before is None:
            RunFolder(order.run_dir).placed.unlink(missing_ok=True)
        raise
    return placed


@contextlib.contextmanager
def _ended_in_order() -> Iterator[None]:
    """A closed terminal, or SIGTERM, is an exception here: what was rented is given back first."""
    if threading.current_thread() is not threading.main_thread():
        yield  # which alone can ask for signals
        return
    numbers = [signal.SIGTERM, signal.SIGHUP]
    before = {number: signal.getsignal(number) for number in numbers}
    heard = [number for number in numbers if before[number] != signal.SIG_IGN]  # as by nohup

    def end(number: int, _: object) -> None:
        for one in heard:
            signal.signal(one, signal.SIG_IGN)  # the second must not cut that short
        raise SystemExit(128 + number)

    for number in heard:
        signal.signal(number, end)
    try:
        yield
    finally:
        for number in heard:
            signal.signal(number, before[number])


def submit_again(
    run_dir: Path, placed: Placed, *, workers: int | None, code_changed_ok: bool
) -> bool:
    """Put a driver where the last one was; False where nothing is left to do."""
    target = Target(launcher_of(placed), placed.cluster_file)
    job = target.launcher.look(placed, run_dir)
    # "unknown" is the answer that there is no such driver (any more); no answer raises.
    if job.state in ("waiting", "running"):
        raise InputError(
            f"{run_dir}: its driver is there already: {placed.kind} job {placed.job} is"
            f" {job.state}{f' ({job.words})' if job.words else ''}. `sweep watch` shows it,"
            " `sweep stop` ends it."
        )
    order = order_again(target, run_dir, placed, workers=workers, code_changed_ok=code_changed_ok)
    if not order.trials:
        typer.echo("no trial is left to run")
        return False
    placed = submit(target, order)
    say(f"put there as {placed.kind} job {placed.job}")
    return True


def order_again(
    target: Target, run_dir: Path, placed: Placed, *, workers: int | None, code_changed_ok: bool
) -> DriverOrder:
    """The order for what is left of a run. Raises InputError where its code is not what it was."""
    spec, left = _what_is_left(run_dir, placed, code_changed_ok=code_changed_ok)
    return target.order(
        spec,
        run_dir,
        trials=left,
        workers=workers,
        before=placed,
        code_changed_ok=code_changed_ok,
    )


def _what_is_left(run_dir: Path, placed: Placed, *, code_changed_ok: bool) -> tuple[Spec, int]:
    """The run's spec as it was launched, and how many of its trials are not over."""
    from sweeper.runs.open import open_to_read

    if not RunFolder(run_dir).has_store:
        spec = _spec_copy(run_dir, placed)
        source = specs.source_of(spec)
        return spec, specs.at_once(source, len(specs.first_batch(spec).trials))
    with closing(open_to_read(run_dir)) as store:
        record, counts, batches = store.sweep(), store.counts(), len(store.batches())
    if not code_changed_ok:
        check_code(run_dir, record)
    path = Path(record.spec_path)
    spec = specs.loads(record.spec_text, record.spec_path, record.defines, path=path)
    left = sum(number for state, number in counts.items() if not state.is_final)
    trials = sum(counts.values())
    return spec, specs.left_at_once(spec, record.ending, batches=batches, trials=trials, left=left)


def _spec_copy(run_dir: Path, placed: Placed) -> Spec:
    """The spec of a run whose store is elsewhere."""
    kept = RunFolder(run_dir).spec
    path = placed.facts.get("spec_path", str(kept))
    try:
        text = read_text(kept, MOST_SPEC_BYTES)
    except (OSError, UnicodeError) as error:
        raise damage(
            kept,
            f"can't be read ({error})",
            left="What was fetched of the run can be read: `sweep report`.",
            todo="Put back the spec as it was launched, or launch it again.",
        ) from error
    defines: Mapping[str, str] = json.loads(placed.facts.get("defines", "{}"))
    return specs.loads(text, path, defines, path=Path(path))
