"""Batches of integer labels, which become one-hot vectors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from pylearn2core.space.backend import NUMERIC
from pylearn2core.space.base import Callbacks, SimplyTypedSpace, Space, resolve_dtype
from pylearn2core.space.vector import VectorSpace

if TYPE_CHECKING:
    from pylearn2core.space.backend import Backend, Batch


class IndexSpace(SimplyTypedSpace):
    """Batches are integer matrices of shape (batch_size, dim), elements in [0, max_labels).

    As a VectorSpace of max_labels elements a row is the union of its labels' one-hot vectors
    (merged); of dim * max_labels elements, their concatenation.
    """

    def __init__(
        self,
        max_labels: int,
        dim: int,
        dtype: Any = "int64",
        *,
        validate_callbacks: Callbacks = None,
        np_validate_callbacks: Callbacks = None,
    ) -> None:
        super().__init__(
            _integer(dtype),
            validate_callbacks=validate_callbacks,
            np_validate_callbacks=np_validate_callbacks,
        )
        self.max_labels = int(max_labels)
        self.dim = int(dim)

    @property
    def dtype(self) -> str | None:
        """Name of the labels' dtype, an integer one; None accepts any."""
        return self._dtype

    @dtype.setter
    def dtype(self, dtype: Any) -> None:
        self._dtype = _integer(dtype)

    def _key(self) -> tuple[Any, ...]:
        return (self.max_labels, self.dim, self.dtype)

    def __str__(self) -> str:
        name = type(self).__name__
        return f"{name}(dim={self.dim}, max_labels={self.max_labels}, dtype={self.dtype})"

    def get_total_dimension(self) -> int:
        """Number of labels of one example."""
        return self.dim

    def _shape(self, batch_size: Any) -> tuple[Any, ...]:
        return (batch_size, self.dim)

    def _dtype_or_floatX(self) -> str:
        return self._dtype or "int64"

    def _check_dtype(self, found: Any) -> None:
        if np.dtype(found).kind not in "iub":
            raise TypeError(
                f"a batch of {self} must hold integers, got dtype {np.dtype(found).name}"
            )

    def _check_sizes(self, space: Space) -> None:
        if not isinstance(space, VectorSpace):
            super()._check_sizes(space)
        elif space.dim not in (self.max_labels, self.dim * self.max_labels):
            raise ValueError(
                f"can't format a batch of {self} as {space}: its dim must be {self.max_labels} "
                f"(one-hot vectors merged) or {self.dim * self.max_labels} (concatenated)"
            )

    def _convert(self, batch: Batch, space: Space, backend: Backend) -> Batch:
        if isinstance(space, IndexSpace):
            self._check_same_labels(space)
            return backend.cast(batch, space.dtype)
        if isinstance(space, VectorSpace):
            self._check_sizes(space)
            hot = backend.one_hot(batch, self.max_labels, merge=space.dim == self.max_labels)
            return space._from_vector(hot, backend)
        raise self._no_conversion_to(space)

    def _check_same_labels(self, space: IndexSpace) -> None:
        if space.max_labels != self.max_labels:
            raise ValueError(f"can't format a batch of {self} as {space}: max_labels must be equal")

    def _undo(self, batch: Batch, space: Space, backend: Backend) -> Batch:
        if not isinstance(space, VectorSpace):
            return super()._undo(batch, space, backend)
        self._check_sizes(space)
        if self.dim > 1 and space.dim == self.max_labels:
            raise self._no_conversion_to(space)  # merged one-hot vectors lose the labels' order
        space._check(backend is NUMERIC, batch)
        dense = backend.to_dense(batch) if space.sparse else batch
        blocks = backend.reshape(dense, (dense.shape[0], self.dim, self.max_labels))
        return backend.cast(backend.argmax(blocks), self.dtype)


def _integer(dtype: Any) -> str | None:
    resolved = resolve_dtype(dtype)
    if resolved is not None and np.dtype(resolved).kind not in "iu":
        raise TypeError(f"the dtype of labels must be an integer one or None, not {resolved!r}")
    return resolved
