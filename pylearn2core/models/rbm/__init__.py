"""Restricted Boltzmann machines, their sampling and their log-likelihood."""

from pylearn2core.models.rbm.gaussian import GaussianBinaryRBM
from pylearn2core.models.rbm.rbm import RBM
from pylearn2core.models.rbm.sampling import BlockGibbsSampler, Sampler, sample

__all__ = ["RBM", "BlockGibbsSampler", "GaussianBinaryRBM", "Sampler", "sample"]
