"""The rules that compare trials: pure, one a file.

A rule knows no clock, no Ray and no store: what it says follows from a cohort's numbers alone.
"""

from sweeper.scheduler.rules import halving
from sweeper.scheduler.rules.curve import Curve

__all__ = ["Curve", "halving"]
