"""Whether a text is good, which its first trials show: they are tried alone, as probes.

One that is built proves it for all. Where what the user wrote can't be built, that may be about the
one trial's values: the text's last and middle trials are tried too, and others up to `PROOFS`. If
none of them is built, its other trials stay as they are. So a mistake in the experiment costs a few
trials, and an impossible point costs no other, whatever the number of workers.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from sweeper.records import replace
from sweeper.scheduler import reasons
from sweeper.scheduler.attempt import Why
from sweeper.scheduler.backlog import close_text, find_doubt, find_open, is_there, without_doubt

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sweeper.scheduler.attempt import Attempt
    from sweeper.scheduler.backlog import Backlog, Doubt, OpenText
    from sweeper.scheduler.plan import PlannedTrial

# Trials of a text that are tried at once before it is known to be good.
MAX_PROBES = 8
# So many have to fail, where there are so many, before a text is taken for bad.
PROOFS = 3


def count_probes(leases: Iterable[tuple[Attempt, ...]]) -> Counter[int]:
    """For each text, how many of its probes are in these leases."""
    firsts = (lease[0] for lease in leases if lease)
    return Counter(one.trial.text for one in firsts if one.why is Why.PROBE)


def next_probe(backlog: Backlog, opened: OpenText, probing: int) -> PlannedTrial | None:
    """The trial to try next of a text that is not proved, of which `probing` are tried.

    A doubted one's last and middle trial, which differ most from its first; then others, until
    PROOFS have failed. None where there is enough to wait for.
    """
    if probing >= MAX_PROBES:
        return None
    doubt = find_doubt(backlog, opened.text)
    if doubt is None:
        return opened.next
    for far in (opened.trials[-1], opened.trials[len(opened.trials) // 2]):
        if far.rank >= opened.cursor and is_there(backlog, opened, far):
            return far
    return opened.next if doubt.failed + probing < PROOFS else None


def judge(backlog: Backlog, text: int, probing: int) -> Backlog:
    """Take a doubted text for bad where no trial of it is tried any more, or will be.

    probing: how many of its trials are tried.
    """
    doubt = find_doubt(backlog, text)
    if doubt is None or probing or any(one.trial.text == text for one in backlog.waiting):
        return backlog
    at = find_open(backlog, text)
    if at is not None and next_probe(backlog, backlog.open[at], 0) is not None:
        return backlog
    return _condemn(backlog, doubt, at)


def _condemn(backlog: Backlog, doubt: Doubt, at: int | None) -> Backlog:
    """Start nothing else of a text; its other trials stay pending.

    at: where it is in `backlog.open`.
    """
    why, stuck = doubt.why, backlog.stuck
    if at is not None:
        opened = backlog.open[at]
        left = opened.trials[opened.cursor :]
        stuck |= {one.id for one in left if is_there(backlog, opened, one)}
        backlog = close_text(backlog, at)
        why = reasons.none_built(why, tried=doubt.failed, trials=len(opened.trials))
    return replace(
        backlog,
        doubts=without_doubt(backlog, doubt.text),
        stuck=stuck,
        input_fault=backlog.input_fault or why,
    )
