"""What layers that flatten their input and multiply it by a matrix have in common."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

import pytensor.tensor as pt

from pylearn2core.errors import ConfigError
from pylearn2core.linear.norms import bound_norms
from pylearn2core.models.mlp.layer import Layer
from pylearn2core.space import Conv2DSpace, VectorSpace
from pylearn2core.utils.hyper import hyper


class Dense(Layer):
    """A layer with a weight matrix W, shape (n_in, n_out), and a bias b (or None).

    W is drawn by the subclass once `set_input_space` has found n_in.
    """

    W: Any = None
    b: Any = None
    W_lr_scale: float | None = None
    b_lr_scale: float | None = None
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

    def _take_input_space(self, space: Any) -> int:
        """Note the input space; return the number of features of its flat form."""
        self.input_space = space
        flat = isinstance(space, VectorSpace) and not getattr(space, "sparse", False)
        self.requires_reformat = not flat
        self.input_dim = int(space.get_total_dimension())
        self.desired_space = VectorSpace(self.input_dim)
        return self.input_dim

    def _flat(self, state_below: Any) -> Any:
        """A batch of the input space as a matrix, shape (batch, n_in)."""
        self.input_space.validate(state_below)
        if self.requires_reformat:
            return self.input_space.format_as(state_below, self.desired_space)
        return state_below

    def _modify_updates(self, updates: dict[Any, Any]) -> None:
        if self.W is None or self.W not in updates:
            return
        if self.max_row_norm is not None:
            updates[self.W] = bound_norms(updates[self.W], axis=1, limit=self.max_row_norm)
        if self.max_col_norm is not None or self.min_col_norm is not None:
            updates[self.W] = bound_norms(
                updates[self.W],
                axis=0,
                limit=self.max_col_norm,
                min_limit=0.0 if self.min_col_norm is None else self.min_col_norm,
            )

    def get_lr_scalers(self) -> OrderedDict[Any, float]:
        """W_lr_scale and b_lr_scale, where given."""
        scalers: OrderedDict[Any, float] = OrderedDict()
        if self.W_lr_scale is not None:
            scalers[self.W] = self.W_lr_scale
        if self.b_lr_scale is not None:
            scalers[self.b] = self.b_lr_scale
        return scalers

    def get_weight_decay(self, coeff: Any) -> Any:
        """Coeff x sum(W^2)."""
        return hyper(coeff) * pt.sqr(self.W).sum()

    def get_l1_weight_decay(self, coeff: Any) -> Any:
        """Coeff x sum(|W|)."""
        return hyper(coeff) * abs(self.W).sum()

    def get_weights(self) -> Any:
        """W's value, shape (n_in, n_out)."""
        return self.W.get_value()

    def set_weights(self, weights: Any) -> None:
        """Set W, shape (n_in, n_out)."""
        self.W.set_value(weights)

    def get_biases(self) -> Any:
        """The value of b, shape (n_out,)."""
        return self.b.get_value()

    def set_biases(self, biases: Any) -> None:
        """Set b, shape (n_out,)."""
        self.b.set_value(biases)

    def get_weights_topo(self) -> Any:
        """W as images, shape (n_out, rows, columns, channels); the input space must be images."""
        space = self.input_space
        if not isinstance(space, Conv2DSpace):
            raise self._lacks("get_weights_topo, as its inputs are no images")
        images = Conv2DSpace(
            shape=space.shape, num_channels=space.num_channels, axes=("b", 0, 1, "c")
        )
        return self.desired_space.np_format_as(self.W.get_value().T, images)
