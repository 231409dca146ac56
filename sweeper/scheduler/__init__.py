"""The scheduler: a pure function of its state and an event."""

from sweeper.scheduler.state import Fault, Plan, Policy, State, make_plan
from sweeper.scheduler.step import begin, step

__all__ = ["Fault", "Plan", "Policy", "State", "begin", "make_plan", "step"]
