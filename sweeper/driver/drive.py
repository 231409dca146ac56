"""Driving a run that is claimed: cluster, pool and scheduler, wired to a loop."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from sweeper import scheduler
from sweeper.driver.claim import claimed
from sweeper.driver.loop import Loop
from sweeper.driver.pool import pool_of
from sweeper.driver.progress import Teller
from sweeper.driver.scoreboard import Scoreboard
from sweeper.records import Ending, EndKind, NewTrial, Outcome, Proposed

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from sweeper.driver.claim import Claim
    from sweeper.driver.remaining import Remaining
    from sweeper.driver.terms import Terms
    from sweeper.launchers.base import Cluster
    from sweeper.records import SweepSpec, Trial


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
            _policy(remaining.header),
            scheduler.begin(cluster.workers, remaining.tally),
            _first_batch(remaining),
            claim=claim,
            pool=pool_of(claim, cluster, scoreboard, terms.runner_factory),
            scoreboard=scoreboard,
            teller=teller,
            check=cluster.check,
        )
        return loop.run()


def _policy(header: SweepSpec) -> scheduler.Policy:
    return scheduler.Policy(
        retries=header.retries, retry_on=header.retry_on, max_failures=header.max_failures
    )


def _first_batch(remaining: Remaining) -> Proposed:
    """What is left, as the scheduler hears of it."""
    new = []
    for trial, number in zip(remaining.trials, remaining.numbers, strict=True):
        group = remaining.groups[trial.id]
        new.append(NewTrial(trial.id, trial.ordinal, trial.text_id, number, group.key, group.fills))
    return Proposed(tuple(new), is_last=True, time=time.time())
