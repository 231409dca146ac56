"""Data specs: a space and the names of the sources that fill it, nested alike."""

from __future__ import annotations

from typing import Any, TypeAlias

from pylearn2core.space.base import Space

Source: TypeAlias = Any  # a name, or a tuple of sources
DataSpecs: TypeAlias = tuple[Space, Source]
