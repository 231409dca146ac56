"""CIFAR-10: 32 x 32 colour photographs of ten kinds of things."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Literal

from pylearn2core.datasets import cifar
from pylearn2core.datasets.published import Photographs, Publication, check_set, targets
from pylearn2core.datasets.view_converter import DefaultViewConverter

FILES = Publication(
    "CIFAR10",
    "cifar10",
    "https://www.cs.toronto.edu/~kriz/cifar.html",
    "and unpack cifar-10-python.tar.gz (it makes the folder cifar-10-batches-py)",
)
BATCHES = {"train": [f"data_batch_{n}" for n in range(1, 6)], "test": ["test_batch"]}


class CIFAR10(Photographs):
    """One part of CIFAR-10, float32 values 0..255, labels 0..9 as y of shape (n, 1).

    center: subtract 127.5.    rescale: divide by 127.5.
    gcn: global contrast normalisation to this norm.
    toronto_prepro: divide by 255 and subtract each pixel's mean over the training set.
    start, stop: keep these rows only, after all of the above.
    one_hot: y of shape (n, 10) in place of labels.
    A process reads the files once; datasets made alike share their arrays, read-only.
    """

    label_names: ClassVar[tuple[str, ...]] = (
        *("airplane", "automobile", "bird", "cat", "deer"),
        *("dog", "frog", "horse", "ship", "truck"),
    )
    n_classes: ClassVar[int] = 10
    img_shape: ClassVar[tuple[int, int, int]] = (3, 32, 32)
    img_size: ClassVar[int] = cifar.PIXELS

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
        preprocessor: Any = None,
        one_hot: bool = False,
        fit_preprocessor: bool = False,
    ) -> None:
        check_set("CIFAR10", which_set, tuple(BATCHES))
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
            tuple(FILES.find(f"cifar-10-batches-py/{name}") for name in BATCHES[part])
            for part in (which_set, "train" if toronto_prepro else which_set)
        )
        X, y = cifar.examples(
            files, training, "labels", center, rescale, gcn, toronto_prepro, start, stop
        )
        super().__init__(
            X=X,
            **targets(y, 10, one_hot),
            view_converter=DefaultViewConverter((32, 32, 3), axes),
            preprocessor=preprocessor,
            fit_preprocessor=fit_preprocessor,
        )

    def get_test_set(self) -> CIFAR10:
        """The test set, made as this one was but for the preprocessor; all of its rows."""
        return CIFAR10("test", **self._same)
