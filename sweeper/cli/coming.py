"""What a search's trials are that are not there yet, in words and in number."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pylearn2core.words import counted
from sweeper import spec as specs
from sweeper.records import EndKind
from sweeper.records.errors import InputError

if TYPE_CHECKING:
    from sweeper.spec import Spec
    from sweeper.store.base import StoreReader


def coming_text(spec: Spec, trials: int) -> str:
    """`200 trials, of which 16 are known: ...`; "" of a sweep whose trials are all known."""
    if spec.search is None:
        return ""
    search, total = spec.search, specs.count(spec).trials
    if total == trials:
        return f"{counted(total, 'trial')}, proposed by {search.sampler} (seed {search.seed})"
    return (
        f"{counted(total, 'trial')}, of which {trials} are known: {search.sampler} proposes the "
        f"others as results come in, {counted(search.batch, 'point')} at a time (lag {search.lag}, "
        f"seed {search.seed})"
    )


def to_come(store: StoreReader) -> int:
    """How many trials may still be proposed to a run, beside those that it has."""
    record = store.sweep()
    is_over = record.ending is not None and record.ending.kind is EndKind.FINISHED
    if is_over or "search" not in record.spec_text:
        return 0
    try:
        spec = specs.loads(record.spec_text, record.spec_path, record.defines)
    except InputError:  # of another version of this program
        return 0
    return specs.still_to_come(spec, len(store.batches()), sum(store.counts().values()))
