"""Support vector machines, trained by scikit-learn and kept as arrays."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pytensor
import pytensor.tensor as pt

from pylearn2core.errors import ConfigError
from pylearn2core.models.self_trained import SelfTrained, features_of, labels_of
from pylearn2core.space import CompositeSpace, VectorSpace
from pylearn2core.utils import sharedX

if TYPE_CHECKING:
    from pylearn2core.datasets.dataset import Datasets
    from pylearn2core.protocols import MatrixLike
    from pylearn2core.space import DataSpecs
    from pylearn2core.types import Array, Symbol

# The decision of a class that no example has; finite, as parameters are.
NEVER = -1e30
KERNELS = ("linear", "poly", "rbf", "sigmoid")


class DenseMulticlassSVM(SelfTrained):
    """One support vector machine a class, against all others; the largest decision wins.

    C: how much a training error costs, > 0.
    kernel: with u.v the product of two rows: 'linear', u.v; 'rbf', exp(-gamma |u - v|^2);
        'poly', (gamma u.v + coef0)^degree; 'sigmoid', tanh(gamma u.v + coef0).
    Parameters, once trained: support_vectors, shape (vectors, features), those of all classes;
    dual_coef, shape (classes, vectors); intercept, shape (classes,).
    A channel: misclass, the share of wrong decisions.
    """

    def __init__(
        self,
        C: float,
        kernel: Literal["linear", "poly", "rbf", "sigmoid"] = "rbf",
        gamma: float = 1.0,
        coef0: float = 1.0,
        degree: int = 3,
        monitoring_dataset: Datasets | None = None,
    ) -> None:
        super().__init__(monitoring_dataset)
        if kernel not in KERNELS:
            raise ConfigError(f"kernel must be one of {', '.join(KERNELS)}, got {kernel!r}.")
        if not C > 0:
            raise ConfigError(f"C must be above 0, got {C!r}.")
        self.C = C
        self.kernel = kernel
        self.gamma = gamma
        self.coef0 = coef0
        self.degree = degree
        self.support_vectors: Any = None
        self.dual_coef: Any = None
        self.intercept: Any = None

    # -------------------------------------------------------------- training
    def fit_to(self, dataset: MatrixLike) -> None:
        """Learn from a dataset's features and labels."""
        labels, classes = labels_of(dataset, self)
        self._fit(features_of(dataset, self), labels, classes)

    def fit(self, X: Array, y: Array) -> DenseMulticlassSVM:
        """Learn from the rows of X and their labels 0.., shape (n,)."""
        labels = np.ravel(y)
        self._fit(np.asarray(X), labels, int(labels.max()) + 1)
        self._is_trained = True
        return self

    def _fit(self, X: Array, labels: Array, classes: int) -> None:
        X = np.ascontiguousarray(X, dtype=np.float64)
        weights, intercept = np.zeros((classes, len(X))), np.zeros(classes)
        for label in range(classes):
            rows, weights_of_rows, intercept[label] = self._against_others(X, labels == label)
            weights[label, rows] = weights_of_rows
        used = np.flatnonzero(weights.any(axis=0))
        self.support_vectors = sharedX(X[used], "support_vectors")
        self.dual_coef = sharedX(weights[:, used], "dual_coef")
        self.intercept = sharedX(intercept, "intercept")
        self._params = [self.support_vectors, self.dual_coef, self.intercept]
        self.input_space, self.output_space = VectorSpace(X.shape[1]), VectorSpace(classes)

    def _against_others(self, X: Array, is_it: Array) -> tuple[Any, Any, float]:
        """(rows that are support vectors, their coefficients, intercept) of one class."""
        from sklearn.svm import SVC

        if is_it.all() or not is_it.any():
            # Nothing to tell apart: always, or never, this class.
            return slice(0, 0), 0.0, 1.0 if is_it.all() else NEVER
        machine = SVC(
            C=self.C, kernel=self.kernel, gamma=self.gamma, coef0=self.coef0, degree=self.degree
        ).fit(X, is_it)
        return machine.support_, machine.dual_coef_[0], float(machine.intercept_[0])

    # -------------------------------------------------------------- deciding
    def fprop(self, X: Symbol) -> Symbol:
        """Symbolic decisions, shape (batch, classes)."""
        self._check_trained("fprop")
        return self._decisions(pt, X, *self._params)

    def _decisions(self, xp: Any, X: Any, vectors: Any, weights: Any, intercept: Any) -> Any:
        """xp: the module of the operations, NumPy or pytensor.tensor."""
        return xp.dot(self._products(xp, X, vectors), weights.T) + intercept

    def _products(self, xp: Any, X: Any, vectors: Any) -> Any:
        inner = xp.dot(X, vectors.T)
        if self.kernel == "linear":
            return inner
        if self.kernel == "rbf":
            lengths = (X * X).sum(axis=1)[:, None] + (vectors * vectors).sum(axis=1)[None, :]
            return xp.exp(-self.gamma * xp.maximum(lengths - 2.0 * inner, 0.0))
        scaled = self.gamma * inner + self.coef0
        return xp.tanh(scaled) if self.kernel == "sigmoid" else scaled**self.degree

    def decision_function(self, X: Array) -> Array:
        """Decisions for an array of rows, shape (n, classes)."""
        self._check_trained("decision_function")
        values: Array = self._decisions(np, np.asarray(X), *self.get_param_values(borrow=True))
        return values

    def predict(self, X: Array) -> Array:
        """Labels of an array of rows, shape (n,)."""
        values: Array = self.decision_function(X).argmax(axis=1)
        return values

    # -------------------------------------------------------------- monitoring
    def get_monitoring_data_specs(self) -> DataSpecs:
        """The features, and the targets as one-hot rows."""
        space = CompositeSpace([self.get_input_space(), self.get_target_space()])
        return space, (self.get_input_source(), self.get_target_source())

    def get_monitoring_channels(self, data: Symbol) -> OrderedDict[str, Symbol]:
        """misclass."""
        self.get_monitoring_data_specs()[0].validate(data)
        X, Y = data
        wrong = pt.neq(self.fprop(X).argmax(axis=1), Y.argmax(axis=1))
        return OrderedDict(misclass=pt.cast(wrong, pytensor.config.floatX).mean())
