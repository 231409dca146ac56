"""Iris: 150 flowers of three kinds, from scikit-learn; no download."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pylearn2core.datasets.dense_design_matrix import DenseDesignMatrix
from pylearn2core.datasets.published import one_hot

if TYPE_CHECKING:
    from pylearn2core.protocols import PreprocessorLike


class Iris(DenseDesignMatrix):
    """Sepal length and width, petal length and width in cm; y one-hot, shape (150, 3).

    Two flowers differ from the UCI file that Pylearn2 holds: scikit-learn follows Fisher's paper.
    """

    class_names = ("Iris-setosa", "Iris-versicolor", "Iris-virginica")

    def __init__(
        self, preprocessor: PreprocessorLike | None = None, fit_preprocessor: bool = False
    ) -> None:
        from sklearn.datasets import load_iris

        iris = load_iris()
        super().__init__(
            X=iris.data,
            y=one_hot(iris.target, 3),
            preprocessor=preprocessor,
            fit_preprocessor=fit_preprocessor,
        )
