"""No data at all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pylearn2core.space.base import Space

if TYPE_CHECKING:
    from pylearn2core.space.backend import Backend, Batch


class NullSpace(Space):
    """The space of a batch that nobody needs: None. Its source is ''."""

    def _key(self) -> tuple[()]:
        return ()

    def __str__(self) -> str:
        return f"{type(self).__name__}()"

    @property
    def dtype(self) -> Any:
        """None: there are no elements."""
        return None

    def get_total_dimension(self) -> int:
        """0."""
        return 0

    def get_origin(self) -> Batch:
        """None."""
        return None

    def get_origin_batch(self, batch_size: int, dtype: Any = None) -> Batch:
        """None."""
        return None

    def make_theano_batch(
        self, name: str | None = None, dtype: Any = None, batch_size: int | None = None
    ) -> Batch:
        """None."""
        return None

    def make_shared_batch(
        self, batch_size: int, name: str | None = None, dtype: Any = None
    ) -> Batch:
        """None."""
        return None

    def _validate(self, batch: Batch, backend: Backend) -> None:
        if batch is not None:
            raise TypeError(f"a batch of NullSpace must be None, got {type(batch).__name__}")

    def _batch_size_impl(self, is_numeric: bool, batch: Batch) -> int:
        return 0

    def _convert(self, batch: Batch, space: Space, backend: Backend) -> Batch:
        if not isinstance(space, NullSpace):
            raise self._no_conversion_to(space)
        return None

    def get_batch(self, data: Batch, start: int, end: int) -> Batch:
        """None."""
        return None

    def np_take(self, data: Batch, index: Any) -> Batch:
        """None."""
        return None
