"""Blocks: functions of a batch that treat its examples one by one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pytensor

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
            inputs = self.get_input_space().make_theano_batch()
            self._compiled = pytensor.function([inputs], self(inputs)[-1])
        values: Array = self._compiled(X)
        return values

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
