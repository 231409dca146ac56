"""Convolutional layers."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import pytensor.tensor as pt

from pylearn2core.errors import ConfigError
from pylearn2core.linear.conv2d import Conv2D, convolved_shape
from pylearn2core.models.mlp.conv_nonlinearity import (
    ConvNonlinearity,
    RectifierConvNonlinearity,
    check_style,
)
from pylearn2core.models.mlp.init import WeightInit, draw_kernels, filled
from pylearn2core.models.mlp.pool import max_pool, mean_pool, pooled_shape
from pylearn2core.models.mlp.statistics import min_mean_max
from pylearn2core.models.mlp.weighted import Weighted
from pylearn2core.space import Conv2DSpace
from pylearn2core.utils import sharedX

if TYPE_CHECKING:
    from pylearn2core.space import Space
    from pylearn2core.types import Array, Symbol

_POOLS = {"max": max_pool, "mean": mean_pool}


class ConvElemwise(Weighted):
    """A convolution, a bias, a nonlinearity and, if asked for, pooling.

    The input space must be a Conv2DSpace, in any order of its axes; the detectors (what is pooled)
    and the output have the order ('b', 'c', 0, 1).

    output_channels: number of kernels.    kernel_shape: their (rows, columns).
    layer_name: unique in its MLP.    nonlinearity: a ConvNonlinearity.
    irange: kernels are uniform in (-irange, irange); include_prob: chance of a weight to stay.
    sparse_init: in place of irange, that many normal weights a kernel, the others 0.
    border_mode: 'valid' for kernels inside the image, 'full' for all that touch it.
    init_bias: a number, or an array of the biases' shape: (channels,) if tied, else (channels,
    detector rows, columns). The kernels' shape is (output channels, input channels, rows, columns).
    W_lr_scale, b_lr_scale: factors of the learning rate.
    max_kernel_norm: bound on the L2 norm of each kernel over all input channels.
    pool_type: 'max', 'mean' or None.    pool_shape, pool_stride: (rows, columns) of a pool, and
    from one to the next.
    tied_b: true for one bias a channel, else one a detector.
    detector_normalization, output_normalization: functions of what is pooled, and of the output.
    kernel_stride: rows and columns from one place of a kernel to the next.
    monitor_style: 'classification' or 'detection'; the channels are those of the nonlinearity's own
    monitor_style, as in Pylearn2.
    """

    input_space: Conv2DSpace
    detector_space: Conv2DSpace
    output_space: Conv2DSpace

    def __init__(
        self,
        output_channels: int,
        kernel_shape: Sequence[int],
        layer_name: str,
        nonlinearity: ConvNonlinearity,
        irange: float | None = None,
        border_mode: str = "valid",
        sparse_init: int | None = None,
        include_prob: float = 1.0,
        init_bias: Any = 0.0,
        W_lr_scale: float | None = None,
        b_lr_scale: float | None = None,
        max_kernel_norm: float | None = None,
        pool_type: str | None = None,
        pool_shape: Sequence[int] | None = None,
        pool_stride: Sequence[int] | None = None,
        tied_b: bool | None = None,
        detector_normalization: Callable[[Any], Any] | None = None,
        output_normalization: Callable[[Any], Any] | None = None,
        kernel_stride: Sequence[int] = (1, 1),
        monitor_style: str = "classification",
    ) -> None:
        super().__init__()
        self.layer_name = layer_name
        self.output_channels, self.kernel_shape = output_channels, kernel_shape
        self.nonlin = nonlinearity
        self.init = WeightInit(irange, None, sparse_init, 1.0, include_prob)
        self.init.check(layer_name)
        self.border_mode, self.kernel_stride = border_mode, kernel_stride
        self.init_bias, self.tied_b = init_bias, bool(tied_b)
        self.W_lr_scale, self.b_lr_scale = W_lr_scale, b_lr_scale
        self.max_kernel_norm = max_kernel_norm
        self.pool_type, self.pool_shape, self.pool_stride = pool_type, pool_shape, pool_stride
        self._check_pools()
        self.detector_normalization = detector_normalization
        self.output_normalization = output_normalization
        self.monitor_style = check_style(monitor_style, f"layer {layer_name!r}")

    def _check_pools(self) -> None:
        if self.pool_type is None:
            return
        if self.pool_type not in _POOLS:
            raise ConfigError(
                f"layer {self.layer_name!r}: pool_type must be max, mean or null, "
                f"got {self.pool_type!r}."
            )
        for name in ("pool_shape", "pool_stride"):
            if getattr(self, name) is None:
                raise ConfigError(
                    f"layer {self.layer_name!r}: {self.pool_type} pooling needs {name}; "
                    "write [rows, columns]."
                )

    # Spaces and parameters --------------------------------------------------------------------

    def set_input_space(self, space: Space) -> None:
        """Set the input space and draw the kernels from the MLP's generator."""
        if not isinstance(space, Conv2DSpace):
            raise ConfigError(
                f"layer {self.layer_name!r}: a convolution needs images, a Conv2DSpace, as its "
                f"input space; got {space}. Give the MLP an input_space in place of nvis."
            )
        self.input_space = space
        try:
            self.detector_space = self._images(
                convolved_shape(
                    space.shape, self.kernel_shape, self.border_mode, self.kernel_stride
                )
            )
            self.output_space = self._pooled_space()
        except ConfigError as error:
            raise ConfigError(f"layer {self.layer_name!r}: {error}") from None
        self._make_params(space)

    def _images(self, shape: Sequence[int]) -> Conv2DSpace:
        return Conv2DSpace(shape, num_channels=self.output_channels, axes=("b", "c", 0, 1))

    def _pooled_space(self) -> Conv2DSpace:
        if self.pool_type is None:
            return self.detector_space
        assert self.pool_shape is not None
        assert self.pool_stride is not None
        return self._images(
            pooled_shape(self.detector_space.shape, self.pool_shape, self.pool_stride)
        )

    def _make_params(self, space: Conv2DSpace) -> None:
        shape = (self.output_channels, space.num_channels, *self.kernel_shape)
        self.W = sharedX(draw_kernels(self.mlp.rng, self.init, shape), name=f"{self.layer_name}_W")
        self.b = sharedX(self._first_biases(), name=f"{self.layer_name}_b")
        self.transformer = Conv2D(
            self.W,
            batch_size=self.mlp.batch_size,
            input_space=space,
            output_axes=self.detector_space.axes,
            subsample=self.kernel_stride,
            border_mode=self.border_mode,
        )
        self._params = [self.W, self.b]

    def _first_biases(self) -> Array:
        detectors = (self.output_channels, *self.detector_space.shape)
        shape = detectors[:1] if self.tied_b else detectors
        return filled(self.init_bias, shape, f"layer {self.layer_name!r}: init_bias")

    def set_batch_size(self, batch_size: int) -> None:
        """Tell the transformer."""
        if "transformer" in self.__dict__:
            self.transformer.set_batch_size(batch_size)

    def _modify_updates(self, updates: dict[Symbol, Symbol]) -> None:
        if self.W in updates:
            self._bound_W(updates, axis=(1, 2, 3), limit=self.max_kernel_norm)

    def get_weights_topo(self) -> Array:
        """The kernels as pictures, shape (output channels, rows, columns, input channels)."""
        return self.transformer.get_weights_topo()

    # Forward ----------------------------------------------------------------------------------

    def fprop(self, state_below: Symbol) -> Symbol:
        """The layer's output, in `output_space`."""
        self.input_space.validate(state_below)
        z = self.transformer.lmul(state_below)
        places = ("x", 0, "x", "x") if self.tied_b else ("x", 0, 1, 2)
        state = self.nonlin.apply(z + self.b.dimshuffle(*places))
        if self.pool_type is not None:
            state = self._pool(state)
        if self.output_normalization is not None:
            state = self.output_normalization(state)
        return state

    def _pool(self, detectors: Symbol) -> Symbol:
        assert self.pool_type is not None
        assert self.pool_shape is not None
        assert self.pool_stride is not None
        if self.detector_normalization is not None:
            detectors = self.detector_normalization(detectors)
        shape = self.detector_space.shape
        return _POOLS[self.pool_type](
            detectors, self.pool_shape, self.pool_stride, image_shape=shape
        )

    def cost(self, Y: Symbol, Y_hat: Symbol) -> Symbol:
        """The nonlinearity's cost."""
        return self.nonlin.cost(Y, Y_hat, self.output_space.get_batch_axis())

    def get_layer_monitoring_channels(
        self, state_below: Symbol = None, state: Symbol = None, targets: Symbol = None
    ) -> OrderedDict[str, Symbol]:
        """Norms of the kernels; the nonlinearity's channels."""
        channels = min_mean_max("kernel_norms", pt.sqrt(pt.sqr(self.W).sum(axis=(1, 2, 3))))
        if state is None and state_below is not None:
            state = self.fprop(state_below)
        if state is not None:
            channels.update(
                self.nonlin.get_monitoring_channels_from_state(state, targets, cost_fn=self.cost)
            )
        return channels


