"""`launch` and `resume`: from a spec, or a run, to a loop that runs it."""

from __future__ import annotations

import os
import socket
import time
from contextlib import closing
from dataclasses import dataclass
from glob import escape
from pathlib import Path
from typing import TYPE_CHECKING

from sweeper import scheduler
from sweeper import spec as specs
from sweeper.errors import InputError, StoreError
from sweeper.launch import folder
from sweeper.launch.local import LocalCluster
from sweeper.records import (
    AttemptEnded,
    AttemptState,
    RunnerSetup,
    SweepRecord,
    TrialChanged,
    TrialState,
    TrialTask,
)
from sweeper.store.sql import SqlStore
from sweeper.sweep.groups import Group, groups_of
from sweeper.sweep.interrupts import Interrupts
from sweeper.sweep.ledger import Ledger
from sweeper.sweep.loop import Loop
from sweeper.sweep.progress import Outcome, Progress, Teller
from sweeper.sweep.watch import Watch

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from sweeper.launch.base import Cluster
    from sweeper.records import (
        Change,
        ExperimentText,
        LeasedTrial,
        SweepSpec,
        Trial,
        TrialRecord,
    )
    from sweeper.spec import Expansion, Spec
    from sweeper.workers.pool import Pool

RUNNER = "sweeper.workers.runner:Runner"

_EXIT_CODES = {"interrupted": 130, "input": 2, "cluster": 3, "failures": 1}


def launch(
    spec: Spec,
    expansion: Expansion,
    *,
    run_dir: Path,
    workers: int | None,
    on_progress: Callable[[Progress], None],
    cluster: Cluster | None = None,
    runner_factory: str = RUNNER,
) -> Outcome:
    """Run a new sweep in `run_dir`.

    workers: None takes the spec's.    cluster: None starts a private one on this host.
    Raises InputError where the workers do not fit or the folder can't be made, StoreError where
    there is a run in it already, ClusterError where no worker can work.
    """
    header = spec.header
    trials = expansion.trials
    cluster = cluster or _local_cluster(header, workers, len(trials))
    spec_path = Path(spec.path).absolute()
    folder.make(run_dir)
    record = SweepRecord(
        name=header.name,
        created=time.time(),
        spec_path=str(spec_path),
        spec_text=spec.text,
        defines=dict(spec.defines),
        objective=header.objective,
        repeat=header.repeat,
        texts=expansion.texts,
        versions=folder.versions(),
        code=folder.code_hashes(spec_path),
    )
    with closing(SqlStore.create(run_dir, record, trials)) as store:
        folder.copy_spec(run_dir, spec.text)  # no sooner: another run's may be there
        folder.point_latest(run_dir)
        job = _Job(
            run_dir=run_dir.absolute(),
            spec_path=spec_path,
            header=header,
            trials=trials,
            numbers=(1,) * len(trials),
            texts=expansion.texts,
            groups=groups_of(header, trials, expansion.texts),
            total=len(trials),
            runner_factory=runner_factory,
        )
        generation = store.claim(socket.gethostname(), os.getpid(), time.time())
        return _drive(job, store, generation, cluster=cluster, on_progress=on_progress)


def resume(
    run_dir: Path,
    *,
    workers: int | None = None,
    code_changed_ok: bool = False,
    on_progress: Callable[[Progress], None],
    cluster: Cluster | None = None,
    runner_factory: str = RUNNER,
) -> Outcome:
    """Go on with a run: every trial that has not come to its end, and no other.

    Raises StoreBusyError while its driver lives, InputError where modules beside the spec have
    changed and `code_changed_ok` is not given.
    """
    with closing(SqlStore.open(run_dir)) as store:
        record = store.sweep()
        if not code_changed_ok:
            _check_code(run_dir, record)
        spec = specs.loads(
            record.spec_text, record.spec_path, record.defines, path=Path(record.spec_path)
        )
        left = sum(number for state, number in store.counts().items() if not state.is_final)
        if left and cluster is None:
            # Before the claim: what is refused here leaves the run as it was.
            cluster = _local_cluster(spec.header, workers, left)
        generation = store.claim(socket.gethostname(), os.getpid(), time.time())
        job = _what_is_left(run_dir, store, record, spec, runner_factory)
        store.write(generation, _put_back(store))
        if not job.trials or cluster is None:
            store.finish(generation, "finished", "", time.time())
            return Outcome(int(job.failed > 0), "", store.counts())
        return _drive(job, store, generation, cluster=cluster, on_progress=on_progress)


def _local_cluster(header: SweepSpec, workers: int | None, trials: int) -> LocalCluster:
    return LocalCluster(header.resources, wanted=workers or header.workers, trials=trials)


def _check_code(run_dir: Path, record: SweepRecord) -> None:
    """Raise InputError if the user's modules are not those that the run began with."""
    now = folder.code_hashes(Path(record.spec_path))
    changed = folder.changed_code(record.code, now)
    if changed:
        raise InputError(
            f"{run_dir}: modules beside the spec are not those that the run began with:"
            f" {', '.join(changed)}. Put them back, or go on with --code-changed-ok: later"
            " trials then run other code than those that finished."
        )


