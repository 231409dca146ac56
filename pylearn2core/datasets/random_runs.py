"""Runs of consecutive examples that start anywhere, and the generator behind them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from pylearn2core.rng import copy_rng, make_np_rng

if TYPE_CHECKING:
    from pylearn2core.types import Array


class RandomRunsMixin:
    """A dataset that gives random runs of its rows, as a stream with a position."""

    X: Any
    y: Any
    rng: Any
    _default_seed: ClassVar[tuple[int, ...]]

    def get_topological_view(self, mat: Array | None = None) -> Any:
        """X, or the rows of `mat`, as images."""
        raise NotImplementedError

    def get_batch_design(self, batch_size: int, include_labels: bool = False) -> Any:
        """A run of consecutive rows of X that starts anywhere; with labels, (X, y)."""
        if batch_size > len(self.X):
            raise ValueError(f"batch_size {batch_size} exceeds the {len(self.X)} examples")
        start = int(self.rng.randint(0, len(self.X) - batch_size + 1))
        rows = self.X[start : start + batch_size]
        if not include_labels:
            return rows
        return rows, None if self.y is None else self.y[start : start + batch_size]

    def get_batch_topo(self, batch_size: int, include_labels: bool = False) -> Any:
        """`get_batch_design` as images."""
        if include_labels:
            rows, labels = self.get_batch_design(batch_size, include_labels=True)
            return self.get_topological_view(rows), labels
        return self.get_topological_view(self.get_batch_design(batch_size))

    def get_stream_position(self) -> Any:
        """Where the stream of `get_batch_design` is: a copy of the generator."""
        return copy_rng(self.rng)

    def set_stream_position(self, pos: Any) -> None:
        """Go back to what `get_stream_position` gave."""
        self.rng = copy_rng(pos)

    def restart_stream(self) -> None:
        """Begin the stream of `get_batch_design` again."""
        self.reset_RNG()

    def reset_RNG(self) -> None:
        """Begin again with the generator that a dataset without an `rng` has."""
        self.rng = make_np_rng(None, self._default_seed, which_method=["shuffle"])
