"""The softmax output layer."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Any

import numpy as np
import pytensor
import pytensor.tensor as pt
from pytensor.tensor.special import Softmax as SoftmaxOp

from pylearn2core.engine.ops.softmax import log_softmax, softmax
from pylearn2core.errors import ConfigError
from pylearn2core.models.mlp.dense import Dense
from pylearn2core.models.mlp.init import WeightInit, draw_softmax
from pylearn2core.models.mlp.statistics import weight_norms
from pylearn2core.space import IndexSpace, VectorSpace
from pylearn2core.utils import sharedX

if TYPE_CHECKING:
    from pylearn2core.datasets.dense_design_matrix import DenseDesignMatrix
    from pylearn2core.space import Space
    from pylearn2core.types import Array, Symbol


class Softmax(Dense):
    """Output softmax(x W + b), shape (batch, n_classes); cost: mean negative log-likelihood.

    n_classes: number of classes.    layer_name: unique in its MLP.
    irange, istdev, sparse_init: how to draw W (see WeightInit).
    W_lr_scale, b_lr_scale: factors of the learning rate.
    max_row_norm, max_col_norm: bounds on the L2 norms of W's rows or columns.
    no_affine: true for no W and b: the softmax of the input itself.
    init_bias_target_marginals: a dataset whose class frequencies b starts from.
    binary_target_dim: number of label columns, for targets given as labels and not one-hot.
    non_redundant: true for n_classes - 1 units and a constant 0 before them.
    extensions: Model's.
    """

    def __init__(
        self,
        n_classes: int,
        layer_name: str,
        irange: float | None = None,
        istdev: float | None = None,
        sparse_init: int | None = None,
        W_lr_scale: float | None = None,
        b_lr_scale: float | None = None,
        max_row_norm: float | None = None,
        no_affine: bool = False,
        max_col_norm: float | None = None,
        init_bias_target_marginals: DenseDesignMatrix | None = None,
        binary_target_dim: int | None = None,
        non_redundant: bool = False,
        *,
        extensions: Any = None,
    ) -> None:
        super().__init__(extensions)
        self.layer_name = layer_name
        if isinstance(n_classes, bool) or not isinstance(n_classes, int | np.integer):
            raise ConfigError(
                f"layer {layer_name!r}: n_classes must be an integer, got {n_classes!r}."
            )
        self.n_classes = int(n_classes)
        self.init = WeightInit(irange, istdev, sparse_init)
        if not no_affine:
            self.init.check(layer_name)
        self.W_lr_scale, self.b_lr_scale = W_lr_scale, b_lr_scale
        self.max_row_norm, self.max_col_norm = max_row_norm, max_col_norm
        self.no_affine, self.non_redundant = no_affine, non_redundant
        self.binary_target_dim = binary_target_dim
        self._check_norms()
        self._check_scales()
        self.output_space = VectorSpace(self.n_classes)
        if not no_affine:
            self.b = sharedX(self._first_bias(init_bias_target_marginals), name="softmax_b")

    def _units(self) -> int:
        return self.n_classes - 1 if self.non_redundant else self.n_classes

    def _first_bias(self, dataset: DenseDesignMatrix | None) -> Array:
        if dataset is None:
            return np.zeros(self._units())
        if self.non_redundant:
            raise ConfigError(
                f"layer {self.layer_name!r}: init_bias_target_marginals needs one bias a class; "
                "leave out non_redundant."
            )
        return _log_frequencies(dataset, self.n_classes, self.layer_name)

    def set_input_space(self, space: Space) -> None:
        """Set the input space and draw W from the MLP's generator."""
        n_in = self._take_input_space(space)
        if self.no_affine:
            if n_in != self._units():
                raise ConfigError(
                    f"layer {self.layer_name!r}: with no_affine its input must have "
                    f"{self._units()} features, got {n_in}."
                )
            self._params = []
            return
        weights = draw_softmax(self.mlp.rng, self.init, (n_in, self._units()))
        self.W = sharedX(weights, name="softmax_W")
        self._params = [self.b, self.W]

    def get_target_space(self) -> Space:
        """The output space, or labels where binary_target_dim is given."""
        if self.binary_target_dim is None:
            return self.output_space
        return IndexSpace(max_labels=self.n_classes, dim=self.binary_target_dim)

    def fprop(self, state_below: Symbol) -> Symbol:
        """The classes' probabilities, shape (batch, n_classes)."""
        z = self._flat(state_below)
        if not self.no_affine:
            z = pt.dot(z, self.W) + self.b
        if self.non_redundant:
            z = pt.concatenate([pt.zeros_like(z[:, :1]), z], axis=1)
        return softmax(z)

    def _one_hot(self, Y: Symbol) -> Symbol:
        if self.binary_target_dim is None:
            return Y
        if self.binary_target_dim != 1:
            # Several labels a row: the union of their one-hot rows.
            return self.get_target_space().format_as(Y, self.output_space)
        return pt.cast(pt.eq(Y, np.arange(self.n_classes)[None, :]), pytensor.config.floatX)

    def cost_matrix(self, Y: Symbol, Y_hat: Symbol) -> Symbol:
        """Return -y log p, shape (batch, n_classes); Y_hat is what fprop gave."""
        return -(self._one_hot(Y) * log_softmax(_logits(Y_hat, self.layer_name)))

    def cost_from_cost_matrix(self, cost_matrix: Symbol) -> Symbol:
        """Mean over the examples of the sum over the classes."""
        return cost_matrix.sum(axis=1).mean()

    def cost(self, Y: Symbol, Y_hat: Symbol) -> Symbol:
        """Mean negative log-likelihood of the targets Y; Y_hat is what fprop gave."""
        # Negated last, so that the scalar carries no name of its own (see SumOfCosts).
        log_p = log_softmax(_logits(Y_hat, self.layer_name))
        return -(self._one_hot(Y) * log_p).sum(axis=1).mean()

    def get_layer_monitoring_channels(
        self, state_below: Symbol = None, state: Symbol = None, targets: Symbol = None
    ) -> OrderedDict[str, Symbol]:
        """Norms of W; the largest probability; with targets the error rate and the cost."""
        channels = OrderedDict() if self.no_affine else weight_norms(self.W)
        if state is None and state_below is not None:
            state = self.fprop(state_below)
        if state is None:
            return channels
        top = state.max(axis=1)
        channels["mean_max_class"] = top.mean()
        channels["max_max_class"] = top.max()
        channels["min_max_class"] = top.min()
        if targets is not None:
            wanted = pt.argmax(self._one_hot(targets), axis=1)
            wrong = pt.neq(pt.argmax(state, axis=1), wanted)
            channels["misclass"] = pt.cast(wrong, pytensor.config.floatX).mean()
            channels["nll"] = self.cost(Y=targets, Y_hat=state)
        return channels


