"""Blocks: functions of a batch that treat its examples one by one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pytensor
import pytensor.tensor as pt

from pylearn2core.errors import UnsupportedError

if TYPE_CHECKING:
    from pylearn2core.space import Space
    from pylearn2core.types import Array, Symbol


class Block:
    """Maps a batch of examples to a batch of as many examples."""

    def __call__(self, inputs: Symbol) -> Symbol:
        """The symbolic outputs for symbolic inputs."""
        raise UnsupportedError(f"{type(self).__name__} does not implement __call__.")

    def perform(self, X: Array) -> Array:
        """The outputs for an array of inputs, shape (batch, features)."""
        if getattr(self, "_compiled", None) is None:
            inputs = self.get_input_space().make_theano_batch()
            self._compiled = pytensor.function([inputs], self(inputs))
        values: Array = self._compiled(X)
        return values

    def function(self, name: str | None = None) -> Any:
        """A compiled function of an array of inputs.    name: the function's."""
        inputs = self.get_input_space().make_theano_batch()
        return pytensor.function([inputs], self(inputs), name=name)

    def inverse(self) -> Block:
        """A block that undoes this one."""
        raise UnsupportedError(f"{type(self).__name__} has no inverse.")

    def set_input_space(self, space: Space) -> None:
        """Hear of the Space of the inputs."""
        raise UnsupportedError(f"{type(self).__name__} does not implement set_input_space.")

    def __getstate__(self) -> dict[str, Any]:
        # A compiled function is made again when next asked for.
        return {k: v for k, v in self.__dict__.items() if k != "_compiled"}

    def get_input_space(self) -> Space:
        """The Space of the inputs."""
        raise UnsupportedError(f"{type(self).__name__} does not implement get_input_space.")

    def get_output_space(self) -> Space:
        """The Space of the outputs."""
        raise UnsupportedError(f"{type(self).__name__} does not implement get_output_space.")


class StackedBlocks(Block):
    """Blocks, each fed with the outputs of the one before.    layers: from the input upwards."""

    def __init__(self, layers: Sequence[Any]) -> None:
        self._layers = list(layers)

    def layers(self) -> list[Any]:
        """The blocks."""
        return list(self._layers)

    def __len__(self) -> int:
        return len(self._layers)

    def __getitem__(self, place: int) -> Any:
        return self._layers[place]

    def __call__(self, inputs: Symbol) -> Symbol:
        """The inputs and each block's outputs, a list of one more than there are blocks."""
        states = [inputs]
        for layer in self._layers:
            states.append(layer(states[-1]))
        return states

    def perform(self, X: Array) -> Array:
        """The top block's outputs for an array of inputs."""
        if getattr(self, "_compiled", None) is None:
            self._compiled = self.function()
        values: Array = self._compiled(X)
        return values

    def function(
        self, name: str | None = None, repr_index: int = -1, sparse_input: bool = False
    ) -> Any:
        """A compiled function from inputs to one of what `__call__` gives.

        repr_index: which; the last is the top block's outputs, 0 the inputs.
        sparse_input: the inputs are a sparse matrix.
        """
        inputs = self._inputs(sparse_input)
        return pytensor.function([inputs], self(inputs)[repr_index], name=name)

    def concat(
        self, name: str | None = None, start_index: int = -3, end_index: int | None = None
    ) -> Any:
        """A compiled function from inputs to several of what `__call__` gives, side by side.

        start_index, end_index: which, as a slice has them.
        """
        inputs = self._inputs(False)
        outputs = pt.concatenate(self(inputs)[start_index:end_index], axis=1)
        return pytensor.function([inputs], outputs, name=name)

    def _inputs(self, is_sparse: bool) -> Symbol:
        if is_sparse:
            from pytensor import sparse

            return sparse.csr_matrix()
        return self.get_input_space().make_theano_batch()

    def set_input_space(self, space: Space) -> None:
        """Tell each block, from the input upwards."""
        for layer in self._layers:
            layer.set_input_space(space)
            space = layer.get_output_space()

    def get_params(self) -> list[Symbol]:
        """All blocks' parameters, from the input upwards."""
        return [param for layer in self._layers for param in layer.get_params()]

    def append(self, layer: Any) -> None:
        """Put another block on top."""
        self._layers.append(layer)

    def get_input_space(self) -> Space:
        """The first block's."""
        space: Space = self._layers[0].get_input_space()
        return space

    def get_output_space(self) -> Space:
        """The top block's."""
        space: Space = self._layers[-1].get_output_space()
        return space
