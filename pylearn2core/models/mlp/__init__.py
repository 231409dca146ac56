"""Multilayer perceptrons: MLP and its layers."""

from __future__ import annotations

from pylearn2core.costs.mlp import L1WeightDecay, WeightDecay
from pylearn2core.models.mlp.composite import CompositeLayer
from pylearn2core.models.mlp.conv import ConvElemwise, ConvRectifiedLinear
from pylearn2core.models.mlp.conv_nonlinearity import (
    ConvNonlinearity,
    IdentityConvNonlinearity,
    RectifierConvNonlinearity,
    SigmoidConvNonlinearity,
    TanhConvNonlinearity,
)
from pylearn2core.models.mlp.dropout_average import (
    exhaustive_dropout_average,
    generate_dropout_mask,
    geometric_mean_prediction,
    sampled_dropout_average,
)
from pylearn2core.models.mlp.elementwise import RectifiedLinear, Softplus, Tanh
from pylearn2core.models.mlp.gaussian import (
    LinearGaussian,
    beta_from_design,
    beta_from_features,
    beta_from_targets,
    mean_of_targets,
)
from pylearn2core.models.mlp.layer import Layer
from pylearn2core.models.mlp.linear import Linear
from pylearn2core.models.mlp.mlp import MLP
from pylearn2core.models.mlp.pool import max_pool, mean_pool
from pylearn2core.models.mlp.sigmoid import Sigmoid
from pylearn2core.models.mlp.softmax import Softmax
from pylearn2core.models.mlp.wrappers import FlattenerLayer, PretrainedLayer, SpaceConverter

__all__ = [
    "MLP",
    "CompositeLayer",
    "ConvElemwise",
    "ConvNonlinearity",
    "ConvRectifiedLinear",
    "FlattenerLayer",
    "IdentityConvNonlinearity",
    "L1WeightDecay",
    "Layer",
    "Linear",
    "LinearGaussian",
    "PretrainedLayer",
    "RectifiedLinear",
    "RectifierConvNonlinearity",
    "Sigmoid",
    "SigmoidConvNonlinearity",
    "Softmax",
    "Softplus",
    "SpaceConverter",
    "Tanh",
    "TanhConvNonlinearity",
    "WeightDecay",
    "beta_from_design",
    "beta_from_features",
    "beta_from_targets",
    "exhaustive_dropout_average",
    "generate_dropout_mask",
    "geometric_mean_prediction",
    "max_pool",
    "mean_of_targets",
    "mean_pool",
    "sampled_dropout_average",
]
