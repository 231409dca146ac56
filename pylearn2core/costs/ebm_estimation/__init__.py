"""Ways to train a model whose energy is known, but not its partition function."""

from pylearn2core.costs.ebm_estimation.nce import NCE
from pylearn2core.costs.ebm_estimation.noise import BernoulliNoise, GaussianNoise
from pylearn2core.costs.ebm_estimation.sampled import SML, CDk
from pylearn2core.costs.ebm_estimation.score import SM, SMD

__all__ = ["NCE", "SM", "SMD", "SML", "BernoulliNoise", "CDk", "GaussianNoise"]
