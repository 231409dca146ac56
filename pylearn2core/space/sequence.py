"""One sequence as a batch: the first axis is time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from pylearn2core.space.base import Callbacks, SimplyTypedSpace, Space
from pylearn2core.space.index import IndexSpace
from pylearn2core.space.vector import VectorSpace

if TYPE_CHECKING:
    from pylearn2core.space.backend import Backend, Batch


class VectorSequenceSpace(SimplyTypedSpace):
    """A batch is one sequence of vectors, a matrix of shape (time, dim)."""

    def __init__(
        self,
        dim: int,
        dtype: Any = "floatX",
        *,
        validate_callbacks: Callbacks = None,
        np_validate_callbacks: Callbacks = None,
    ) -> None:
        super().__init__(
            dtype,
            validate_callbacks=validate_callbacks,
            np_validate_callbacks=np_validate_callbacks,
        )
        self.dim = int(dim)

    def _key(self) -> tuple[Any, ...]:
        return (self.dim, self.dtype)

    def __str__(self) -> str:
        return f"{type(self).__name__}(dim={self.dim}, dtype={self.dtype})"

    def _shape(self, batch_size: Any) -> tuple[Any, ...]:
        return (batch_size, self.dim)

    def get_total_dimension(self) -> int:
        """Size of the vector at one time."""
        return self.dim

    def _convert(self, batch: Batch, space: Space, backend: Backend) -> Batch:
        if isinstance(space, VectorSpace):
            # Each time is an example, as Pylearn2 had it.
            return space._from_vector(batch, backend)
        if not isinstance(space, VectorSequenceSpace):
            raise self._no_conversion_to(space)
        return backend.cast(batch, space.dtype)


class IndexSequenceSpace(SimplyTypedSpace):
    """A batch is one sequence of labels, an integer matrix of shape (time, dim)."""

    def __init__(
        self,
        max_labels: int,
        dim: int,
        dtype: Any = "int64",
        *,
        validate_callbacks: Callbacks = None,
        np_validate_callbacks: Callbacks = None,
    ) -> None:
        self._index = IndexSpace(max_labels, dim, dtype)
        super().__init__(
            self._index.dtype,
            validate_callbacks=validate_callbacks,
            np_validate_callbacks=np_validate_callbacks,
        )
        self.max_labels = self._index.max_labels
        self.dim = self._index.dim

    def _key(self) -> tuple[Any, ...]:
        return (self.max_labels, self.dim, self.dtype)

    def __str__(self) -> str:
        name = type(self).__name__
        return f"{name}(dim={self.dim}, max_labels={self.max_labels}, dtype={self.dtype})"

    def _shape(self, batch_size: Any) -> tuple[Any, ...]:
        return (batch_size, self.dim)

    def get_total_dimension(self) -> int:
        """Number of labels at one time."""
        return self.dim

    def _check_dtype(self, found: Any) -> None:
        if np.dtype(found).kind not in "iub":
            raise TypeError(
                f"a batch of {self} must hold integers, got dtype {np.dtype(found).name}"
            )

    def _check_sizes(self, space: Space) -> None:
        if isinstance(space, VectorSequenceSpace | VectorSpace):
            self._index._check_sizes(VectorSpace(space.dim, dtype=None))
        else:
            super()._check_sizes(space)

    def _convert(self, batch: Batch, space: Space, backend: Backend) -> Batch:
        if isinstance(space, IndexSequenceSpace):
            self._index._check_same_labels(space._index)
            return backend.cast(batch, space.dtype)
        if isinstance(space, VectorSpace):
            return self._index._convert(batch, space, backend)
        if isinstance(space, VectorSequenceSpace):
            return self._index._convert(batch, VectorSpace(space.dim, dtype=space.dtype), backend)
        raise self._no_conversion_to(space)
