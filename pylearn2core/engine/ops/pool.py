"""Pooling of images as Ops, with a JAX lowering and a NumPy fallback.

Images have the axes (batch, channel, row, column). Pools begin at the first row and column; the
last ones may reach over the lower and the right edge, where only what is inside counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytensor.tensor as pt
from numpy.lib.stride_tricks import sliding_window_view
from pytensor.gradient import disconnected_type, grad_not_implemented
from pytensor.graph.basic import Apply
from pytensor.graph.op import Op
from pytensor.link.jax.dispatch import jax_funcify

from pylearn2core.engine.ops.images import Pair, pair, sizes
from pylearn2core.errors import ConfigError

Array = Any


def max_pool(images: Any, shape: Any, stride: Any) -> Any:
    """The largest value of each pool; shape (b, c, *pooled_shape((rows, columns), ...)).

    shape, stride: (rows, columns) of a pool, and from one pool to the next.
    Of equal values the first in a pool gets the gradient; all of them where shape == stride, as in
    Theano.
    """
    return MaxPool(pair(shape, "pool_shape"), pair(stride, "pool_stride"))(images)


def mean_pool(images: Any, shape: Any, stride: Any) -> Any:
    """The mean of each pool's values; shapes as in `max_pool`."""
    return MeanPool(pair(shape, "pool_shape"), pair(stride, "pool_stride"))(images)


def pooled_shape(image: Sequence[int], shape: Any, stride: Any) -> Pair:
    """(rows, columns) of pooled images: so many pools that each value is in one, if the stride
    leaves no gaps. Raises ConfigError for pools that are larger than the image."""
    shape, stride = pair(shape, "pool_shape"), pair(stride, "pool_stride")
    if shape[0] > image[0] or shape[1] > image[1]:
        raise ConfigError(
            f"pools of {shape[0]} x {shape[1]} are larger than the {image[0]} x {image[1]} "
            "values to pool: choose a smaller pool_shape."
        )
    rows, columns = map(_pooled_size, image, shape, stride)
    return rows, columns


