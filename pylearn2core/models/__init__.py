"""Models."""

from pylearn2core.models.model import Model

__all__ = ["Model"]
