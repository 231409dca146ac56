"""Data specs: a space and the names of the sources that fill it, nested alike.

`(VectorSpace(3), "features")` and `(CompositeSpace([A, B]), ("features", "targets"))` are both.
"""

from __future__ import annotations

from typing import Any

from pylearn2core.space import CompositeSpace, DataSpecs, NullSpace, Source, Space

__all__ = ["DataSpecs", "DataSpecsMapping", "Source"]


class DataSpecsMapping:
    """Goes from a nest of (space, source) pairs to the flat tuple of different ones, and back.

    A pair that occurs several times is one element of the flat tuple; NullSpace has none.
    """

    def __init__(self, data_specs: DataSpecs) -> None:
        self.specs_to_index: dict[tuple[Space, str], int] = {}
        self.spec_mapping = self._index_of(*data_specs)
        self.n_unique_specs = len(self.specs_to_index)

    @property
    def unique(self) -> tuple[tuple[Space, str], ...]:
        """The different (space, source) pairs, in order of their first occurrence."""
        return tuple(self.specs_to_index)

    def _index_of(self, space: Space, source: Source) -> Any:
        if isinstance(space, NullSpace):
            _check(not source, space, source, "no source ('' or ())")
            return None
        if not isinstance(space, CompositeSpace):
            if isinstance(source, tuple) and len(source) == 1:
                source = source[0]
            _check(isinstance(source, str), space, source, "one name")
            return self.specs_to_index.setdefault((space, source), len(self.specs_to_index))
        fits = isinstance(source, tuple) and len(source) == space.num_components
        _check(fits, space, source, f"a tuple of {space.num_components} sources")
        pairs = zip(space.components, source, strict=True)
        return tuple(self._index_of(component, its) for component, its in pairs)

    def flatten(self, nested: Any, return_tuple: bool = False) -> Any:
        """The elements of something nested like the data specs, one for each different pair.

        nested: batches, names, or the space itself.
        return_tuple: without it, a single element is returned by itself, and of a space its
        CompositeSpace of the different elements.
        """
        flat: list[Any] = [None] * self.n_unique_specs
        self._fill(flat, nested, self.spec_mapping)
        if return_tuple:
            return tuple(flat)
        if len(flat) == 1:
            return flat[0]
        return CompositeSpace(flat) if isinstance(nested, Space) else tuple(flat)

    def _fill(self, flat: list[Any], nested: Any, mapping: Any) -> None:
        if isinstance(mapping, int):
            if isinstance(nested, CompositeSpace):
                nested = tuple(nested.components)
            if isinstance(nested, tuple):
                _check_nest(nested, (mapping,))
                nested = nested[0]
            _check_same(flat[mapping], nested)
            flat[mapping] = nested
        elif mapping is not None:
            parts = nested.components if isinstance(nested, CompositeSpace) else nested
            _check_nest(parts, mapping)
            for part, its in zip(parts, mapping, strict=True):
                self._fill(flat, part, its)

    def nest(self, flat: Any) -> Any:
        """The inverse of `flatten`: elements of the flat tuple, nested like the data specs.

        Of a Space: the space, nested like them.
        """
        is_space = isinstance(flat, Space)
        if isinstance(flat, CompositeSpace):
            flat = tuple(flat.components)
        if not isinstance(flat, tuple | list):
            flat = (flat,)
        if len(flat) != self.n_unique_specs:
            raise ValueError(
                f"expected {self.n_unique_specs} elements to nest, one for each different "
                f"(space, source) pair, got {len(flat)}"
            )
        nested = self._nested(flat, self.spec_mapping)
        return _as_space(nested) if is_space else nested

    def _nested(self, flat: Any, mapping: Any) -> Any:
        if mapping is None:
            return None
        if isinstance(mapping, int):
            return flat[mapping]
        return tuple(self._nested(flat, its) for its in mapping)


def _as_space(nested: Any) -> Any:
    """Nested tuples of spaces as one space."""
    if isinstance(nested, tuple):
        return CompositeSpace([_as_space(part) for part in nested])
    return NullSpace() if nested is None else nested


def _check_same(before: Any, now: Any) -> None:
    if before is not None and isinstance(before, str | Space) and before != now:
        raise ValueError(
            f"one element of the data specs stands in two places, with {before!r} and {now!r} there"
        )


def _check(condition: bool, space: Space, source: Source, expected: str) -> None:
    if not condition:
        raise ValueError(f"data specs: {space} needs {expected}, got {source!r}")


def _check_nest(parts: Any, mapping: tuple[Any, ...]) -> None:
    if not isinstance(parts, tuple | list) or len(parts) != len(mapping):
        raise ValueError(
            f"expected a tuple of {len(mapping)} parts, nested like the data specs, got {parts!r}"
        )


def is_flat_space(space: Space) -> bool:
    """Whether a space has no composite component. Raises TypeError for what is no Space."""
    if not isinstance(space, Space):
        raise TypeError(f"expected a Space, got {space!r}")
    if not isinstance(space, CompositeSpace):
        return True
    return not any(isinstance(component, CompositeSpace) for component in space.components)


def is_flat_source(source: Source) -> bool:
    """Whether a source is a name, or a tuple of names. Raises TypeError for anything else."""
    if not isinstance(source, str | tuple):
        raise TypeError(f"expected a name, or a tuple of names, got {source!r}")
    return isinstance(source, str) or all(isinstance(name, str) for name in source)


def is_flat_specs(data_specs: DataSpecs) -> bool:
    """Whether both the space and the source are flat."""
    return is_flat_space(data_specs[0]) and is_flat_source(data_specs[1])
