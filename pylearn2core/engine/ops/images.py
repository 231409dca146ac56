"""Sizes of images, of kernels and of what a kernel makes of an image: (rows, columns) each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pylearn2core.errors import ConfigError

Pair = tuple[int, int]
BORDER_MODES = ("valid", "full")


def output_shape(
    image: Sequence[int], kernel: Sequence[int], border_mode: str, stride: Any
) -> Pair:
    """(rows, columns) of a convolution's output. Raises ConfigError where there is none."""
    kernel = pair(kernel, "kernel_shape")
    check_border_mode(border_mode)
    found = [
        output_size(i, k, s, border_mode)
        for i, k, s in zip(image, kernel, pair(stride, "kernel_stride"), strict=True)
    ]
    if min(found) < 1:
        raise ConfigError(
            f"a kernel of {kernel[0]} x {kernel[1]} does not fit into images of {image[0]} x "
            f"{image[1]}: choose a smaller kernel_shape, or border_mode: full."
        )
    return found[0], found[1]


def output_size(image: int, kernel: int, stride: int, border_mode: str) -> int:
    """Of a convolution's output, along one dimension."""
    reach = kernel - 1 if border_mode == "full" else 1 - kernel
    return (image - 1 + reach) // stride + 1


def check_border_mode(border_mode: str) -> str:
    """`border_mode`, if it is one. Raises ConfigError."""
    if border_mode not in BORDER_MODES:
        raise ConfigError(f"border_mode: expected 'valid' or 'full', got {border_mode!r}.")
    return border_mode


def pair(value: Any, name: str) -> Pair:
    """`value` as (rows, columns), both at least 1. Raises ConfigError."""
    try:
        rows, columns = (int(size) for size in value)
    except (TypeError, ValueError):
        raise ConfigError(f"{name}: expected two numbers [rows, columns], got {value!r}.") from None
    if rows < 1 or columns < 1:
        raise ConfigError(f"{name}: both numbers must be at least 1, got {value!r}.")
    return rows, columns


def sizes(function: Any, *known: Sequence[int | None]) -> tuple[int | None, int | None]:
    """`function` of each dimension's sizes; None where one of them is not known yet."""
    rows, columns = (None if None in each else function(*each) for each in zip(*known, strict=True))
    return rows, columns
