"""The rules that need one trial alone: pure, followed where its rows are made.

A rule knows no clock, no Ray and no store: what it says follows from rows alone, so it is the same
on any number of workers, and after a crash.
"""

from sweeper.workers.rules.alone import Follower, follow
from sweeper.workers.rules.epochs import Epochs
from sweeper.workers.rules.rungs import BELOW, Climb, climb

__all__ = ["BELOW", "Climb", "Epochs", "Follower", "climb", "follow"]
