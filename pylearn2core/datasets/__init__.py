"""Collections of examples: in memory, from files, and scikit-learn's digits."""

from pylearn2core.datasets.dataset import Dataset
from pylearn2core.datasets.dense_design_matrix import DenseDesignMatrix

__all__ = ["Dataset", "DenseDesignMatrix"]
