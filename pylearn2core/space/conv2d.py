"""Batches of images, or of any values on a two-dimensional grid."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from pylearn2core.errors import ConfigError
from pylearn2core.space.backend import NUMERIC, SYMBOLIC, Backend, Batch
from pylearn2core.space.base import Callbacks, SimplyTypedSpace, Space
from pylearn2core.space.vector import VectorSpace

Axes = tuple[int | str, ...]


class Conv2DSpace(SimplyTypedSpace):
    """Batches are 4-tensors over examples 'b', rows 0, columns 1 and channels 'c'.

    shape: (rows, columns).    channels or num_channels: one of the two.
    axes: the order of the four in memory. A vector of the same image runs in the order 0, 1, 'c'.
    """

    default_axes: ClassVar[Axes] = ("b", 0, 1, "c")

    def __init__(
        self,
        shape: Sequence[int],
        channels: int | None = None,
        num_channels: int | None = None,
        axes: Sequence[int | str] | None = None,
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
        if (channels is None) == (num_channels is None):
            raise ConfigError("Conv2DSpace: give either channels or num_channels, exactly one")
        rows, columns = (int(size) for size in shape)
        self.shape = (rows, columns)
        self.num_channels = int(num_channels if channels is None else channels)  # type: ignore[arg-type]
        self.axes = check_axes(self.default_axes if axes is None else axes)

    def _key(self) -> tuple[Any, ...]:
        return (self.shape, self.num_channels, self.axes, self.dtype)

    def __str__(self) -> str:
        return (
            f"{type(self).__name__}(shape={self.shape}, num_channels={self.num_channels}, "
            f"axes={self.axes}, dtype={self.dtype})"
        )

    def get_batch_axis(self) -> int:
        """Where 'b' stands in `axes`."""
        return self.axes.index("b")

    def get_total_dimension(self) -> int:
        """rows x columns x channels."""
        return self.shape[0] * self.shape[1] * self.num_channels

    def make_theano_batch(
        self, name: str | None = None, dtype: Any = None, batch_size: int | None = None
    ) -> Batch:
        """A symbolic 4-tensor; its `tag.batch_axis` tells the engine where the examples are."""
        batch = super().make_theano_batch(name, dtype, batch_size)
        batch.tag.batch_axis = self.get_batch_axis()
        return batch

    def _shape(self, batch_size: Any) -> tuple[Any, ...]:
        sizes = {"b": batch_size, 0: self.shape[0], 1: self.shape[1], "c": self.num_channels}
        return tuple(sizes[axis] for axis in self.axes)

    @staticmethod
    def convert(tensor: Any, src_axes: Sequence[int | str], dst_axes: Sequence[int | str]) -> Any:
        """A symbolic 4-tensor with its axes reordered from `src_axes` to `dst_axes`."""
        return _reorder(tensor, tuple(src_axes), tuple(dst_axes), SYMBOLIC)

    @staticmethod
    def convert_numpy(
        tensor: Any, src_axes: Sequence[int | str], dst_axes: Sequence[int | str]
    ) -> Any:
        """A NumPy array with its axes reordered from `src_axes` to `dst_axes`."""
        return _reorder(tensor, tuple(src_axes), tuple(dst_axes), NUMERIC)

    def _convert(self, batch: Batch, space: Space, backend: Backend) -> Batch:
        if isinstance(space, Conv2DSpace):
            self._check_same_image(space)
            return backend.cast(_reorder(batch, self.axes, space.axes, backend), space.dtype)
        rows = _reorder(batch, self.axes, self.default_axes, backend)
        vectors = backend.reshape(rows, (rows.shape[0], self.get_total_dimension()))
        return space._from_vector(vectors, backend)

    def _check_same_image(self, space: Conv2DSpace) -> None:
        if (space.shape, space.num_channels) != (self.shape, self.num_channels):
            raise ValueError(
                f"can't format a batch of {self} as {space}: shape and num_channels must be equal"
            )

    def _from_vector(self, batch: Batch, backend: Backend) -> Batch:
        image = (batch.shape[0], *self.shape, self.num_channels)
        reordered = _reorder(backend.reshape(batch, image), self.default_axes, self.axes, backend)
        return backend.cast(reordered, self.dtype)

    def vectors(self) -> VectorSpace:
        """The VectorSpace of the same size and dtype."""
        return VectorSpace(self.get_total_dimension(), dtype=self.dtype)


def check_axes(axes: Sequence[int | str]) -> Axes:
    """`axes` as a tuple. Raises ValueError unless it is an order of 'b', 0, 1, 'c'."""
    found = tuple(axes)
    if len(found) != 4 or set(found) != {"b", 0, 1, "c"}:
        raise ValueError(f"axes must be an order of ('b', 0, 1, 'c'), got {found}")
    return found


def _reorder(batch: Batch, source: Axes, target: Axes, backend: Backend) -> Batch:
    if source == target:
        return batch
    return backend.transpose(batch, [source.index(axis) for axis in target])
