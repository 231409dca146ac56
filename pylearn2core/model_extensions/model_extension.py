"""The base of model extensions."""

from __future__ import annotations

from typing import Any


class ModelExtension:
    """Changes a model's updates after the training algorithm has made them."""

    def post_modify_updates(self, updates: dict[Any, Any], model: Any) -> None:
        """Change `updates` (shared variable to new value) of `model` in place."""
