"""What a linear transform from one space to another is."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

from pylearn2core.errors import UnsupportedError

if TYPE_CHECKING:
    from pylearn2core.types import Array, Symbol


class LinearTransform:
    """A linear map with parameters; models written with one can swap the kind of map."""

    def lmul(self, x: Symbol) -> Symbol:
        """A batch of the input space, mapped to the output space."""
        raise UnsupportedError(f"{type(self).__name__} does not implement lmul.")

    def lmul_T(self, x: Symbol) -> Symbol:
        """A batch of the output space, mapped back by the transpose."""
        raise UnsupportedError(f"{type(self).__name__} does not implement lmul_T.")

    def transpose(self) -> LinearTransform:
        """The transposed map, from the output space to the input space; the same parameters."""
        return Transposed(self)

    def get_params(self) -> list[Symbol]:
        """The parameters, as shared variables."""
        raise UnsupportedError(f"{type(self).__name__} does not implement get_params.")

    def get_weights_topo(self) -> Array:
        """The filters as images, axes (filter, row, column, channel)."""
        raise UnsupportedError(f"{type(self).__name__} does not implement get_weights_topo.")

    def set_batch_size(self, batch_size: int) -> None:
        """Hear of the batch size; most transforms need not care."""

    def get_lr_scalers(self) -> OrderedDict[Symbol, float]:
        """Map parameters to factors of their learning rate; none by default."""
        return OrderedDict()

    def modify_updates(self, updates: dict[Symbol, Symbol]) -> None:
        """Change a training step's updates so that the transform's constraints hold."""


class Transposed(LinearTransform):
    """A transform the other way round."""

    def __init__(self, transform: LinearTransform) -> None:
        self._transform = transform

    def transpose(self) -> LinearTransform:
        """The transform itself."""
        return self._transform

    def lmul(self, x: Symbol) -> Symbol:
        """The transform's lmul_T."""
        return self._transform.lmul_T(x)

    def lmul_T(self, x: Symbol) -> Symbol:
        """The transform's lmul."""
        return self._transform.lmul(x)

    def get_params(self) -> list[Symbol]:
        """The transform's."""
        return self._transform.get_params()

    def set_batch_size(self, batch_size: int) -> None:
        """Tell the transform."""
        self._transform.set_batch_size(batch_size)

    def get_lr_scalers(self) -> OrderedDict[Symbol, float]:
        """The transform's."""
        return self._transform.get_lr_scalers()

    def modify_updates(self, updates: dict[Symbol, Symbol]) -> None:
        """As the transform does."""
        self._transform.modify_updates(updates)
