"""The scheduler: a pure function of its state and an event."""

from sweeper.scheduler.check import BrokenInvariantError, check
from sweeper.scheduler.policy import Policy
from sweeper.scheduler.state import State, Tally
from sweeper.scheduler.step import Result, begin, step
from sweeper.scheduler.story import Step, story

__all__ = [
    "BrokenInvariantError",
    "Policy",
    "Result",
    "State",
    "Step",
    "Tally",
    "begin",
    "check",
    "step",
    "story",
]
