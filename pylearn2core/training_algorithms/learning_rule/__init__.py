"""Learning rules: from gradients to updates."""

from pylearn2core.training_algorithms.learning_rule.adaptive import (
    AdaDelta,
    AdaGrad,
    Adam,
    RMSProp,
)
from pylearn2core.training_algorithms.learning_rule.base import (
    LearningRule,
    scaled_rate,
    state_like,
)
from pylearn2core.training_algorithms.learning_rule.momentum import Momentum, MomentumAdjustor

__all__ = [
    "AdaDelta",
    "AdaGrad",
    "Adam",
    "LearningRule",
    "Momentum",
    "MomentumAdjustor",
    "RMSProp",
    "scaled_rate",
    "state_like",
]
