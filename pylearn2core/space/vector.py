"""Batches of vectors: a matrix with one row an example."""

from __future__ import annotations

from typing import Any

import scipy.sparse

from pylearn2core.space.backend import NUMERIC, SYMBOLIC, Backend, Batch, is_sparse_variable
from pylearn2core.space.base import Callbacks, SimplyTypedSpace, Space


class VectorSpace(SimplyTypedSpace):
    """Batches are matrices of shape (batch_size, dim).

    sparse: batches are SciPy's compressed sparse matrices, or sparse variables.
    """

    def __init__(
        self,
        dim: int,
        sparse: bool = False,
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
        self.sparse = bool(sparse)

    def _key(self) -> tuple[Any, ...]:
        return (self.dim, self.sparse, self.dtype)

    def __str__(self) -> str:
        sparse = ", sparse" if self.sparse else ""
        return f"{type(self).__name__}(dim={self.dim}{sparse}, dtype={self.dtype})"

    def get_total_dimension(self) -> int:
        """The vectors' length."""
        return self.dim

    def _shape(self, batch_size: Any) -> tuple[Any, ...]:
        return (batch_size, self.dim)

    def get_origin_batch(self, batch_size: int, dtype: Any = None) -> Batch:
        """Zeros of shape (batch_size, dim); sparse where the space is."""
        if self.sparse:
            return scipy.sparse.csr_matrix((batch_size, self.dim), dtype=self._dtype_for(dtype))
        return super().get_origin_batch(batch_size, dtype)

    def make_theano_batch(
        self, name: str | None = None, dtype: Any = None, batch_size: int | None = None
    ) -> Batch:
        """A symbolic matrix, sparse where the space is."""
        if self.sparse:
            from pytensor import sparse

            return sparse.csr_matrix(name=name, dtype=self._dtype_for(dtype))
        return super().make_theano_batch(name, dtype, batch_size)

    def _validate(self, batch: Batch, backend: Backend) -> None:
        if not self.sparse:
            super()._validate(batch, backend)
        elif backend is SYMBOLIC:
            if not (hasattr(batch, "type") and is_sparse_variable(batch)):
                raise TypeError(f"a batch of {self} must be a sparse variable, got {batch!r}")
            self._check_dtype(batch.dtype)
        else:
            if not scipy.sparse.issparse(batch):
                raise TypeError(
                    f"a batch of {self} must be a scipy sparse matrix, got {type(batch).__name__}"
                )
            self._check_dtype(batch.dtype)
            self._check_shape(batch.shape)

    def _check_is_array(self, batch: Batch) -> None:
        if scipy.sparse.issparse(batch):
            raise TypeError(f"a batch of {self} must be dense, got a sparse matrix; use .toarray()")
        super()._check_is_array(batch)

    def _convert(self, batch: Batch, space: Space, backend: Backend) -> Batch:
        if isinstance(space, VectorSpace) and self.sparse and space.sparse:
            return backend.cast(batch, space.dtype)
        dense = backend.to_dense(batch) if self.sparse else batch
        return space._from_vector(dense, backend)

    def _from_vector(self, batch: Batch, backend: Backend) -> Batch:
        batch = backend.cast(batch, self.dtype)
        return backend.to_sparse(batch) if self.sparse else batch


def as_vectors(space: Space, batch: Batch, backend: Backend) -> Batch:
    """A batch of any space as a dense matrix of the dtype it has."""
    vectors = VectorSpace(space.get_total_dimension(), dtype=None)
    return space._format_as_impl(backend is NUMERIC, batch, vectors)
