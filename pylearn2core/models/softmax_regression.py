"""Multinomial logistic regression."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pylearn2core.models.mlp import MLP, Softmax

if TYPE_CHECKING:
    from pylearn2core.datasets.dense_design_matrix import DenseDesignMatrix
    from pylearn2core.space import Source, Space
    from pylearn2core.types import Seed


class SoftmaxRegression(MLP):
    """An MLP of one Softmax layer, whose name is 'y'.

    n_classes and the arguments from irange on are Softmax's; nvis or input_space, batch_size,
    input_source, target_source, seed and monitor_targets are MLP's.
    """

    def __init__(
        self,
        n_classes: int,
        batch_size: int | None = None,
        input_space: Space | None = None,
        irange: float | None = None,
        istdev: float | None = None,
        W_lr_scale: float | None = None,
        b_lr_scale: float | None = None,
        max_row_norm: float | None = None,
        max_col_norm: float | None = None,
        sparse_init: int | None = None,
        init_bias_target_marginals: DenseDesignMatrix | None = None,
        nvis: int | None = None,
        seed: Seed | None = None,
        *,
        no_affine: bool = False,
        binary_target_dim: int | None = None,
        non_redundant: bool = False,
        input_source: Source = "features",
        target_source: Source = "targets",
        monitor_targets: bool = True,
    ) -> None:
        layer = Softmax(
            n_classes=n_classes,
            layer_name="y",
            irange=irange,
            istdev=istdev,
            sparse_init=sparse_init,
            W_lr_scale=W_lr_scale,
            b_lr_scale=b_lr_scale,
            max_row_norm=max_row_norm,
            no_affine=no_affine,
            max_col_norm=max_col_norm,
            init_bias_target_marginals=init_bias_target_marginals,
            binary_target_dim=binary_target_dim,
            non_redundant=non_redundant,
        )
        super().__init__([layer], batch_size, input_space, input_source, target_source, nvis, seed)
        self.monitor_targets = monitor_targets
