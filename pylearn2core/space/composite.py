"""Batches that are tuples of batches."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from pylearn2core.space.backend import NUMERIC
from pylearn2core.space.base import Callbacks, Space
from pylearn2core.space.null import NullSpace
from pylearn2core.space.vector import VectorSpace, as_vectors

if TYPE_CHECKING:
    from pylearn2core.space.backend import Backend, Batch


class CompositeSpace(Space):
    """Batches are tuples with one batch for each component; components may be composite too."""

    def __init__(
        self,
        components: Iterable[Space],
        *,
        validate_callbacks: Callbacks = None,
        np_validate_callbacks: Callbacks = None,
    ) -> None:
        super().__init__(
            validate_callbacks=validate_callbacks, np_validate_callbacks=np_validate_callbacks
        )
        self.components: list[Space] = list(components)
        for index, component in enumerate(self.components):
            if not isinstance(component, Space):
                raise TypeError(
                    f"component {index} of a CompositeSpace must be a Space, "
                    f"got {type(component).__name__}"
                )

    def _key(self) -> tuple[Space, ...]:
        return tuple(self.components)

    def __str__(self) -> str:
        return f"{type(self).__name__}({', '.join(map(str, self.components))})"

    @property
    def num_components(self) -> int:
        """Number of components."""
        return len(self.components)

    @property
    def dtype(self) -> Any:
        """The components' dtypes, nested as they are."""
        return tuple(component.dtype for component in self.components)

    @dtype.setter
    def dtype(self, dtype: Any) -> None:
        for component, its in zip(self.components, self._spread(dtype), strict=True):
            component.dtype = its  # type: ignore[misc]

    def get_total_dimension(self) -> int:
        """Sum of the components'."""
        return sum(component.get_total_dimension() for component in self.components)

    def restrict(self, subset: Sequence[int]) -> Space:
        """The components with these indices; a single one stands alone."""
        if not subset:
            raise ValueError("CompositeSpace.restrict needs at least one index of a component")
        if len(subset) == 1:
            return self.components[subset[0]]
        return CompositeSpace([self.components[index] for index in subset])

    def restrict_batch(self, batch: Batch, subset: Sequence[int]) -> Batch:
        """The part of a batch that is in `restrict(subset)`."""
        self._check_tuple(batch)
        return batch[subset[0]] if len(subset) == 1 else tuple(batch[index] for index in subset)

    def get_origin(self) -> Batch:
        """The components' origins."""
        return tuple(component.get_origin() for component in self.components)

    def get_origin_batch(self, batch_size: int, dtype: Any = None) -> Batch:
        """The components' batches of zeros. dtype: one for all, or a tuple with one for each."""
        return tuple(
            component.get_origin_batch(batch_size, its)
            for component, its in zip(self.components, self._spread(dtype), strict=True)
        )

    def make_theano_batch(
        self, name: Any = None, dtype: Any = None, batch_size: int | None = None
    ) -> Batch:
        """Symbolic batches of the components.

        name: a tuple with one for each, or one string, to which `[0]`, `[1]`... is added.
        """
        return self._make(lambda c, n, d: c.make_theano_batch(n, d, batch_size), name, dtype)

    def make_shared_batch(self, batch_size: int, name: Any = None, dtype: Any = None) -> Batch:
        """Shared batches of zeros of the components; names as in `make_theano_batch`."""
        return self._make(lambda c, n, d: c.make_shared_batch(batch_size, n, d), name, dtype)

    def _make(self, make: Callable[[Space, Any, Any], Batch], name: Any, dtype: Any) -> Batch:
        names = name if isinstance(name, tuple | list) else self._numbered(name)
        parts = zip(self.components, names, self._spread(dtype), strict=True)
        return tuple(make(component, its_name, its) for component, its_name, its in parts)

    def _numbered(self, name: str | None) -> list[str | None]:
        return [None if name is None else f"{name}[{i}]" for i in range(self.num_components)]

    def _spread(self, dtype: Any) -> tuple[Any, ...]:
        return dtype if isinstance(dtype, tuple) else (dtype,) * self.num_components

    def _check_tuple(self, batch: Batch) -> None:
        if not isinstance(batch, tuple):
            raise TypeError(f"a batch of {self} must be a tuple, got {type(batch).__name__}")
        if len(batch) != self.num_components:
            raise ValueError(
                f"a batch of {self} must be a tuple of {self.num_components} batches, "
                f"got {len(batch)}"
            )

    def _validate(self, batch: Batch, backend: Backend) -> None:
        self._check_tuple(batch)
        is_numeric = backend is NUMERIC
        for component, part in zip(self.components, batch, strict=True):
            component._check(is_numeric, part)
        if is_numeric:
            self._check_equally_many(batch)

    def _check_equally_many(self, batch: Batch) -> None:
        sizes = {size for size in self._sizes(True, batch) if size is not None}
        if len(sizes) > 1:
            raise ValueError(
                f"the components of a batch of {self} hold different numbers of examples: "
                f"{sorted(sizes)}"
            )

    def _sizes(self, is_numeric: bool, batch: Batch) -> list[Any]:
        return [
            None if isinstance(space, NullSpace) else space._batch_size_impl(is_numeric, part)
            for space, part in zip(self.components, batch, strict=True)
        ]

    def _batch_size_impl(self, is_numeric: bool, batch: Batch) -> Any:
        return next((size for size in self._sizes(is_numeric, batch) if size is not None), 0)

    def _convert(self, batch: Batch, space: Space, backend: Backend) -> Batch:
        parts = list(zip(self.components, batch, strict=True))
        if not isinstance(space, CompositeSpace):
            vectors = [
                as_vectors(component, part, backend)
                for component, part in parts
                if not isinstance(component, NullSpace)
            ]
            return space._from_vector(backend.concatenate(vectors), backend)
        if space.num_components != self.num_components:
            raise ValueError(
                f"can't format a batch of {self} as {space}: they have {self.num_components} "
                f"and {space.num_components} components"
            )
        targets = zip(parts, space.components, strict=True)
        return tuple(mine._format_checked(part, its, backend) for (mine, part), its in targets)

    def _check_sizes(self, space: Space) -> None:
        # Two composites are compared part by part: labels may become longer one-hot vectors.
        if not isinstance(space, CompositeSpace):
            super()._check_sizes(space)

    def _undo(self, batch: Batch, space: Space, backend: Backend) -> Batch:
        if not isinstance(space, CompositeSpace):
            return super()._undo(batch, space, backend)
        space._check(backend is NUMERIC, batch)
        parts = zip(self.components, batch, space.components, strict=True)
        return tuple(mine._undo(part, its, backend) for mine, part, its in parts)

    def _from_vector(self, batch: Batch, backend: Backend) -> Batch:
        parts: list[Batch] = []
        start = 0
        for component in self.components:
            end = start + component.get_total_dimension()
            columns = VectorSpace(end - start, dtype=None)
            if isinstance(component, NullSpace):
                parts.append(None)
            else:
                parts.append(columns._convert(batch[:, start:end], component, backend))
            start = end
        return tuple(parts)

    def get_batch(self, data: Batch, start: int, end: int) -> Batch:
        """Examples start..end-1 of each component."""
        parts = zip(self.components, data, strict=True)
        return tuple(component.get_batch(part, start, end) for component, part in parts)

    def np_take(self, data: Batch, index: Any) -> Batch:
        """The same examples of each component."""
        parts = zip(self.components, data, strict=True)
        return tuple(component.np_take(part, index) for component, part in parts)
