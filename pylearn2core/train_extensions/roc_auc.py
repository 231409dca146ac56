"""The area under the ROC curve as a channel."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

import pytensor
import pytensor.tensor as pt

from pylearn2core.errors import ConfigError
from pylearn2core.space import CompositeSpace, IndexSpace
from pylearn2core.train_extensions.train_extension import TrainExtension
from pylearn2core.utils.hyper import hyper

if TYPE_CHECKING:
    from pylearn2core.datasets.dataset import Dataset
    from pylearn2core.models.mlp import MLP
    from pylearn2core.models.model import Model
    from pylearn2core.protocols import AlgorithmLike
    from pylearn2core.types import Symbol


class RocAucChannel(TrainExtension):
    """Adds a channel `<dataset name>_<suffix>` for each monitoring dataset.

    channel_name_suffix: the channel's name where the dataset has none.
    positive_class_index: the class whose score, a column of the model's output, ranks the examples.
    negative_class_index: the class that it is told from; every other one if None.
    Each monitoring batch has an area of its own, and the channel is their mean: give the algorithm
    a monitoring_batch_size of all examples for the area of the whole. A batch that lacks one of
    the two classes has none: NaN.
    """

    def __init__(
        self,
        channel_name_suffix: str = "roc_auc",
        positive_class_index: int = 1,
        negative_class_index: int | None = None,
    ) -> None:
        if positive_class_index == negative_class_index:
            raise ConfigError(
                "RocAucChannel: positive_class_index and negative_class_index are both "
                f"{positive_class_index}."
            )
        self.channel_name_suffix = channel_name_suffix
        self.positive_class_index = positive_class_index
        self.negative_class_index = negative_class_index

    def setup(self, model: Model, dataset: Dataset, algorithm: AlgorithmLike) -> None:
        """Add the channels."""
        monitored = algorithm.monitoring_dataset
        if monitored is None:
            raise ConfigError("RocAucChannel: the algorithm has no monitoring_dataset.")
        space, source = model.get_monitoring_data_specs()
        if not isinstance(space, CompositeSpace):
            raise ConfigError("RocAucChannel: the model monitors no targets (monitor_targets).")
        self._check_classes(space.components[1])
        inputs, targets = batch = space.make_theano_batch()
        area = self._area(cast("MLP", model).fprop(inputs), targets, space.components[1])
        named = monitored if isinstance(monitored, Mapping) else {"": monitored}
        for name, one in named.items():
            channel = f"{name}_{self.channel_name_suffix}" if name else self.channel_name_suffix
            model.monitor.add_channel(
                name=channel, ipt=batch, val=area, data_specs=(space, source), dataset=one
            )

    def _check_classes(self, targets: Symbol) -> None:
        n = targets.max_labels if isinstance(targets, IndexSpace) else targets.get_total_dimension()
        for name in ("positive_class_index", "negative_class_index"):
            index = getattr(self, name)
            if index is not None and not 0 <= index < n:
                raise ConfigError(
                    f"RocAucChannel: {name} must be between 0 and {n - 1}, the last of the "
                    f"model's {n} classes, got {index!r}."
                )

    def _area(self, scores: Symbol, targets: Symbol, space: Any) -> Symbol:
        labels = targets[:, 0] if isinstance(space, IndexSpace) else pt.argmax(targets, axis=1)
        positive = pt.eq(labels, self.positive_class_index)
        if self.negative_class_index is None:
            negative = pt.neq(labels, self.positive_class_index)
        else:
            negative = pt.eq(labels, self.negative_class_index)
        return roc_auc(scores[:, self.positive_class_index], positive, negative)


def roc_auc(scores: Symbol, positive: Symbol, negative: Symbol) -> Symbol:
    """The chance that a positive example has a higher score than a negative one; ties are half.

    scores: shape (examples,).    positive, negative: booleans of that shape; examples that are
    neither do not count. NaN where there are none of one of them.
    """
    order = pt.argsort(scores)
    ranked = scores[order]
    floats = pytensor.config.floatX
    positive, negative = pt.cast(positive, floats), pt.cast(negative, floats)
    # below[i]: how many negative examples are among the i lowest scores.
    below = pt.concatenate([pt.zeros((1,), dtype=floats), pt.cumsum(negative[order])])
    lower = below[pt.searchsorted(ranked, scores, side="left")]
    not_higher = below[pt.searchsorted(ranked, scores, side="right")]
    won = (positive * (lower + not_higher) * hyper(0.5)).sum()
    return won / (positive.sum() * negative.sum())
