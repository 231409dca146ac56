"""The grid benchmark's experiment for `sweep`: models with the channels that the peers compute."""

from __future__ import annotations

from collections import OrderedDict
from functools import lru_cache

import numpy as np
import pytensor.tensor as pt

from pylearn2core.costs.cost import Cost, DefaultDataSpecsMixin
from pylearn2core.datasets.dense_design_matrix import DenseDesignMatrix
from pylearn2core.models.mlp import MLP, RectifiedLinear, Softmax
from pylearn2core.models.model import Model
from pylearn2core.space import VectorSpace
from pylearn2core.utils import sharedX


@lru_cache
def arrays(path):
    """The arrays of the file, one copy for all trials of this process."""
    with np.load(path) as file:
        return {name: file[name] for name in file}


class Data(DenseDesignMatrix):
    """A half of the file; without targets for an autoencoder."""

    def __init__(self, path, which, labels=True):
        kept = arrays(path)
        y = kept[f"y_{which}"].reshape(-1, 1) if labels else None
        super().__init__(X=kept[f"X_{which}"], y=y, y_labels=10 if labels else None)


class Classifier(MLP):
    """Rectified layers and a softmax; its one channel is the error rate."""

    def __init__(self, widths, seed):
        hidden = [
            RectifiedLinear(layer_name=f"h{place}", dim=width, irange=0.05)
            for place, width in enumerate(widths[1:-1])
        ]
        output = Softmax(layer_name="y", n_classes=widths[-1], irange=0.05)
        super().__init__(nvis=widths[0], layers=[*hidden, output], seed=[2013, 1, seed])

    def get_monitoring_channels(self, data):
        X, y = data
        wrong = pt.neq(pt.argmax(self.fprop(X), axis=1), pt.argmax(y, axis=1))
        return OrderedDict(misclass=pt.cast(wrong, "float32").mean())


class Autoencoder(Model):
    """tanh code, sigmoid reconstruction with the same weights."""

    def __init__(self, widths, seed):
        super().__init__()
        n_in, n_code = widths
        draw = np.random.RandomState(seed).uniform(-0.05, 0.05, (n_in, n_code))
        self.W = sharedX(draw, "W")
        self.b = sharedX(np.zeros(n_code), "b")
        self.c = sharedX(np.zeros(n_in), "c")
        self._params = [self.W, self.b, self.c]
        self.input_space = VectorSpace(dim=n_in)

    def reconstruct(self, X):
        """The reconstruction of X, shape (batch, n_in)."""
        return pt.sigmoid(pt.dot(pt.tanh(pt.dot(X, self.W) + self.b), self.W.T) + self.c)


class Reconstruction(DefaultDataSpecsMixin, Cost):
    """Cross-entropy: sum over features, mean over rows."""

    supervised = False

    def expr(self, model, data, **kwargs):
        out = model.reconstruct(data)
        return -(data * pt.log(out) + (1 - data) * pt.log(1 - out)).sum(axis=1).mean()
