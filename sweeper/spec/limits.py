"""How much a spec may come to, in one place: memory and time are bounded for any file.

What one YAML text may come to stands in `pylearn2core.config.nodes.limits`. All limits are counts,
so that a spec is read, or refused, alike on every machine.
"""

from __future__ import annotations

from pylearn2core.config.nodes import MAX_DEPTH, MAX_DIGITS, MAX_NODES, MAX_TEXT

__all__ = ["MAX_DEPTH", "MAX_DIGITS", "MAX_NODES", "MAX_TEXT"]

# ------------------------------------------------------------------ the sweep
MAX_POINTS = 1_000_000
"""Points before `where`, and trials after it and `repeat`."""

MAX_VALUES = 5_000_000
"""Points times axes."""

MAX_DRAWS = 1_000_000
"""Values that are drawn: samples times axes. Each takes some ten microseconds."""

MAX_LOGSPACE = 100_000
"""Values of a `logspace`, each of which takes some fifty microseconds."""

MAX_TEXTS = 500_000
"""Scalars, lists and maps of all the sweep's different texts together."""

MAX_KEPT = 10_000_000
"""Size, as `size_of` counts it, of what all templates' renderings together print."""

# ------------------------------------------------------------------ templates
MAX_LINES = 300_000
"""Lines of a spec, and of a text that is made of one."""

MAX_EXPRESSIONS = 10_000
"""`{{` and `{%` of a template."""

MAX_SIZE = 1_000_000
"""Size of one value inside a template: an item of a list counts 1, and so do 4 characters."""

MAX_BITS = 10_000
"""Of a whole number inside a template."""

WORK = 100_000_000
"""What all renderings of a template may do. A unit takes about a tenth of a microsecond."""

WORK_ONCE = 20_000_000
"""What one rendering may do."""

WORK_A_RENDERING = 4_000
"""What each rendering may do that counts in no sum: many points take the time of many points."""
