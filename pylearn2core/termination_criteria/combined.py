"""Criteria made of criteria."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pylearn2core.errors import ConfigError
from pylearn2core.termination_criteria.criterion import TerminationCriterion

if TYPE_CHECKING:
    from pylearn2core.models.model import Model


class _Combined(TerminationCriterion):
    """criteria: asked in this order, until one decides; those after it are not asked."""

    def __init__(self, criteria: Sequence[TerminationCriterion]) -> None:
        if not isinstance(criteria, list | tuple) or not criteria:
            raise ConfigError(
                f"{type(self).__name__}: criteria must be a list of one or more criteria, got "
                f"{criteria!r}."
            )
        for place, criterion in enumerate(criteria):
            if not callable(getattr(criterion, "continue_learning", None)):
                raise ConfigError(
                    f"{type(self).__name__}: criteria[{place}] must be a TerminationCriterion, "
                    f"got {criterion!r}."
                )
        self._criteria = list(criteria)


class And(_Combined):
    """Goes on while all criteria do: stops when any stops."""

    def continue_learning(self, model: Model) -> bool:
        """Whether every criterion goes on."""
        return all(criterion.continue_learning(model) for criterion in self._criteria)


class Or(_Combined):
    """Goes on while any criterion does: stops when all stop."""

    def continue_learning(self, model: Model) -> bool:
        """Whether some criterion goes on."""
        return any(criterion.continue_learning(model) for criterion in self._criteria)
