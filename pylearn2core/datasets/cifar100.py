"""CIFAR-100: 32 x 32 colour photographs of a hundred kinds of things."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from pylearn2core.datasets import cifar
from pylearn2core.datasets.published import Photographs, Publication, check_set, targets
from pylearn2core.datasets.view_converter import DefaultViewConverter

FILES = Publication(
    "CIFAR100",
    "cifar100",
    "https://www.cs.toronto.edu/~kriz/cifar.html",
    "and unpack cifar-100-python.tar.gz (it makes the folder cifar-100-python)",
)


class CIFAR100(Photographs):
    """One part of CIFAR-100, float32 values 0..255, fine labels 0..99 as y of shape (n, 1).

    The arguments are those of `cifar10.CIFAR10`.
    """

    def __init__(
        self,
        which_set: Literal["train", "test"],
        center: bool = False,
        gcn: float | None = None,
        toronto_prepro: bool = False,
        axes: Sequence[int | str] = ("b", 0, 1, "c"),
        start: int | None = None,
        stop: int | None = None,
        one_hot: bool = False,
        rescale: bool = False,
        preprocessor: Any = None,
        fit_preprocessor: bool = False,
    ) -> None:
        check_set("CIFAR100", which_set, ("train", "test"))
        self.center, self.rescale, self.gcn = center, rescale, gcn
        self._same: dict[str, Any] = {
            "center": center,
            "rescale": rescale,
            "gcn": gcn,
            "axes": axes,
            "toronto_prepro": toronto_prepro,
            "one_hot": one_hot,
        }
        files, training = (
            (FILES.find(f"cifar-100-python/{part}"),)
            for part in (which_set, "train" if toronto_prepro else which_set)
        )
        X, y = cifar.examples(
            files, training, "fine_labels", center, rescale, gcn, toronto_prepro, start, stop
        )
        super().__init__(
            X=X,
            **targets(y, 100, one_hot),
            view_converter=DefaultViewConverter((32, 32, 3), axes),
            preprocessor=preprocessor,
            fit_preprocessor=fit_preprocessor,
        )

    def get_test_set(self) -> CIFAR100:
        """The test set, made as this one was but for the preprocessor; all of its rows."""
        return CIFAR100("test", **self._same)
