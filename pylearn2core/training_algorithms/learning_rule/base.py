"""What a learning rule is, and what all of them need."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from pylearn2core.errors import UnsupportedError
from pylearn2core.types import Symbol
from pylearn2core.utils import sharedX
from pylearn2core.utils.hyper import hyper

if TYPE_CHECKING:
    from pylearn2core.datasets.dataset import Dataset
    from pylearn2core.monitor import Monitor

Updates = OrderedDict[Symbol, Symbol]


class LearningRule:
    """Turns the gradients of a step into the updates of the parameters and of its own state."""

    def add_channels_to_monitor(self, monitor: Monitor, monitoring_dataset: Dataset) -> None:
        """Add this rule's channels; none by default."""

    def get_updates(
        self,
        learning_rate: Symbol,
        grads: Mapping[Symbol, Symbol],
        lr_scalers: Mapping[Symbol, Symbol] | None = None,
    ) -> Updates:
        """Map shared variables to their new values.

        learning_rate: symbolic scalar.    grads: parameter to d cost / d parameter.
        lr_scalers: parameter to a factor of its learning rate, 1 for those left out.
        """
        raise UnsupportedError(f"{type(self).__name__} does not implement get_updates.")


def scaled_rate(
    learning_rate: Symbol, param: Symbol, lr_scalers: Mapping[Symbol, Symbol] | None
) -> Symbol:
    """The learning rate of one parameter."""
    scale = (lr_scalers or {}).get(param)
    return learning_rate if scale is None else learning_rate * hyper(scale)


def state_like(param: Symbol, prefix: str) -> Symbol:
    """A shared variable of zeros in the parameter's shape, named after it."""
    name = f"{prefix}_{param.name}" if param.name else prefix
    return sharedX(np.zeros_like(np.asarray(param.get_value(borrow=True))), name=name)
