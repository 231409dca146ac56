"""Multilayer perceptrons: MLP and its layers."""

from __future__ import annotations

from pylearn2core.models.mlp.elementwise import RectifiedLinear, Softplus, Tanh
from pylearn2core.models.mlp.layer import Layer
from pylearn2core.models.mlp.linear import Linear
from pylearn2core.models.mlp.mlp import MLP
from pylearn2core.models.mlp.sigmoid import Sigmoid
from pylearn2core.models.mlp.softmax import Softmax

__all__ = [
    "MLP",
    "Layer",
    "Linear",
    "RectifiedLinear",
    "Sigmoid",
    "Softmax",
    "Softplus",
    "Tanh",
]
