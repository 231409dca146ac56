"""CIFAR-10: 32 x 32 colour photographs of ten kinds of things."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, Literal

from pylearn2core.datasets.cifar import CIFAR, PIXELS, Release
from pylearn2core.datasets.published import Publication

if TYPE_CHECKING:
    from pylearn2core.protocols import PreprocessorLike

RELEASE = Release(
    Publication(
        "CIFAR10",
        "cifar10",
        "https://www.cs.toronto.edu/~kriz/cifar.html",
        "and unpack cifar-10-python.tar.gz (it makes the folder cifar-10-batches-py)",
    ),
    parts={
        "train": [f"cifar-10-batches-py/data_batch_{n}" for n in range(1, 6)],
        "test": ["cifar-10-batches-py/test_batch"],
    },
    label_key="labels",
    n_classes=10,
)


class CIFAR10(CIFAR):
    """One part of CIFAR-10, float32 values 0..255, labels 0..9 as y of shape (n, 1).

    The arguments are those of `cifar.CIFAR`.
    """

    label_names: ClassVar[tuple[str, ...]] = (
        *("airplane", "automobile", "bird", "cat", "deer"),
        *("dog", "frog", "horse", "ship", "truck"),
    )
    n_classes: ClassVar[int] = 10
    img_shape: ClassVar[tuple[int, int, int]] = (3, 32, 32)
    img_size: ClassVar[int] = PIXELS

    def __init__(
        self,
        which_set: Literal["train", "test"],
        center: bool = False,
        rescale: bool = False,
        gcn: float | None = None,
        start: int | None = None,
        stop: int | None = None,
        axes: Sequence[int | str] = ("b", 0, 1, "c"),
        toronto_prepro: bool = False,
        preprocessor: PreprocessorLike | None = None,
        one_hot: bool = False,
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

    def get_test_set(self) -> CIFAR10:
        """The test set, made as this one was but for the preprocessor; all of its rows."""
        return CIFAR10("test", **self._same)
