"""Driving a run that is claimed: cluster, pool and scheduler, wired to a loop."""

from __future__ import annotations

import signal
from contextlib import ExitStack
from typing import TYPE_CHECKING

from sweeper import scheduler
from sweeper.driver.claim import claimed
from sweeper.driver.cohorts import mates_of
from sweeper.driver.growth import Growth
from sweeper.driver.loop import Loop
from sweeper.driver.pool import pool_of
from sweeper.driver.progress import Teller
from sweeper.driver.roster import Roster
from sweeper.driver.scoreboard import Scoreboard
from sweeper.records import Ending, EndKind, Limit, Outcome, replace
from sweeper.store.batches import split

if TYPE_CHECKING:
    from pathlib import Path

    from sweeper.driver.claim import Claim
    from sweeper.driver.terms import Terms
    from sweeper.launchers.base import Cluster
    from sweeper.records import Mate, Proposed, SweepSpec


def drive(run_dir: Path, terms: Terms) -> Outcome:
    """Run what is left of a run, and what its source still proposes."""
    with claimed(run_dir, terms) as claim:
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
    roster = Roster(remaining.texts, scoreboard.known)
    source = claim.source
    growth = Growth(source, claim, roster, scoreboard) if source is not None else None
    total = max(remaining.total, growth.expected if growth is not None else 0)
    teller = Teller(terms.on_progress, total=total, before=remaining.tally.done)
    teller.tell(remaining.tally, 0, scoreboard.best)
    with ExitStack() as held:
        try:
            held.enter_context(cluster)
            claim.interrupts.install()  # Ray has taken SIGTERM
        except SystemExit as error:
            return _ended_early(claim, error)
        teller.message = "starting workers"
        claim.ledger.beat()  # Ray may have taken its time
        loop = Loop(
            _policy(remaining.header),
            scheduler.begin(cluster.workers, remaining.tally, in_batches=claim.in_batches),
            _first(claim, roster),
            claim=claim,
            pool=pool_of(claim, cluster, roster, terms.runner_factory),
            scoreboard=scoreboard,
            teller=teller,
            growth=growth,
            limit=remaining.header.limit,
            check=cluster.check,
        )
        return loop.run()


def _ended_early(claim: Claim, error: SystemExit) -> Ending:
    """The end of a run that SIGTERM met while Ray started, whose own handler exits by it."""
    if error.code != signal.SIGTERM:
        raise error
    claim.interrupts.note(signal.SIGTERM)
    assert claim.interrupts.request is not None
    ending = claim.interrupts.request.ending
    claim.ledger.finish(ending)
    return ending


def _policy(header: SweepSpec) -> scheduler.Policy:
    policy = scheduler.Policy(
        retries=header.retries,
        retry_on=header.retry_on,
        max_failures=header.max_failures,
        across=header.stop.across,
    )
    # A trial that is alone in its lease is alone to blame for a limit that it passes.
    return replace(policy, max_lease=1) if header.limit != Limit() else policy


def _first(claim: Claim, roster: Roster) -> list[Proposed]:
    """What is left, batch by batch, as the scheduler hears of it."""
    batches = [batch for batch in claim.remaining.batches if batch]
    last = len(batches) - 1 if claim.source is None else len(batches)
    mates: tuple[Mate, ...] = ()
    if claim.remaining.has_history:
        whole = split(claim.store.proposed(), claim.store.batches())
        mates = mates_of(claim.remaining.header.stop, claim.store, whole)
    return [
        roster.add(batch, is_last=place == last, mates=mates) for place, batch in enumerate(batches)
    ]
