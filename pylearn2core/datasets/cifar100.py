"""CIFAR-100: 32 x 32 colour photographs of a hundred kinds of things."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from pylearn2core.datasets.cifar import CIFAR, Release
from pylearn2core.datasets.published import Publication

if TYPE_CHECKING:
    from pylearn2core.protocols import PreprocessorLike

RELEASE = Release(
    Publication(
        "CIFAR100",
        "cifar100",
        "https://www.cs.toronto.edu/~kriz/cifar.html",
        "and unpack cifar-100-python.tar.gz (it makes the folder cifar-100-python)",
    ),
    parts={"train": ["cifar-100-python/train"], "test": ["cifar-100-python/test"]},
    label_key="fine_labels",
    n_classes=100,
)


class CIFAR100(CIFAR):
    """One part of CIFAR-100, float32 values 0..255, fine labels 0..99 as y of shape (n, 1).

    The arguments are those of `cifar.CIFAR`.
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
        preprocessor: PreprocessorLike | None = None,
        fit_preprocessor: bool = False,
    ) -> None:
        super().__init__(
            RELEASE,
            which_set,
            center=center,
            rescale=rescale,
            gcn=gcn,
            toronto_prepro=toronto_prepro,
            start=start,
            stop=stop,
            axes=axes,
            preprocessor=preprocessor,
            one_hot=one_hot,
            fit_preprocessor=fit_preprocessor,
        )

    def get_test_set(self) -> CIFAR100:
        """The test set, made as this one was but for the preprocessor; all of its rows."""
        return CIFAR100("test", **self._same)
