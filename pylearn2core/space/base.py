"""What every space promises: a format for batches, checks of it, and conversions from it."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias

import numpy as np
import pytensor
from pytensor.graph.basic import Variable
from pytensor.tensor.type import TensorType

from pylearn2core.errors import UnsupportedError
from pylearn2core.space.backend import NUMERIC, SYMBOLIC, Backend, Batch

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Sequence

Callbacks: TypeAlias = "Sequence[Callable[[Batch], Any]] | None"

# A dtype's kind in order of what it can hold; a batch may only be cast to the same or a later kind.
_KIND_ORDER = {"b": 0, "u": 1, "i": 1, "f": 2, "c": 3}


def resolve_dtype(dtype: Any) -> str | None:
    """Name of a dtype; 'floatX' becomes PyTensor's float type of now, None stays None.

    Raises TypeError for what is no numeric dtype.
    """
    if dtype is None:
        return None
    if isinstance(dtype, str) and dtype == "floatX":
        return str(pytensor.config.floatX)
    return _name_of(dtype)


@lru_cache(maxsize=64)
def _name_of(dtype: Any) -> str:
    """The dtype's name, which NumPy takes long to work out: spaces are made at each epoch."""
    resolved = np.dtype(dtype)
    if resolved.kind not in _KIND_ORDER:
        raise TypeError(f"a space's dtype must be 'floatX', None or a numeric dtype, not {dtype!r}")
    return str(resolved.name)


