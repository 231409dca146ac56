"""Driving: a cluster, a pool, a scheduler and a store, wired to a loop that runs what is left."""

from __future__ import annotations

import contextlib
import os
import time
from glob import escape
from typing import TYPE_CHECKING

from sweeper import scheduler
from sweeper.driver.ledger import Ledger
from sweeper.driver.loop import Loop
from sweeper.driver.progress import Progress, Teller
from sweeper.driver.watch import Watch
from sweeper.host import variables
from sweeper.launchers.remote.unpacked import as_workers_find_it
from sweeper.records import NewTrial, Outcome, Proposed, RunnerSetup, TrialState, TrialTask
from sweeper.records.errors import StoreError, ending_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from sweeper.driver.control import Control
    from sweeper.driver.interrupts import Interrupts
    from sweeper.driver.results import Results
    from sweeper.driver.work import Work
    from sweeper.launchers.base import Cluster
    from sweeper.records import LeasedTrial, SweepSpec
    from sweeper.store.base import Store
    from sweeper.workers.pool import Pool


def drive(
    work: Work,
    store: Store,
    generation: int,
    *,
    cluster: Cluster,
    interrupts: Interrupts,
    control: Control,
    results: Results,
    logs: str,
    runner_factory: str,
    on_progress: Callable[[Progress], None],
) -> Outcome:
    """Start the cluster, run the loop, and see to it that the store says how it ended.

    logs: folder of the workers' logs.
    """
    watch = Watch(work.header.objective, work.texts)
    if work.total > len(work.trials) or any(number > 1 for number in work.numbers):
        watch.recall(store)
    before = scheduler.Tally(
        finished=work.finished,
        failed=work.counts[TrialState.FAILED],
        cancelled=work.counts[TrialState.CANCELLED],
    )
    teller = Teller(on_progress, total=work.total, before=work.total - len(work.trials))
    teller.tell(before, 0, watch.best)
    try:
        with cluster:
            interrupts.install()  # Ray has taken SIGTERM
            teller.message = "starting workers"
            ledger = Ledger(store, generation, results)
            ledger.beat()  # Ray may have taken its time
            loop = Loop(
                _policy(work.header),
                scheduler.begin(cluster.workers, before),
                _first_batch(work),
                pool=_pool(work, cluster, watch, logs=logs, runner_factory=runner_factory),
                ledger=ledger,
                watch=watch,
                teller=teller,
                control=control,
                check=cluster.check,
            )
            loop.run(interrupts)
    except BaseException as error:
        with contextlib.suppress(StoreError):  # a full disk, or another driver's store by now
            store.finish(generation, ending_of(error), time.time())
        raise
    return Outcome(loop.ending, store.counts())


def _recorded(header: SweepSpec) -> tuple[str, ...]:
    """Globs of the channels to record; the objective's own is always among them."""
    if header.objective is None:
        return header.channels
    return (*header.channels, escape(header.objective.channel))


def _policy(header: SweepSpec) -> scheduler.Policy:
    return scheduler.Policy(
        retries=header.retries, retry_on=header.retry_on, max_failures=header.max_failures
    )


def _first_batch(work: Work) -> Proposed:
    """What is left, as the scheduler hears of it."""
    new = []
    for trial, number in zip(work.trials, work.numbers, strict=True):
        group = work.groups[trial.id]
        new.append(NewTrial(trial.id, trial.ordinal, trial.text_id, number, group.key, group.fills))
    return Proposed(tuple(new), is_last=True, time=time.time())


def _pool(work: Work, cluster: Cluster, watch: Watch, *, logs: str, runner_factory: str) -> Pool:
    from sweeper.workers.pool import Pool, PoolSetup

    header = work.header
    by_id = {trial.id: trial for trial in work.trials}

    def task_of(one: LeasedTrial) -> TrialTask:
        trial = by_id[one.trial]
        return TrialTask(
            trial=one.trial,
            number=one.number,
            text_id=trial.text_id,
            tokens=trial.tokens,
            seed=int(trial.values.get("seed", 0)),
            pack=work.groups[one.trial].pack,
            known=watch.known.get(one.trial),
            mates=work.groups[one.trial].size,
        )

    setup = PoolSetup(
        runner=RunnerSetup(
            run_dir=str(work.run_dir),
            spec_path=as_workers_find_it(work.spec_path, os.environ),
            channels=_recorded(header),
            modules=header.modules,
            floatX=header.floatX,
            precision=header.precision,
            checkpoint=header.checkpoint,
            results=os.environ.get(variables.RESULTS, ""),
        ),
        resources=header.resources,
        cores=cluster.cores,
        scratch=cluster.scratch,
        environ=os.environ,
        runner_factory=runner_factory,
        logs=logs,
    )
    return Pool(setup, task_of=task_of, texts=work.texts)
