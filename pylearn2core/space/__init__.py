"""Formats for batches: what a dataset has, what a model wants, and how one becomes the other."""

from pylearn2core.space.base import SimplyTypedSpace, Space
from pylearn2core.space.composite import CompositeSpace
from pylearn2core.space.conv2d import Conv2DSpace
from pylearn2core.space.index import IndexSpace
from pylearn2core.space.null import NullSpace
from pylearn2core.space.sequence import IndexSequenceSpace, VectorSequenceSpace
from pylearn2core.space.specs import DataSpecs, Source
from pylearn2core.space.vector import VectorSpace

__all__ = [
    "CompositeSpace",
    "Conv2DSpace",
    "DataSpecs",
    "IndexSequenceSpace",
    "IndexSpace",
    "NullSpace",
    "SimplyTypedSpace",
    "Source",
    "Space",
    "VectorSequenceSpace",
    "VectorSpace",
]