class Space:
    """A format for batches of examples.

    A batch is a NumPy array (methods with `np_`), a symbolic variable (the others), None, or a
    tuple of batches. Two spaces are equal where their class and every argument are.

    validate_callbacks, np_validate_callbacks: functions of a symbolic or a numeric batch that are
    called where one was found to be in this space; they raise for what they refuse.
    """

    validate_callbacks: Sequence[Callable[[Batch], Any]] = ()
    np_validate_callbacks: Sequence[Callable[[Batch], Any]] = ()

    def __init__(
        self,
        validate_callbacks: Callbacks = None,
        np_validate_callbacks: Callbacks = None,
    ) -> None:
        if validate_callbacks:
            self.validate_callbacks = tuple(validate_callbacks)
        if np_validate_callbacks:
            self.np_validate_callbacks = tuple(np_validate_callbacks)

    def _key(self) -> Hashable:
        """What equality and hash compare, next to the class."""
        raise UnsupportedError(f"{type(self).__name__} must define _key")

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash((type(self), self._key()))

    def __repr__(self) -> str:
        return str(self)

    # ------------------------------------------------------------ to be defined by each space
    @property
    def dtype(self) -> Any:
        """Name of the elements' dtype; None accepts any; nested tuples for a CompositeSpace."""
        raise UnsupportedError(f"{type(self).__name__} has no dtype")

    def get_total_dimension(self) -> int:
        """Number of scalars in one example."""
        raise UnsupportedError(f"{type(self).__name__} has no fixed total dimension")

    def get_origin(self) -> Batch:
        """One example of zeros, without the batch axis."""
        raise UnsupportedError(f"{type(self).__name__} has no origin")

    def get_origin_batch(self, batch_size: int, dtype: Any = None) -> Batch:
        """A batch of zeros."""
        raise UnsupportedError(f"{type(self).__name__} has no origin batch")

    def make_theano_batch(
        self, name: str | None = None, dtype: Any = None, batch_size: int | None = None
    ) -> Batch:
        """A symbolic variable for batches of this space.

        dtype: overrides the space's; needed where that is None.
        batch_size: number of examples, where it is known.
        """
        raise UnsupportedError(f"{type(self).__name__} makes no symbolic batches")

    def make_shared_batch(
        self, batch_size: int, name: str | None = None, dtype: Any = None
    ) -> Batch:
        """A shared variable that holds a batch of zeros."""
        origin = self.get_origin_batch(batch_size, dtype=dtype)
        return pytensor.shared(origin, name=name)

    def _validate(self, batch: Batch, backend: Backend) -> None:
        raise UnsupportedError(f"{type(self).__name__} has no check of its batches")

    def _convert(self, batch: Batch, space: Space, backend: Backend) -> Batch:
        """`batch` of this space in `space`; sizes are checked already."""
        raise self._no_conversion_to(space)

    def _from_vector(self, batch: Batch, backend: Backend) -> Batch:
        """A dense matrix (n, total dimension) in this space."""
        raise UnsupportedError(f"can't convert a batch of vectors into {self}")

    def get_batch(self, data: Batch, start: int, end: int) -> Batch:
        """Examples start..end-1 of a batch."""
        raise UnsupportedError(f"{type(self).__name__} can't be sliced into batches")

    def np_take(self, data: Batch, index: Any) -> Batch:
        """Examples of a numeric batch by a slice, an index array or a boolean array."""
        raise UnsupportedError(f"{type(self).__name__} can't be indexed")

    # ------------------------------------------------------------ what follows from those
    def make_batch_theano(
        self, name: str | None = None, dtype: Any = None, batch_size: int | None = None
    ) -> Batch:
        """The older name of `make_theano_batch`."""
        return self.make_theano_batch(name=name, dtype=dtype, batch_size=batch_size)

    def validate(self, batch: Batch) -> None:
        """Raise TypeError or ValueError unless a symbolic batch is in this space."""
        self._check(False, batch)

    def np_validate(self, batch: Batch) -> None:
        """Raise TypeError or ValueError unless a numeric batch is in this space."""
        self._check(True, batch)

    def _check(self, is_numeric: bool, batch: Batch) -> None:
        self._validate_impl(is_numeric, batch)
        for callback in self.np_validate_callbacks if is_numeric else self.validate_callbacks:
            callback(batch)

    # What a user's subclass of Pylearn2's spaces defines, in its own words.
    def _validate_impl(self, is_numeric: bool, batch: Batch) -> None:
        """Raise TypeError or ValueError unless a batch is in this space."""
        self._validate(batch, NUMERIC if is_numeric else SYMBOLIC)

    def _batch_size_impl(self, is_numeric: bool, batch: Batch) -> Any:
        """Number of examples in a batch."""
        raise UnsupportedError(f"{type(self).__name__} has no batch size")

    def _format_as_impl(self, is_numeric: bool, batch: Batch, space: Space) -> Batch:
        """`batch` of this space in `space`; sizes are checked already."""
        return self._convert(batch, space, NUMERIC if is_numeric else SYMBOLIC)

    def batch_size(self, batch: Batch) -> Any:
        """Number of examples in a symbolic batch, as a symbolic integer."""
        self.validate(batch)
        return self._batch_size_impl(False, batch)

    def np_batch_size(self, batch: Batch) -> int:
        """Number of examples in a numeric batch."""
        self.np_validate(batch)
        return int(self._batch_size_impl(True, batch))

    def format_as(self, batch: Batch, space: Space) -> Batch:
        """A symbolic batch of this space, converted to `space`.

        Raises TypeError or ValueError for a wrong batch, ValueError where the sizes differ,
        NotImplementedError where there is no such conversion.
        """
        return self._format(batch, space, SYMBOLIC)

    def np_format_as(self, batch: Batch, space: Space) -> Batch:
        """A numeric batch of this space, converted to `space`; errors as in `format_as`."""
        return self._format(batch, space, NUMERIC)

    def undo_format_as(self, batch: Batch, space: Space) -> Batch:
        """The inverse of `format_as(_, space)`: a batch of `space`, back in this space."""
        return self._undo(batch, space, SYMBOLIC)

    def undo_np_format_as(self, batch: Batch, space: Space) -> Batch:
        """The inverse of `np_format_as(_, space)`."""
        return self._undo(batch, space, NUMERIC)

    def _format(self, batch: Batch, space: Space, backend: Backend) -> Batch:
        self._check(backend is NUMERIC, batch)
        return self._format_checked(batch, space, backend)

    def _format_checked(self, batch: Batch, space: Space, backend: Backend) -> Batch:
        self._check_sizes(space)
        return self._format_as_impl(backend is NUMERIC, batch, space)

    def _undo(self, batch: Batch, space: Space, backend: Backend) -> Batch:
        return space._format(batch, self, backend)

    def _check_sizes(self, space: Space) -> None:
        mine, its = self.get_total_dimension(), space.get_total_dimension()
        if mine != its:
            raise ValueError(
                f"can't format a batch of {self} as {space}: the total dimension of the first is "
                f"{mine}, that of the second {its}; they must be equal"
            )

    def _no_conversion_to(self, space: Space) -> UnsupportedError:
        return UnsupportedError(f"there is no conversion from {self} to {space}")