def _logits(Y_hat: Symbol, layer_name: str) -> Symbol:
    """The z of Y_hat = softmax(z); its logarithm from Y_hat itself would lose digits."""
    owner = getattr(Y_hat, "owner", None)
    if owner is None or not isinstance(owner.op, SoftmaxOp):
        raise ConfigError(
            f"layer {layer_name!r}: cost takes the output of fprop as Y_hat, got {Y_hat!r}."
        )
    return owner.inputs[0]


def _log_frequencies(dataset: DenseDesignMatrix, n_classes: int, layer_name: str) -> Array:
    """log(frequency) of each class less its mean, shape (n_classes,)."""
    y = np.asarray(dataset.y)
    labels = getattr(dataset, "y_labels", None)
    if labels is not None or np.issubdtype(y.dtype, np.integer):
        counts = np.bincount(y.astype(np.int64).ravel(), minlength=n_classes).astype(float)
        frequencies = counts / counts.sum()
    else:
        frequencies = y.mean(axis=0)
    if frequencies.shape != (n_classes,) or not np.all(frequencies > 0):
        raise ConfigError(
            f"layer {layer_name!r}: init_bias_target_marginals needs examples of each of the "
            f"{n_classes} classes; the dataset's class frequencies are {frequencies}."
        )
    logs = np.log(frequencies)
    values: Array = logs - logs.mean()
    return values
