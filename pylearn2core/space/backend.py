"""The few array operations that conversions between spaces need, for NumPy and for graphs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol, TypeAlias

import numpy as np
import pytensor.tensor as T
import scipy.sparse

# A NumPy array, a SciPy sparse matrix, a PyTensor variable, None (NullSpace) or a nested tuple.
Batch: TypeAlias = Any


class Backend(Protocol):
    """One implementation works on arrays, the other on symbolic variables."""

    def cast(self, batch: Batch, dtype: str | None) -> Batch:
        """The batch as `dtype`; None leaves it as it is."""

    def reshape(self, batch: Batch, shape: Sequence[Any]) -> Batch:
        """The batch in another shape, C order."""

    def transpose(self, batch: Batch, axes: Sequence[int]) -> Batch:
        """The batch with its axes in the order `axes`."""

    def concatenate(self, batches: Sequence[Batch]) -> Batch:
        """Matrices joined along axis 1."""

    def one_hot(self, batch: Batch, max_labels: int, merge: bool) -> Batch:
        """Rows of labels (n, dim) as 0/1: (n, max_labels) merged, else (n, dim * max_labels)."""

    def argmax(self, batch: Batch) -> Batch:
        """Index of the largest element along the last axis."""

    def to_dense(self, batch: Batch) -> Batch:
        """A sparse matrix as a dense one."""

    def to_sparse(self, batch: Batch) -> Batch:
        """A dense matrix in compressed row format."""


class Numeric:
    """Operations on NumPy arrays."""

    def cast(self, batch: Batch, dtype: str | None) -> Batch:
        """See Backend. No copy where the dtype is right already."""
        return batch if dtype is None or batch.dtype == dtype else batch.astype(dtype)

    def reshape(self, batch: Batch, shape: Sequence[Any]) -> Batch:
        """See Backend."""
        return batch.reshape(tuple(shape))

    def transpose(self, batch: Batch, axes: Sequence[int]) -> Batch:
        """See Backend."""
        return batch.transpose(tuple(axes))

    def concatenate(self, batches: Sequence[Batch]) -> Batch:
        """See Backend."""
        return np.concatenate(list(batches), axis=1)

    def one_hot(self, batch: Batch, max_labels: int, merge: bool) -> Batch:
        """See Backend. Raises IndexError for a label outside [0, max_labels)."""
        wrong = batch[(batch < 0) | (batch >= max_labels)]
        if wrong.size:
            raise IndexError(
                f"label {wrong.flat[0]} is out of range: max_labels is {max_labels}, so labels "
                f"must lie in 0..{max_labels - 1}"
            )
        hot = batch[:, :, None] == np.arange(max_labels)
        if merge:
            return hot.any(axis=1).astype(batch.dtype)
        return hot.reshape(len(batch), -1).astype(batch.dtype)

    def argmax(self, batch: Batch) -> Batch:
        """See Backend."""
        return batch.argmax(axis=-1)

    def to_dense(self, batch: Batch) -> Batch:
        """See Backend."""
        return batch.toarray()

    def to_sparse(self, batch: Batch) -> Batch:
        """See Backend."""
        return scipy.sparse.csr_matrix(batch)


class Symbolic:
    """Operations on PyTensor variables."""

    def cast(self, batch: Batch, dtype: str | None) -> Batch:
        """See Backend."""
        if dtype is None or batch.dtype == dtype:
            return batch
        if is_sparse_variable(batch):
            from pytensor import sparse

            return sparse.cast(batch, dtype)
        return T.cast(batch, dtype)

    def reshape(self, batch: Batch, shape: Sequence[Any]) -> Batch:
        """See Backend."""
        return batch.reshape(tuple(shape))

    def transpose(self, batch: Batch, axes: Sequence[int]) -> Batch:
        """See Backend."""
        return batch.transpose(tuple(axes))

    def concatenate(self, batches: Sequence[Batch]) -> Batch:
        """See Backend."""
        return T.concatenate(list(batches), axis=1)

    def one_hot(self, batch: Batch, max_labels: int, merge: bool) -> Batch:
        """See Backend. A label out of range gives a row of zeros: a graph can't raise."""
        # A comparison with a constant range lowers to JAX for every batch size; arange over a
        # symbolic length, or take, do not.
        labels = np.arange(max_labels, dtype=batch.dtype)
        hot = T.eq(batch[:, :, None], labels[None, None, :])
        hot = T.any(hot, axis=1) if merge else hot.reshape((batch.shape[0], -1))
        return T.cast(hot, batch.dtype)

    def argmax(self, batch: Batch) -> Batch:
        """See Backend."""
        return T.argmax(batch, axis=-1)

    def to_dense(self, batch: Batch) -> Batch:
        """See Backend."""
        from pytensor import sparse

        return sparse.dense_from_sparse(batch)

    def to_sparse(self, batch: Batch) -> Batch:
        """See Backend."""
        from pytensor import sparse

        return sparse.csr_from_dense(batch)


def is_sparse_variable(variable: Any) -> bool:
    """Whether a symbolic variable is a sparse matrix."""
    return hasattr(variable.type, "format")


NUMERIC = Numeric()
SYMBOLIC = Symbolic()