class SimplyTypedSpace(Space):
    """A space whose batch is one tensor of one dtype.

    dtype: name of the elements' dtype; None accepts any; 'floatX' is resolved at once.
    """

    _batch_axis: ClassVar[int] = 0

    def __init__(
        self,
        dtype: Any = "floatX",
        *,
        validate_callbacks: Callbacks = None,
        np_validate_callbacks: Callbacks = None,
    ) -> None:
        super().__init__(
            validate_callbacks=validate_callbacks, np_validate_callbacks=np_validate_callbacks
        )
        self._dtype = resolve_dtype(dtype)

    @property
    def dtype(self) -> str | None:
        """Name of the elements' dtype; None accepts any."""
        return self._dtype

    @dtype.setter
    def dtype(self, dtype: Any) -> None:
        self._dtype = resolve_dtype(dtype)

    def get_batch_axis(self) -> int:
        """The axis along which examples lie."""
        return self._batch_axis

    def _shape(self, batch_size: Any) -> tuple[Any, ...]:
        """Shape of a batch with this many examples."""
        raise UnsupportedError(f"{type(self).__name__} must define _shape")

    def get_origin(self) -> Batch:
        """One example of zeros, without the batch axis."""
        axis = self.get_batch_axis()
        shape = self._shape(1)
        return np.zeros(shape[:axis] + shape[axis + 1 :], dtype=self._dtype_or_floatX())

    def get_origin_batch(self, batch_size: int, dtype: Any = None) -> Batch:
        """A batch of zeros."""
        return np.zeros(self._shape(batch_size), dtype=self._dtype_for(dtype))

    def make_theano_batch(
        self, name: str | None = None, dtype: Any = None, batch_size: int | None = None
    ) -> Batch:
        """A symbolic tensor whose known dimensions are in its type."""
        return TensorType(self._dtype_for(dtype), shape=self._shape(batch_size))(name=name)

    def _dtype_for(self, dtype: Any) -> str:
        """The dtype asked for, else the space's. Raises TypeError where neither is known."""
        found = self._dtype if dtype is None else resolve_dtype(dtype)
        if found is None:
            raise TypeError(f"{self} accepts any dtype: give the dtype that the batch is to have")
        return found

    def _dtype_or_floatX(self) -> str:
        return self._dtype if self._dtype is not None else str(pytensor.config.floatX)

    def _batch_size_impl(self, is_numeric: bool, batch: Batch) -> Any:
        return batch.shape[self.get_batch_axis()]

    def get_batch(self, data: Batch, start: int, end: int) -> Batch:
        """Examples start..end-1 of a batch."""
        return data[(slice(None),) * self.get_batch_axis() + (slice(start, end),)]

    def np_take(self, data: Batch, index: Any) -> Batch:
        """Examples of a numeric batch by a slice, an index array or a boolean array."""
        return data[(slice(None),) * self.get_batch_axis() + (index,)]

    # ------------------------------------------------------------ checks
    def _validate(self, batch: Batch, backend: Backend) -> None:
        if backend is SYMBOLIC:
            self._check_is_variable(batch)
        else:
            self._check_is_array(batch)
        self._check_dtype(batch.dtype)
        self._check_shape(batch.type.shape if backend is SYMBOLIC else batch.shape)

    def _check_is_variable(self, batch: Batch) -> None:
        if not isinstance(batch, Variable):
            raise TypeError(
                f"a batch of {self} must be a symbolic variable, got {type(batch).__name__}"
            )
        if not isinstance(batch.type, TensorType):
            raise TypeError(f"a batch of {self} must be a dense tensor, got {batch.type}")

    def _check_is_array(self, batch: Batch) -> None:
        if not isinstance(batch, np.ndarray):
            raise TypeError(
                f"a batch of {self} must be a numpy array, got {type(batch).__name__}"
                + ("; use np.asarray" if hasattr(batch, "__array__") else "")
            )

    def _check_dtype(self, found: Any) -> None:
        if self._dtype is None:
            return
        kinds = (np.dtype(found).kind, np.dtype(self._dtype).kind)
        if _KIND_ORDER.get(kinds[0], 9) > _KIND_ORDER[kinds[1]]:
            raise TypeError(
                f"a batch of dtype {np.dtype(found).name} can't be cast to the dtype of {self} "
                "without loss"
            )

    def _check_shape(self, shape: tuple[int | None, ...]) -> None:
        """Raise ValueError unless a shape fits; None is a size that is not known yet."""
        expected = self._shape(None)
        if len(shape) != len(expected):
            raise ValueError(
                f"a batch of {self} must have {len(expected)} dimensions "
                f"{_show(expected)}, got {len(shape)}: {_show(shape)}"
            )
        wrong = any(
            a is not None and b is not None and a != b for a, b in zip(shape, expected, strict=True)
        )
        if wrong:
            raise ValueError(
                f"a batch of {self} must have the shape {_show(expected)}, got {_show(shape)}"
            )


def _show(shape: tuple[Any, ...]) -> str:
    inner = ", ".join("?" if size is None else str(size) for size in shape)
    return f"({inner})"
