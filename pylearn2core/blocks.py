"""Blocks: functions of a batch that treat its examples one by one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytensor

from pylearn2core.errors import UnsupportedError


class Block:
    """Maps a batch of examples to a batch of as many examples."""

    def __call__(self, inputs: Any) -> Any:
        """The symbolic outputs for symbolic inputs."""
        raise UnsupportedError(f"{type(self).__name__} does not implement __call__.")

    def perform(self, X: Any) -> Any:
        """The outputs for an array of inputs, shape (batch, features)."""
        if getattr(self, "_compiled", None) is None:
            inputs = self.get_input_space().make_theano_batch()
            self._compiled = pytensor.function([inputs], self(inputs))
        return self._compiled(X)

    def __getstate__(self) -> dict[str, Any]:
        # A compiled function is made again when next asked for.
        return {k: v for k, v in self.__dict__.items() if k != "_compiled"}

    def get_input_space(self) -> Any:
        """The Space of the inputs."""
        raise UnsupportedError(f"{type(self).__name__} does not implement get_input_space.")

    def get_output_space(self) -> Any:
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

    def __call__(self, inputs: Any) -> Any:
        """The inputs and each block's outputs, a list of one more than there are blocks."""
        states = [inputs]
        for layer in self._layers:
            states.append(layer(states[-1]))
        return states

    def perform(self, X: Any) -> Any:
        """The top block's outputs for an array of inputs."""
        if getattr(self, "_compiled", None) is None:
            inputs = self.get_input_space().make_theano_batch()
            self._compiled = pytensor.function([inputs], self(inputs)[-1])
        return self._compiled(X)

    def get_params(self) -> list[Any]:
        """All blocks' parameters, from the input upwards."""
        return [param for layer in self._layers for param in layer.get_params()]

    def append(self, layer: Any) -> None:
        """Put another block on top."""
        self._layers.append(layer)

    def get_input_space(self) -> Any:
        """The first block's."""
        return self._layers[0].get_input_space()

    def get_output_space(self) -> Any:
        """The top block's."""
        return self._layers[-1].get_output_space()
