"""A sweep that grows: its source is asked for more, which is kept and handed on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sweeper.driver.cohorts import cohorts_of
from sweeper.driver.groups import groups_of
from sweeper.driver.past import Past
from sweeper.driver.proposals import Proposals
from sweeper.driver.roster import Todo
from sweeper.records import TrialState
from sweeper.store.batches import split

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from sweeper.driver.claim import Claim
    from sweeper.driver.proposals import Reply
    from sweeper.driver.roster import Roster
    from sweeper.driver.scoreboard import Scoreboard
    from sweeper.records import Change, Proposed, Row, Trial
    from sweeper.spec import Proposal, Source


class Growth:
    """What further batches a run's source proposes.

    source: it has proposed some batches, which are kept, and may propose more.
    expected: how many trials there may be in the end, 0 where nothing says so.
    """

    def __init__(
        self, source: Source, claim: Claim, roster: Roster, scoreboard: Scoreboard
    ) -> None:
        self._header = claim.remaining.header
        self._ledger = claim.ledger
        self._roster = roster
        self._scoreboard = scoreboard
        self._past = Past(self._header.objective)
        self._total = 0
        self.expected = source.expected or 0
        self._recall(claim)
        self._proposals = Proposals(source, self._past, batches=len(claim.store.batches()))

    def _recall(self, claim: Claim) -> None:
        """Look at what was proposed and recorded before this driver."""
        store = claim.store
        states = {trial.id: trial.state for trial in store.trials()}
        trials = store.proposed()
        for number, batch in enumerate(split(trials, store.batches())):
            self._past.add(number, [(trial, states[trial.id]) for trial in batch])
        for row in store.rows():
            self._past.see(row)
        self._total = len(trials)

    def see(self, row: Row) -> None:
        """Look at one row."""
        self._past.see(row)

    def see_change(self, change: Change) -> None:
        """Look at what is kept of a trial."""
        self._past.see_change(change)

    def look(self, stuck: Collection[str]) -> Proposed | None:
        """The trials that the source has proposed since the last look; returns at once.

        stuck: trials that will come to no end, because their text can't be built.
        Raises what the source raises.
        """
        answer = self._proposals.look(stuck)
        return self._take(answer) if answer is not None else None

    def _take(self, answer: Reply) -> Proposed:
        """Keep what was proposed, and let it be run."""
        if answer.proposal is None:
            return self._roster.add((), is_last=True)
        new = self._keep(answer.proposal)
        self._past.add(answer.batch, [(trial, TrialState.PENDING) for trial in new])
        self._roster.texts.update(answer.proposal.texts)
        self._scoreboard.add_texts(answer.proposal.texts.values())
        groups = groups_of(self._header, new, self._roster.texts)
        cohorts = cohorts_of(self._header.stop, new)
        todo = (Todo(trial, 1, groups[trial.id], cohorts.get(trial.id)) for trial in new)
        return self._roster.add(todo, is_last=answer.is_last)

    def _keep(self, proposal: Proposal) -> Sequence[Trial]:
        """Those that the store did not hold yet, as it holds them now."""
        kept = self._ledger.add_trials(proposal.trials, proposal.texts)
        new = [trial for trial in kept if trial.ordinal >= self._total]
        self._total += len(new)
        return new
