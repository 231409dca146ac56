"""What changes a whole dataset once, before training."""

from pylearn2core.datasets.preprocessing.base import (
    BlockPreprocessor,
    ExamplewisePreprocessor,
    Pipeline,
    Preprocessor,
    ShuffleAndSplit,
)
from pylearn2core.datasets.preprocessing.local_contrast import (
    LeCunLCN,
    gaussian_filter,
    lecun_lcn,
)
from pylearn2core.datasets.preprocessing.patches import (
    ExtractGridPatches,
    ExtractPatches,
    ReassembleGridPatches,
)
from pylearn2core.datasets.preprocessing.scaling import (
    GlobalContrastNormalization,
    MakeUnitNorm,
    RemoveMean,
    Standardize,
)
from pylearn2core.datasets.preprocessing.whitening import PCA, ZCA
from pylearn2core.expr.preprocessing import global_contrast_normalize

__all__ = [
    "PCA",
    "ZCA",
    "BlockPreprocessor",
    "ExamplewisePreprocessor",
    "ExtractGridPatches",
    "ExtractPatches",
    "GlobalContrastNormalization",
    "LeCunLCN",
    "MakeUnitNorm",
    "Pipeline",
    "Preprocessor",
    "ReassembleGridPatches",
    "RemoveMean",
    "ShuffleAndSplit",
    "Standardize",
    "gaussian_filter",
    "global_contrast_normalize",
    "lecun_lcn",
]
