"""From a spec file to its trials, as plain data. Imports and runs nothing of the user's."""

from sweeper.spec.expand import Count, Expansion, Proposal, count, expand, resolved
from sweeper.spec.groups import program_groups
from sweeper.spec.load import Spec, load, loads
from sweeper.spec.source import Source, at_once, first_batch, source_of, still_to_come

__all__ = [
    "Count",
    "Expansion",
    "Proposal",
    "Source",
    "Spec",
    "at_once",
    "count",
    "expand",
    "first_batch",
    "load",
    "loads",
    "program_groups",
    "resolved",
    "source_of",
    "still_to_come",
]
