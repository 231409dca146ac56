"""The rules that end a trial before its time: pure, one a file.

A rule knows no clock, no Ray and no store: what it says follows from rows alone, so it is the same
on any number of workers, and after a crash.
"""

from sweeper.scheduler.rules.alone import Follower, Stop, follow
from sweeper.scheduler.rules.epochs import Epochs

__all__ = ["Epochs", "Follower", "Stop", "follow"]
