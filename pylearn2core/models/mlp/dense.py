"""What layers that flatten their input and multiply it by a matrix have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pylearn2core.errors import ConfigError
from pylearn2core.models.mlp.weighted import Weighted
from pylearn2core.space import Conv2DSpace, VectorSpace

if TYPE_CHECKING:
    from pylearn2core.space import Space
    from pylearn2core.types import Array, Symbol


class Dense(Weighted):
    """A layer with a weight matrix W, shape (n_in, n_out), and a bias b, shape (n_out,), or None.

    W is drawn by the subclass once `set_input_space` has found n_in.
    """

    max_row_norm: float | None = None
    max_col_norm: float | None = None
    min_col_norm: float | None = None

    def _check_norms(self) -> None:
        columns = (self.max_col_norm, self.min_col_norm)
        if self.max_row_norm is not None and columns != (None, None):
            raise ConfigError(
                f"layer {self.layer_name!r}: bound the norms of the rows (max_row_norm) or of the "
                "columns (max_col_norm, min_col_norm), not both."
            )

    def _check_scales(self) -> None:
        for name in ("W_lr_scale", "b_lr_scale"):
            value = getattr(self, name)
            if value is not None and (isinstance(value, bool) or not isinstance(value, float)):
                raise ConfigError(
                    f"layer {self.layer_name!r}: {name} must be a float, got {value!r}. "
                    "Write it with a point: 1."
                )

    def _take_input_space(self, space: Space) -> int:
        """Note the input space; return the number of features of its flat form."""
        self.input_space = space
        flat = isinstance(space, VectorSpace) and not getattr(space, "sparse", False)
        self.requires_reformat = not flat
        self.input_dim = int(space.get_total_dimension())
        self.desired_space = VectorSpace(self.input_dim)
        return self.input_dim

    def _flat(self, state_below: Symbol) -> Symbol:
        """A batch of the input space as a matrix, shape (batch, n_in)."""
        self.input_space.validate(state_below)
        if self.requires_reformat:
            return self.input_space.format_as(state_below, self.desired_space)
        return state_below

    def _modify_updates(self, updates: dict[Symbol, Symbol]) -> None:
        if self.W is None or self.W not in updates:
            return
        self._bound_W(updates, axis=1, limit=self.max_row_norm)
        self._bound_W(updates, axis=0, limit=self.max_col_norm, min_limit=self.min_col_norm)

    def get_weights_topo(self) -> Array:
        """W as images, shape (n_out, rows, columns, channels); the input space must be images."""
        space = self.input_space
        if not isinstance(space, Conv2DSpace):
            raise self._lacks("get_weights_topo, as its inputs are no images")
        images = Conv2DSpace(
            shape=space.shape, num_channels=space.num_channels, axes=("b", 0, 1, "c")
        )
        values: Array = self.desired_space.np_format_as(self.W.get_value().T, images)
        return values
