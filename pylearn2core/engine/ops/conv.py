"""Convolution of images as Ops, with a JAX lowering and a NumPy fallback.

Images have the axes (batch, channel, row, column), kernels (output channel, input channel, row,
column). Convolution is the mathematical one: the kernel is flipped.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytensor.tensor as pt
from pytensor.gradient import disconnected_type
from pytensor.graph.basic import Apply
from pytensor.graph.op import Op
from pytensor.graph.traversal import toposort
from pytensor.link.jax.dispatch import jax_funcify
from pytensor.tensor.type import TensorType

from pylearn2core.engine.ops.images import (
    Pair,
    check_border_mode,
    output_shape,
    output_size,
    pair,
    sizes,
)

Array = Any
# As many rows of pixels make a product worth its call; more only fill the memory.
_PRODUCT_ROWS = 32


def convolve(images: Any, kernels: Any, border_mode: str = "valid", stride: Any = (1, 1)) -> Any:
    """Convolve images (b, c, rows, columns) with kernels (o, c, k, l).

    border_mode: 'valid' for kernels that lie inside the image, 'full' for all that touch it.
    stride: rows and columns from one output to the next.
    Returns shape (b, o, *output_shape((rows, columns), (k, l), border_mode, stride)).
    """
    images, kernels = _same_dtype(images, kernels)
    return Convolve(border_mode, pair(stride, "stride"))(images, kernels)


def convolve_transposed(
    outputs: Any, kernels: Any, image_shape: Pair, border_mode: str = "valid", stride: Any = (1, 1)
) -> Any:
    """The transpose of `convolve`: outputs (b, o, ...) back to images (b, c, *image_shape)."""
    outputs, kernels = _same_dtype(outputs, kernels)
    like = pt.constant(np.zeros((1, 1, *image_shape), dtype=outputs.dtype))
    return ConvolveImages(border_mode, pair(stride, "stride"))(like, kernels, outputs)


def convolves(roots: Sequence[Any]) -> bool:
    """Whether the graph of `roots` has a convolution in it."""
    return any(isinstance(node.op, _Convolution) for node in toposort(roots))


def _same_dtype(images: Any, kernels: Any) -> tuple[Any, Any]:
    images, kernels = pt.as_tensor(images), pt.as_tensor(kernels)
    dtype = np.result_type(images.dtype, kernels.dtype)
    return images.astype(dtype), kernels.astype(dtype)


# ------------------------------------------------------------ convolution
class _Convolution(Op):
    """What the three have in common: y = x * w is linear in both, so each is another's gradient."""

    __props__ = ("border_mode", "stride")

    def __init__(self, border_mode: str, stride: Pair) -> None:
        self.border_mode = check_border_mode(border_mode)
        self.stride = stride

    def _padding(self, kernel: Sequence[int]) -> Pair:
        """Rows of zeros above and below, columns left and right."""
        rows, columns = (k - 1 if self.border_mode == "full" else 0 for k in kernel)
        return rows, columns

    def _pad(self, images: Array, kernel: Sequence[int]) -> Array:
        rows, columns = self._padding(kernel)
        return np.pad(images, ((0, 0), (0, 0), (rows, rows), (columns, columns)))

    def _taps(self, kernel: Sequence[int], output: Sequence[int]) -> Iterator[tuple[Any, Any]]:
        """For each place in a kernel, the padded images' rows and columns that it multiplies."""
        for place in np.ndindex(*kernel):
            first = [k - 1 - p for k, p in zip(kernel, place, strict=True)]  # flipped
            yield (
                (..., *place),
                (..., *map(_strided, first, output, self.stride)),
            )

    def _forward(self, images: Any, kernels: Any) -> Any:
        """The convolution in JAX."""
        # XLA's own convolution has no fast kernels on a CPU inside a loop, as an epoch is one:
        # products of matrices took a third to a thirtieth of its time.
        on_cpu = jax.default_backend() == "cpu"
        return (self._by_products if on_cpu else self._by_xla)(images, kernels)

    def _by_xla(self, images: Any, kernels: Any) -> Any:
        return jax.lax.conv_general_dilated(
            images,
            jnp.flip(kernels, (2, 3)),
            self.stride,
            [(size, size) for size in self._padding(kernels.shape[2:])],
        )

    def _by_products(self, images: Any, kernels: Any) -> Any:
        kernel = kernels.shape[2:]
        size = output_shape(images.shape[2:], kernel, self.border_mode, self.stride)
        rows, columns = self._padding(kernel)
        padded = jnp.pad(images, ((0, 0), (0, 0), (rows, rows), (columns, columns)))
        by_channel = padded.transpose(1, 0, 2, 3)
        taps = list(self._taps(kernel, size))
        each = max(1, _PRODUCT_ROWS // images.shape[1])
        total: Any = 0.0
        for some in (taps[start : start + each] for start in range(0, len(taps), each)):
            seen = jnp.concatenate([by_channel[part] for _, part in some])
            weights = jnp.concatenate([kernels[place] for place, _ in some], axis=1)
            total = total + weights @ seen.reshape(len(seen), -1)
        return total.reshape(-1, len(images), *size).transpose(1, 0, 2, 3)


class Convolve(_Convolution):
    """(images, kernels) to outputs."""

    def make_node(self, images: Any, kernels: Any) -> Apply:
        """See `convolve`."""
        images, kernels = pt.as_tensor(images), pt.as_tensor(kernels)
        _check_ndim(images, kernels)
        x, w = images.type.shape, kernels.type.shape

        def size(image: int, kernel: int, stride: int) -> int:
            return output_size(image, kernel, stride, self.border_mode)

        shape = (x[0], w[0], *sizes(size, x[2:], w[2:], self.stride))
        return Apply(self, [images, kernels], [TensorType(images.dtype, shape=shape)()])

    def perform(self, node: Any, inputs: Any, outputs: Any) -> None:
        """One product a place of the kernel."""
        images, kernels = inputs
        kernel = kernels.shape[2:]
        size = output_shape(images.shape[2:], kernel, self.border_mode, self.stride)
        padded = self._pad(images, kernel)
        result = np.zeros((len(images), len(kernels), *size), dtype=images.dtype)
        for place, seen in self._taps(kernel, size):
            result += np.einsum("bcrs,oc->bors", padded[seen], kernels[place])
        outputs[0][0] = result

    def pullback(self, inputs: Any, outputs: Any, cotangents: Any) -> list[Any]:
        """Gradients with respect to images and kernels."""
        images, kernels = inputs
        (grad,) = cotangents
        props = (self.border_mode, self.stride)
        return [
            ConvolveImages(*props)(images, kernels, grad),
            ConvolveKernels(*props)(images, kernels, grad),
        ]


class ConvolveImages(_Convolution):
    """(like, kernels, outputs) to images: the transpose of `Convolve` in its images.

    like: any array whose last two dimensions are those of the images.
    """

    def make_node(self, like: Any, kernels: Any, grad: Any) -> Apply:
        """See the class."""
        like, kernels, grad = map(pt.as_tensor, (like, kernels, grad))
        _check_ndim(like, kernels, grad)
        shape = (grad.type.shape[0], kernels.type.shape[1], *like.type.shape[2:])
        return Apply(self, [like, kernels, grad], [TensorType(grad.dtype, shape=shape)()])

    def connection_pattern(self, node: Any) -> list[list[bool]]:
        """Of `like` only the shape counts."""
        return [[False], [True], [True]]

    def perform(self, node: Any, inputs: Any, outputs: Any) -> None:
        """One product a place of the kernel."""
        like, kernels, grad = inputs
        kernel, size = kernels.shape[2:], like.shape[2:]
        images = np.zeros((len(grad), kernels.shape[1], *size), dtype=grad.dtype)
        padded = self._pad(images, kernel)
        for place, seen in self._taps(kernel, grad.shape[2:]):
            padded[seen] += np.einsum("bors,oc->bcrs", grad, kernels[place])
        inside = map(slice, self._padding(kernel), np.add(self._padding(kernel), size))
        outputs[0][0] = np.ascontiguousarray(padded[(..., *inside)])

    def pullback(self, inputs: Any, outputs: Any, cotangents: Any) -> list[Any]:
        """Gradients with respect to kernels and outputs."""
        _, kernels, grad = inputs
        (images,) = cotangents
        props = (self.border_mode, self.stride)
        return [
            disconnected_type(),
            ConvolveKernels(*props)(images, kernels, grad),
            Convolve(*props)(images, kernels),
        ]


class ConvolveKernels(_Convolution):
    """(images, like, outputs) to kernels: the transpose of `Convolve` in its kernels.

    like: any array whose last two dimensions are those of the kernels.
    """

    def make_node(self, images: Any, like: Any, grad: Any) -> Apply:
        """See the class."""
        images, like, grad = map(pt.as_tensor, (images, like, grad))
        _check_ndim(images, like, grad)
        shape = (grad.type.shape[1], images.type.shape[1], *like.type.shape[2:])
        return Apply(self, [images, like, grad], [TensorType(grad.dtype, shape=shape)()])

    def connection_pattern(self, node: Any) -> list[list[bool]]:
        """Of `like` only the shape counts."""
        return [[True], [False], [True]]

    def perform(self, node: Any, inputs: Any, outputs: Any) -> None:
        """One product a place of the kernel."""
        images, like, grad = inputs
        kernel = like.shape[2:]
        padded = self._pad(images, kernel)
        kernels = np.zeros((grad.shape[1], images.shape[1], *kernel), dtype=grad.dtype)
        for place, seen in self._taps(kernel, grad.shape[2:]):
            kernels[place] = np.einsum("bors,bcrs->oc", grad, padded[seen])
        outputs[0][0] = kernels

    def pullback(self, inputs: Any, outputs: Any, cotangents: Any) -> list[Any]:
        """Gradients with respect to images and outputs."""
        images, _, grad = inputs
        (kernels,) = cotangents
        props = (self.border_mode, self.stride)
        return [
            ConvolveImages(*props)(images, kernels, grad),
            disconnected_type(),
            Convolve(*props)(images, kernels),
        ]


def _check_ndim(*tensors: Any) -> None:
    found = [tensor.type.ndim for tensor in tensors]
    if found != [4] * len(tensors):
        raise ValueError(f"images and kernels must have 4 dimensions, got {found}")


def _strided(start: int, count: int, step: int) -> slice:
    """`count` places from `start`, `step` apart."""
    return slice(start, start + (count - 1) * step + 1, step)


def _convolve_in_jax(op: Convolve, **_: Any) -> Any:
    return op._forward


def _convolve_images_in_jax(op: ConvolveImages, **_: Any) -> Any:
    def images_of(like: Any, kernels: Any, grad: Any) -> Any:
        shape = (grad.shape[0], kernels.shape[1], *like.shape[2:])
        images = jax.ShapeDtypeStruct(shape, grad.dtype)
        return jax.linear_transpose(lambda x: op._forward(x, kernels), images)(grad)[0]

    return images_of


def _convolve_kernels_in_jax(op: ConvolveKernels, **_: Any) -> Any:
    def kernels_of(images: Any, like: Any, grad: Any) -> Any:
        shape = (grad.shape[1], images.shape[1], *like.shape[2:])
        kernels = jax.ShapeDtypeStruct(shape, grad.dtype)
        return jax.linear_transpose(lambda w: op._forward(images, w), kernels)(grad)[0]

    return kernels_of


jax_funcify.register(Convolve, _convolve_in_jax)
jax_funcify.register(ConvolveImages, _convolve_images_in_jax)
jax_funcify.register(ConvolveKernels, _convolve_kernels_in_jax)
