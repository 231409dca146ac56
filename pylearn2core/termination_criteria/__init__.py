"""When to stop training."""

from pylearn2core.termination_criteria.channels import (
    ChannelInf,
    ChannelTarget,
    MatchChannel,
    MonitorBased,
)
from pylearn2core.termination_criteria.combined import And, Or
from pylearn2core.termination_criteria.criterion import TerminationCriterion
from pylearn2core.termination_criteria.limits import EpochCounter, Timeout

__all__ = [
    "And",
    "ChannelInf",
    "ChannelTarget",
    "EpochCounter",
    "MatchChannel",
    "MonitorBased",
    "Or",
    "TerminationCriterion",
    "Timeout",
]
