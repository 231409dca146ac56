"""An autoencoder with tied weights, and its cost: all that a model of your own needs.

As in Pylearn2's tutorial "Your models in Pylearn2"; it imports `pylearn2` and `theano`, which reach
pylearn2core and PyTensor.
"""

import numpy
import theano.tensor as T
from pylearn2.costs.cost import Cost, DefaultDataSpecsMixin
from pylearn2.models.model import Model
from pylearn2.space import VectorSpace
from pylearn2.utils import sharedX


class AutoencoderCost(DefaultDataSpecsMixin, Cost):
    """Cross-entropy of an image and its reconstruction: sum over pixels, mean over images."""

    supervised = False

    def expr(self, model, data, **kwargs):
        """The cost of a batch. data: shape (batch, nvis), in [0, 1]."""
        space, _ = self.get_data_specs(model)
        space.validate(data)
        X_hat = model.reconstruct(data)
        loss = -(data * T.log(X_hat) + (1 - data) * T.log(1 - X_hat)).sum(axis=1)
        return loss.mean()


class Autoencoder(Model):
    """tanh code of `nhid` units, sigmoid reconstruction with the same weights."""

    def __init__(self, nvis, nhid):
        super().__init__()
        self.nvis = nvis
        self.nhid = nhid
        # NumPy's global generator: a sweep starts it anew for every trial, from the trial's `seed`.
        W_value = numpy.random.uniform(size=(nvis, nhid))
        self.W = sharedX(W_value, "W")
        self.b = sharedX(numpy.zeros(nhid), "b")
        self.c = sharedX(numpy.zeros(nvis), "c")
        self._params = [self.W, self.b, self.c]
        self.input_space = VectorSpace(dim=nvis)

    def reconstruct(self, X):
        """Encode and decode. X and the result: shape (batch, nvis)."""
        h = T.tanh(T.dot(X, self.W) + self.b)
        return T.nnet.sigmoid(T.dot(h, self.W.T) + self.c)