def _what_is_left(
    run_dir: Path, store: SqlStore, record: SweepRecord, spec: Spec, runner_factory: str
) -> _Job:
    trials = store.unfinished()
    made = {trial.id: trial for trial in store.trials()}
    return _Job(
        run_dir=run_dir.absolute(),
        spec_path=Path(record.spec_path),
        header=spec.header,
        trials=trials,
        numbers=tuple(_next_number(run_dir, made[trial.id]) for trial in trials),
        texts=record.texts,
        groups=groups_of(spec.header, specs.expand(spec).trials, record.texts),
        total=len(made),
        done=len(made) - len(trials),
        failed=store.counts()[TrialState.FAILED],
        runner_factory=runner_factory,
    )


def _next_number(run_dir: Path, trial: TrialRecord) -> int:
    """An attempt's number that was never used: what was not stored in time counts too."""
    leased = trial.attempts + (trial.state is TrialState.LEASED)
    folders = (run_dir / "trials" / trial.id).glob("a*")
    numbers = [int(path.name[1:]) for path in folders if path.name[1:].isdecimal()]
    return max([leased, *numbers]) + 1


def _put_back(store: SqlStore) -> list[Change]:
    """End the attempts that a dead driver left open, and let their trials wait again."""
    now = time.time()
    message = "the driver ended before this attempt did"
    changes: list[Change] = [
        AttemptEnded(one.trial, one.number, AttemptState.INTERRUPTED, now, message=message)
        for one in store.attempts()
        if not one.state.is_over
    ]
    changes.extend(
        TrialChanged(trial.id, TrialState.PENDING, now)
        for trial in store.trials()
        if trial.state in {TrialState.LEASED, TrialState.RUNNING}
    )
    return changes


@dataclass(frozen=True, slots=True)
class _Job:
    """What one driver has to do.

    trials: those that are left; numbers: of each one's next attempt.
    total: all trials of the run; done, failed: those that came to their end before.
    """

    run_dir: Path
    spec_path: Path
    header: SweepSpec
    trials: Sequence[Trial]
    numbers: tuple[int, ...]
    texts: Mapping[str, ExperimentText]
    groups: Mapping[str, Group]
    total: int
    runner_factory: str
    done: int = 0
    failed: int = 0


def _drive(
    job: _Job,
    store: SqlStore,
    generation: int,
    *,
    cluster: Cluster,
    on_progress: Callable[[Progress], None],
) -> Outcome:
    """Start the cluster, run the loop, and see to it that the store says how it ended."""
    watch = Watch(job.header.objective, job.texts)
    if job.done:
        watch.recall(job.run_dir)
    finished, failed = job.done - job.failed, job.failed
    teller = Teller(on_progress, total=job.total, before=job.done)
    teller.tell(scheduler.State(workers=(), finished=finished, failed=failed), watch.best)
    try:
        with Interrupts() as interrupts, cluster:
            interrupts.install()  # Ray has taken SIGTERM
            teller.message = "starting workers"
            ledger = Ledger(store, generation)
            ledger.beat()  # Ray may have taken its time
            loop = Loop(
                _plan(job, cluster.workers),
                pool=_pool(job, cluster),
                ledger=ledger,
                watch=watch,
                teller=teller,
                finished=finished,
                failed=failed,
            )
            loop.run(interrupts)
    except StoreError:
        raise  # nothing can be recorded any more, or another driver does
    except BaseException as error:
        how = "interrupted" if isinstance(error, KeyboardInterrupt) else "failed"
        store.finish(generation, how, str(error) or type(error).__name__, time.time())
        raise
    counts = store.counts()
    code = int(counts[TrialState.FAILED] > 0)
    return Outcome(_EXIT_CODES.get(loop.fault, code), loop.reason, counts)


def _recorded(header: SweepSpec) -> tuple[str, ...]:
    """Globs of the channels to record; the objective's own is always among them."""
    if header.objective is None:
        return header.channels
    return (*header.channels, escape(header.objective.channel))


def _plan(job: _Job, workers: int) -> scheduler.Plan:
    header = job.header
    rules = scheduler.Policy(
        retries=header.retries, retry_on=header.retry_on, max_failures=header.max_failures
    )
    left = zip(job.trials, job.numbers, strict=True)
    groups = [job.groups[trial.id] for trial in job.trials]
    return scheduler.make_plan(
        ((trial.id, trial.text_id, number) for trial, number in left),
        workers=workers,
        policy=rules,
        groups=[(group.key, group.fills) for group in groups],
    )


def _pool(job: _Job, cluster: Cluster) -> Pool:
    from sweeper.workers.pool import Pool, PoolSetup

    header = job.header
    by_id = {trial.id: trial for trial in job.trials}

    def task_of(one: LeasedTrial) -> TrialTask:
        trial = by_id[one.trial]
        seed = int(trial.values.get("seed", 0))
        pack = job.groups[one.trial].pack
        return TrialTask(one.trial, one.number, trial.text_id, trial.tokens, seed, pack)

    setup = PoolSetup(
        runner=RunnerSetup(
            run_dir=str(job.run_dir),
            spec_path=str(job.spec_path),
            channels=_recorded(header),
            modules=header.modules,
            floatX=header.floatX,
        ),
        resources=header.resources,
        cores=cluster.cores,
        scratch=cluster.scratch,
        environ=os.environ,
        runner_factory=job.runner_factory,
    )
    return Pool(setup, task_of=task_of, texts=job.texts)
