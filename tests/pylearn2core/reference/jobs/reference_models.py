"""The logistic regression of Pylearn2's tutorial, with seeded first values, for tutorial_logreg."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

import numpy as np
import theano.tensor as T
from pylearn2.costs.cost import Cost, DefaultDataSpecsMixin
from pylearn2.models.model import Model
from pylearn2.space import CompositeSpace, VectorSpace
from pylearn2.utils import sharedX


class NegativeLogLikelihood(DefaultDataSpecsMixin, Cost):
    supervised = True

    def expr(self, model: Any, data: Any, **kwargs: Any) -> Any:
        self.get_data_specs(model)[0].validate(data)
        inputs, targets = data
        return -(targets * T.log(model.probabilities(inputs))).sum(axis=1).mean()


class LogisticRegression(Model):
    def __init__(self, nvis: int, nclasses: int) -> None:
        super().__init__()
        self.W = sharedX(np.random.RandomState(0).uniform(size=(nvis, nclasses)), "W")
        self.b = sharedX(np.zeros(nclasses), "b")
        self._params = [self.W, self.b]
        self.input_space = VectorSpace(dim=nvis)
        self.output_space = VectorSpace(dim=nclasses)

    def probabilities(self, inputs: Any) -> Any:
        return T.nnet.softmax(T.dot(inputs, self.W) + self.b)

    def get_monitoring_data_specs(self) -> Any:
        space = CompositeSpace([self.get_input_space(), self.get_target_space()])
        return space, (self.get_input_source(), self.get_target_source())

    def get_monitoring_channels(self, data: Any) -> OrderedDict[str, Any]:
        inputs, targets = data
        found = self.probabilities(inputs).argmax(axis=1)
        return OrderedDict(error=T.neq(targets.argmax(axis=1), found).mean())