def _pooled_size(image: int, pool: int, stride: int) -> int:
    # The second bound: where the stride is larger than a pool, none may lie outside altogether.
    return min(-(-(image - pool) // stride), (image - 1) // stride) + 1


class _Pooling(Op):
    __props__ = ("shape", "stride")

    def __init__(self, shape: Pair, stride: Pair) -> None:
        self.shape, self.stride = shape, stride

    def _excess(self, image: Sequence[int]) -> list[int]:
        """How many rows and columns the last pools reach over the edge."""
        count = map(_pooled_size, image, self.shape, self.stride)
        return [
            max(0, (n - 1) * s + p - i)
            for n, i, p, s in zip(count, image, self.shape, self.stride, strict=True)
        ]

    def _windows(self, images: Array, fill: float) -> Array:
        """Each pool's values, shape (b, c, pooled rows, pooled columns, *self.shape), a view."""
        edges = ((0, size) for size in self._excess(images.shape[2:]))
        padded = np.pad(images, ((0, 0), (0, 0), *edges), constant_values=fill)
        rows, columns = self.stride
        return sliding_window_view(padded, self.shape, (2, 3))[:, :, ::rows, ::columns]

    def _reduce(self, images: Any, start: float, function: Any) -> Any:
        """Each pool's values reduced, in JAX."""
        edges = ((0, size) for size in self._excess(images.shape[2:]))
        return jax.lax.reduce_window(
            images,
            np.asarray(start, dtype=images.dtype),
            function,
            (1, 1, *self.shape),
            (1, 1, *self.stride),
            ((0, 0), (0, 0), *edges),
        )


class _Pool(_Pooling):
    def make_node(self, images: Any) -> Apply:
        """Images (b, c, rows, columns) to pooled images."""
        images = pt.as_tensor(images)
        if images.type.ndim != 4:
            raise ValueError(f"images must have 4 dimensions, got {images.type.ndim}")
        size = sizes(_pooled_size, images.type.shape[2:], self.shape, self.stride)
        return Apply(self, [images], [images.type.clone(shape=(*images.type.shape[:2], *size))()])


class _PoolingGradient(_Pooling):
    """Adds up in the images what the pools give to each place."""

    def _scatter(self, like: Array, parts: Array) -> Array:
        """parts: shape (b, c, pooled rows, pooled columns, *self.shape)."""
        excess = self._excess(like.shape[2:])
        rows, columns = np.add(like.shape[2:], excess)
        padded = np.zeros((*parts.shape[:2], rows, columns), dtype=parts.dtype)
        for place in np.ndindex(*self.shape):
            into = [
                slice(first, first + (count - 1) * step + 1, step)
                for first, count, step in zip(place, parts.shape[2:4], self.stride, strict=True)
            ]
            padded[:, :, into[0], into[1]] += parts[(..., *place)]
        return np.ascontiguousarray(padded[:, :, : like.shape[2], : like.shape[3]])


# ------------------------------------------------------------ the largest
class MaxPool(_Pool):
    """Images to the largest value of each pool."""

    def perform(self, node: Any, inputs: Any, outputs: Any) -> None:
        """On the host."""
        outputs[0][0] = self._windows(inputs[0], -np.inf).max(axis=(4, 5))

    def pullback(self, inputs: Any, outputs: Any, cotangents: Any) -> list[Any]:
        """Gradient with respect to the images."""
        return [MaxPoolGradient(self.shape, self.stride)(*inputs, *outputs, *cotangents)]


class MaxPoolGradient(_PoolingGradient):
    """(images, pooled images, gradient with respect to those) to that with respect to images."""

    @property
    def all_ties(self) -> bool:
        """Whether all of a pool's equal values get the gradient, or the first of them."""
        return self.shape == self.stride

    def make_node(self, images: Any, pooled: Any, grad: Any) -> Apply:
        """See the class."""
        images, pooled, grad = map(pt.as_tensor, (images, pooled, grad))
        return Apply(self, [images, pooled, grad], [images.type()])

    def perform(self, node: Any, inputs: Any, outputs: Any) -> None:
        """On the host."""
        images, pooled, grad = inputs
        is_largest = self._windows(images, -np.inf) == pooled[..., None, None]
        if not self.all_ties:
            flat = is_largest.reshape(*is_largest.shape[:4], -1)
            is_largest = (flat & (flat.cumsum(axis=-1) == 1)).reshape(is_largest.shape)
        outputs[0][0] = self._scatter(images, is_largest * grad[..., None, None])

    def pullback(self, inputs: Any, outputs: Any, cotangents: Any) -> list[Any]:
        """None; PyTensor raises NullTypeGradError where one is needed."""
        reason = "There are no second derivatives through max pooling."
        return [grad_not_implemented(self, place, x, reason) for place, x in enumerate(inputs)]


# ------------------------------------------------------------ the mean
class MeanPool(_Pool):
    """Images to the mean of each pool's values."""

    def perform(self, node: Any, inputs: Any, outputs: Any) -> None:
        """On the host."""
        (images,) = inputs
        counts = self._counts(images.shape[2:]).astype(images.dtype)
        outputs[0][0] = self._windows(images, 0.0).sum(axis=(4, 5)) / counts

    def pullback(self, inputs: Any, outputs: Any, cotangents: Any) -> list[Any]:
        """Gradient with respect to the images."""
        return [MeanPoolGradient(self.shape, self.stride)(*inputs, *cotangents)]

    def _counts(self, image: Sequence[int]) -> Array:
        """How many values each pool has, shape (pooled rows, pooled columns)."""
        return self._windows(np.ones((1, 1, *image)), 0.0).sum(axis=(0, 1, 4, 5))

    def _forward(self, images: Any) -> Any:
        counts = self._counts(images.shape[2:]).astype(images.dtype)
        return self._reduce(images, 0.0, jax.lax.add) / counts


class MeanPoolGradient(_PoolingGradient):
    """(like, gradient with respect to pooled images) to that with respect to images.

    like: any array of the images' shape.
    """

    def make_node(self, like: Any, grad: Any) -> Apply:
        """See the class."""
        like, grad = pt.as_tensor(like), pt.as_tensor(grad)
        return Apply(self, [like, grad], [grad.type.clone(shape=like.type.shape)()])

    def connection_pattern(self, node: Any) -> list[list[bool]]:
        """Of `like` only the shape counts."""
        return [[False], [True]]

    def perform(self, node: Any, inputs: Any, outputs: Any) -> None:
        """On the host."""
        like, grad = inputs
        counts = MeanPool(self.shape, self.stride)._counts(like.shape[2:]).astype(grad.dtype)
        each = (grad / counts)[..., None, None]
        outputs[0][0] = self._scatter(like, np.broadcast_to(each, (*grad.shape, *self.shape)))

    def pullback(self, inputs: Any, outputs: Any, cotangents: Any) -> list[Any]:
        """Gradient with respect to the gradient: the mean of its pools."""
        return [disconnected_type(), MeanPool(self.shape, self.stride)(*cotangents)]


# ------------------------------------------------------------ in JAX
def _max_pool_in_jax(op: MaxPool, **_: Any) -> Any:
    return lambda images: op._reduce(images, -np.inf, jax.lax.max)


def _max_pool_gradient_in_jax(op: MaxPoolGradient, **_: Any) -> Any:
    def to_all(images: Any, pooled: Any, grad: Any) -> Any:
        def spread(values: Any) -> Any:
            for axis, times in zip((2, 3), op.shape, strict=True):
                values = jnp.repeat(values, times, axis=axis)
            return values[:, :, : images.shape[2], : images.shape[3]]

        return jnp.where(images == spread(pooled), spread(grad), jnp.zeros((), grad.dtype))

    def to_first(images: Any, pooled: Any, grad: Any) -> Any:
        return jax.vjp(lambda x: op._reduce(x, -np.inf, jax.lax.max), images)[1](grad)[0]

    return to_all if op.all_ties else to_first


def _mean_pool_in_jax(op: MeanPool, **_: Any) -> Any:
    return op._forward


def _mean_pool_gradient_in_jax(op: MeanPoolGradient, **_: Any) -> Any:
    def images_of(like: Any, grad: Any) -> Any:
        images = jax.ShapeDtypeStruct(like.shape, grad.dtype)
        return jax.linear_transpose(MeanPool(op.shape, op.stride)._forward, images)(grad)[0]

    return images_of


jax_funcify.register(MaxPool, _max_pool_in_jax)
jax_funcify.register(MaxPoolGradient, _max_pool_gradient_in_jax)
jax_funcify.register(MeanPool, _mean_pool_in_jax)
jax_funcify.register(MeanPoolGradient, _mean_pool_gradient_in_jax)
