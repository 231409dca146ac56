"""Whether a text is good, which its first trials show: they are tried alone, as probes.

One that is built proves it for all. Where what the user wrote can't be built, that may be about the
one trial's values: the text's last and middle trials are tried too, and others up to `PROOFS`. If
none of them is built, its other trials stay as they are. So a mistake in the experiment costs a few
trials, and an impossible point costs no other, whatever the number of workers.

Where trials come in batches each one is tried, until one is built: which of them fail then does not
depend on the number of workers, and what is proposed from that does not either. A whole batch of
which none can be built ends the sweep, if it has failed often enough.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from sweeper.records import replace
from sweeper.scheduler import reasons
from sweeper.scheduler.attempt import Why
from sweeper.scheduler.backlog import (
    KnownText,
    close_pile,
    find_doubt,
    find_open,
    is_there,
    learn,
    left_in,
    without_doubt,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sweeper.scheduler.attempt import Attempt
    from sweeper.scheduler.backlog import Backlog, Doubt, Pile
    from sweeper.scheduler.batch import BatchTrial

# Trials of a text that are tried at once before it is known to be good.
MAX_PROBES = 8
# So many have to fail, where there are so many, before a text is taken for bad.
PROOFS = 3


def count_probes(leases: Iterable[tuple[Attempt, ...]]) -> Counter[str]:
    """For each text, how many of its probes are in these leases."""
    firsts = (lease[0] for lease in leases if lease)
    return Counter(one.trial.text for one in firsts if one.why is Why.PROBE)


def next_probe(backlog: Backlog, pile: Pile, probing: int) -> BatchTrial | None:
    """The trial to try next of a pile whose text is not proved, of which `probing` are tried.

    A doubted one's last and middle trial, which differ most from its first; then others, until
    PROOFS have failed, or all in batches. None where there is enough to wait for.
    """
    if probing >= MAX_PROBES:
        return None
    doubt = find_doubt(backlog, pile.text)
    if doubt is None:
        return pile.next
    for far in (pile.trials[-1], pile.trials[len(pile.trials) // 2]):
        if far.rank >= pile.cursor and is_there(backlog, pile, far):
            return far
    return pile.next if backlog.in_batches or doubt.failed + probing < PROOFS else None


def judge(backlog: Backlog, text: str, probing: int) -> Backlog:
    """Take a doubted text for bad where no trial of it is tried any more, or will be.

    probing: how many of its trials are tried.
    """
    doubt = find_doubt(backlog, text)
    if doubt is None or backlog.in_batches or probing:
        return backlog
    if any(one.trial.text == text for one in backlog.waiting):
        return backlog
    piles = [pile for pile in backlog.open if pile.text == text]
    if any(next_probe(backlog, pile, 0) is not None for pile in piles):
        return backlog
    return _condemn(backlog, doubt, piles)


def is_hopeless(backlog: Backlog, last: Attempt, others: Iterable[Attempt]) -> bool:
    """Whether trials come in batches, and none could be built of those up to `last`, which failed.

    others: the attempts that are with workers.
    """
    doubt = find_doubt(backlog, last.trial.text) if backlog.in_batches else None
    if doubt is None or any(known.is_good for known in backlog.known):
        return False
    left = {pile.number for pile in backlog.open}
    left |= {one.trial.pile for one in (*backlog.waiting, *others)}
    return all(pile > last.trial.pile for pile in left)


def _condemn(backlog: Backlog, doubt: Doubt, piles: Sequence[Pile]) -> Backlog:
    """Start nothing else of a text, now or later; its trials that are left stay pending."""
    left = frozenset[str]().union(*(left_in(backlog, pile) for pile in piles))
    why = doubt.why
    if piles:
        # Some of those that were tried may be of batches that are leased in full.
        trials = max(sum(len(pile.trials) for pile in piles), doubt.failed + len(left))
        why = reasons.none_built(why, tried=doubt.failed, trials=trials)
    backlog = replace(
        learn(backlog, KnownText(doubt.text, is_good=False)),
        doubts=without_doubt(backlog, doubt.text),
        stuck=backlog.stuck | left,
        input_fault=backlog.input_fault or why,
    )
    for pile in piles:
        at = find_open(backlog, pile.number)
        backlog = backlog if at is None else close_pile(backlog, at)
    return backlog
