"""The base of model extensions."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pylearn2core.models.model import Model
    from pylearn2core.types import Symbol


class ModelExtension:
    """Changes a model's updates after the training algorithm has made them."""

    def post_modify_updates(self, updates: dict[Symbol, Symbol], model: Model) -> None:
        """Change `updates` (shared variable to new value) of `model` in place."""
