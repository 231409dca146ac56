"""From a spec file to its trials, as plain data. Imports and runs nothing of the user's."""

from sweeper.spec.expand import Count, Expansion, Proposal, count, expand, resolved
from sweeper.spec.groups import program_groups
from sweeper.spec.load import Spec, load, loads
from sweeper.spec.named import check_names, missing_names
from sweeper.spec.source import (
    Source,
    at_once,
    first_batch,
    is_through,
    left_at_once,
    source_of,
    still_to_come,
)

__all__ = [
    "Count",
    "Expansion",
    "Proposal",
    "Source",
    "Spec",
    "at_once",
    "check_names",
    "count",
    "expand",
    "first_batch",
    "is_through",
    "left_at_once",
    "load",
    "loads",
    "missing_names",
    "program_groups",
    "resolved",
    "source_of",
    "still_to_come",
]
