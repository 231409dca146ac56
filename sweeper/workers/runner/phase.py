"""A phase of a trial: one of the experiments that its text has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Phase:
    """One experiment of a trial, and what was built with it.

    number: from 0.    document: of the text, from 0.
    built: the document's experiments, in order; first: the phase of its first one.
    after: epoch of the state that was loaded, 0 where there was none.
    """

    number: int
    document: int
    built: Sequence[Any]
    first: int
    after: int = 0

    @property
    def experiment(self) -> Any:
        """What runs in this phase."""
        return self.built[self.number - self.first]

    @property
    def so_far(self) -> Sequence[Any]:
        """The document's experiments up to this one.

        They may share objects: a layer that the first one trained is what the next one reads.
        """
        return self.built[: self.number - self.first + 1]

    @property
    def can_be_saved(self) -> bool:
        """Whether each says its state."""
        return all(
            hasattr(one, "state_dict") and hasattr(one, "load_state_dict") for one in self.so_far
        )
