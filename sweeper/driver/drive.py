"""Driving a run that is claimed: cluster, pool and scheduler, wired to a loop."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sweeper import scheduler
from sweeper.driver.claim import claimed
from sweeper.driver.loop import Loop
from sweeper.driver.pool import pool_of
from sweeper.driver.progress import Teller
from sweeper.driver.scoreboard import Scoreboard
from sweeper.records import Ending, EndKind, Outcome

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from sweeper.driver.claim import Claim
    from sweeper.driver.remaining import Remaining
    from sweeper.driver.terms import Terms
    from sweeper.launchers.base import Cluster
    from sweeper.records import Trial


def drive(run_dir: Path, terms: Terms, trials: Sequence[Trial] | None = None) -> Outcome:
    """Run what is left of a run. trials: all of the spec's, where they are known."""
    with claimed(run_dir, terms, trials) as claim:
        if claim.cluster is None:
            ending = Ending(EndKind.FINISHED)
            claim.ledger.finish(ending)
        else:
            ending = _run(claim, claim.cluster, terms)
        return Outcome(ending, claim.store.counts())


def _run(claim: Claim, cluster: Cluster, terms: Terms) -> Ending:
    """Start the cluster, and loop to the end."""
    remaining = claim.remaining
    scoreboard = Scoreboard(remaining.header.objective, remaining.texts)
    if remaining.has_history:
        scoreboard.recall(claim.store)
    teller = Teller(terms.on_progress, total=remaining.total, before=remaining.tally.done)
    teller.tell(remaining.tally, 0, scoreboard.best)
    with cluster:
        claim.interrupts.install()  # Ray has taken SIGTERM
        teller.message = "starting workers"
        claim.ledger.beat()  # Ray may have taken its time
        loop = Loop(
            plan_of(remaining, cluster.workers),
            claim=claim,
            pool=pool_of(claim, cluster, scoreboard, terms.runner_factory),
            scoreboard=scoreboard,
            teller=teller,
            check=cluster.check,
        )
        return loop.run()


def plan_of(remaining: Remaining, workers: int) -> scheduler.Plan:
    """What the scheduler is to do with so many workers."""
    header = remaining.header
    rules = scheduler.Policy(
        retries=header.retries, retry_on=header.retry_on, max_failures=header.max_failures
    )
    left = zip(remaining.trials, remaining.numbers, strict=True)
    groups = [remaining.groups[trial.id] for trial in remaining.trials]
    return scheduler.make_plan(
        ((trial.id, trial.text_id, number) for trial, number in left),
        workers=workers,
        policy=rules,
        groups=[(group.key, group.fills) for group in groups],
    )