class ConvRectifiedLinear(ConvElemwise):
    """A convolution with rectified linear units and pooling.

    left_slope: slope for negative values.    The other arguments as ConvElemwise's.
    """

    def __init__(
        self,
        output_channels: int,
        kernel_shape: Sequence[int],
        pool_shape: Sequence[int] | None,
        pool_stride: Sequence[int] | None,
        layer_name: str,
        irange: float | None = None,
        border_mode: str = "valid",
        sparse_init: int | None = None,
        include_prob: float = 1.0,
        init_bias: Any = 0.0,
        W_lr_scale: float | None = None,
        b_lr_scale: float | None = None,
        left_slope: float = 0.0,
        max_kernel_norm: float | None = None,
        pool_type: str | None = "max",
        tied_b: bool = False,
        detector_normalization: Callable[[Any], Any] | None = None,
        output_normalization: Callable[[Any], Any] | None = None,
        kernel_stride: Sequence[int] = (1, 1),
        monitor_style: str = "classification",
    ) -> None:
        super().__init__(
            output_channels=output_channels,
            kernel_shape=kernel_shape,
            layer_name=layer_name,
            nonlinearity=RectifierConvNonlinearity(left_slope),
            irange=irange,
            border_mode=border_mode,
            sparse_init=sparse_init,
            include_prob=include_prob,
            init_bias=init_bias,
            W_lr_scale=W_lr_scale,
            b_lr_scale=b_lr_scale,
            max_kernel_norm=max_kernel_norm,
            pool_type=pool_type,
            pool_shape=pool_shape,
            pool_stride=pool_stride,
            tied_b=tied_b,
            detector_normalization=detector_normalization,
            output_normalization=output_normalization,
            kernel_stride=kernel_stride,
            monitor_style=monitor_style,
        )
