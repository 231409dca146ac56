"""Endless datasets."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from pylearn2core.config import yaml_parse
from pylearn2core.datasets.stream import RandomPatches, StreamDataset
from pylearn2core.datasets.transformer_dataset import TransformerDataset
from pylearn2core.errors import ConfigError
from pylearn2core.models.mlp import MLP, Linear
from pylearn2core.space import CompositeSpace, Conv2DSpace, IndexSpace, VectorSpace
from pylearn2core.termination_criteria import EpochCounter
from pylearn2core.train import Train
from pylearn2core.training_algorithms.sgd import SGD
from pylearn2core.utils.iteration import _SCHEMES

IRREGULAR = [np.arange(rows * 7.0 * 3).reshape(rows, 7, 3) for rows in (5, 9, 6)]


def normals(rng: np.random.RandomState) -> Iterator[Any]:
    while True:
        yield rng.normal(size=3)


def labelled(rng: np.random.RandomState) -> Iterator[Any]:
    for x in normals(rng):
        yield x, np.array([int(x.sum() > 0)])


def with_labels() -> StreamDataset:
    space = CompositeSpace([VectorSpace(3), IndexSpace(2, 1)])
    return StreamDataset(labelled, space, ["features", "targets"])


@pytest.mark.parametrize("mode", _SCHEMES)
def test_every_scheme_draws_whole_batches(mode: str) -> None:
    stream = StreamDataset(normals, VectorSpace(3), seed=1)
    iterator = stream.iterator(mode, batch_size=4, num_batches=5, rng=[1])
    assert (iterator.batch_size, iterator.num_batches, iterator.num_examples) == (4, 5, 20)
    drawn = np.concatenate(list(iterator))
    seed = [1] if iterator.stochastic else 1
    assert np.array_equal(drawn, np.random.RandomState(seed).normal(size=(20, 3)))


def test_a_sequential_epoch_starts_over_and_a_random_one_goes_on() -> None:
    stream = StreamDataset(normals, VectorSpace(3))
    assert stream.get_num_examples() == math.inf
    again = [next(stream.iterator("sequential", 2, 1)) for _ in range(2)]
    assert np.array_equal(*again)
    rng = np.random.RandomState(0)
    on = [next(stream.iterator("random_uniform", 2, 1, rng=rng)) for _ in range(2)]
    assert np.array_equal(np.concatenate(on), np.random.RandomState(0).normal(size=(4, 3)))


def test_examples_may_have_several_sources_in_any_space() -> None:
    stream = with_labels()
    assert stream.has_targets()
    X, y = next(stream.iterator("sequential", 6, 1))
    assert np.array_equal(y[:, 0], X.sum(axis=1) > 0)
    specs = (CompositeSpace([VectorSpace(2), VectorSpace(3)]), ("targets", "features"))
    targets, features = next(stream.iterator("sequential", 6, 1, data_specs=specs))
    assert np.array_equal(features, X)
    assert np.array_equal(targets, np.eye(2)[y[:, 0]])


def test_sgd_trains_on_what_it_draws_batch_by_batch() -> None:
    """Least squares by hand, on the same sequence of random numbers."""
    space = CompositeSpace([VectorSpace(3), VectorSpace(1)])

    def examples(rng: np.random.RandomState) -> Iterator[Any]:
        for x in normals(rng):
            yield x, np.array([x @ [1.0, -2.0, 0.5]])

    stream = StreamDataset(examples, space, ("features", "targets"))
    model = MLP(layers=[Linear(dim=1, layer_name="y", irange=0.0)], nvis=3)
    algorithm = SGD(
        learning_rate=0.05,
        batch_size=8,
        batches_per_iter=10,
        monitoring_dataset=stream,
        termination_criterion=EpochCounter(3),
    )
    Train(stream, model, algorithm).main_loop()

    rng = np.random.RandomState([2012, 10, 5])
    W, b = np.zeros((3, 1)), np.zeros(1)
    for _ in range(30):
        x = rng.normal(size=(8, 3))
        error = x @ W + b - x @ [[1.0], [-2.0], [0.5]]
        W, b = W - 0.05 * 2 * x.T @ error / 8, b - 0.05 * 2 * error.sum(axis=0) / 8
    np.testing.assert_allclose(model.layers[0].get_weights(), W, rtol=1e-10)
    # Monitoring is sequential: the same 80 examples at each record.
    x = np.random.RandomState([17, 2, 946]).normal(size=(80, 3))
    squares = np.square(x @ W + b - x @ [[1.0], [-2.0], [0.5]]).sum(axis=1)
    assert model.monitor.channels["objective"].val_record[-1] == pytest.approx(squares.mean())
    assert model.monitor.get_examples_seen() == 3 * 80


def test_patches_come_from_irregular_images() -> None:
    patches = RandomPatches(IRREGULAR, (2, 3))
    stream = StreamDataset(patches, Conv2DSpace((2, 3), num_channels=3))
    drawn = next(stream.iterator("random_uniform", 50, 1, rng=[4]))
    rng = np.random.RandomState([4])
    for patch in drawn:
        image = IRREGULAR[rng.randint(3)]
        top, left = rng.randint(image.shape[0] - 1), rng.randint(image.shape[1] - 2)
        assert np.array_equal(patch, image[top : top + 2, left : left + 3])
    flat = next(RandomPatches([image[:, :, 0] for image in IRREGULAR], (2, 3), flatten=True)(rng))
    assert flat.shape == (6,)
    with pytest.raises(ConfigError, match="image 0 is 5 x 7, smaller than a patch of 6 x 2"):
        RandomPatches(IRREGULAR, (6, 2))


def test_a_stream_can_be_transformed_on_the_fly() -> None:
    class Doubled:
        def get_input_space(self) -> Any:
            return VectorSpace(3)

        get_output_space = get_input_space

        def perform(self, batch: Any) -> Any:
            return 2 * batch

    stream = StreamDataset(normals, VectorSpace(3))
    doubled = next(TransformerDataset(stream, Doubled()).iterator("sequential", 4, 1))
    assert np.array_equal(doubled, 2 * next(stream.iterator("sequential", 4, 1)))


def test_a_stream_is_made_in_yaml() -> None:
    stream = yaml_parse.load(
        """
        !obj:pylearn2core.datasets.stream.StreamDataset {
            examples: !obj:pylearn2core.datasets.stream.RandomPatches {
                images: [[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]], patch_shape: [1, 2], flatten: 1,
            },
            space: !obj:pylearn2core.space.VectorSpace { dim: 2 },
        }
        """
    )
    assert next(stream.iterator("sequential", 3, 1)).shape == (3, 2)


def test_what_a_stream_cant_do_is_told() -> None:
    stream = with_labels()
    with pytest.raises(ConfigError, match=r"how much an epoch is: .*batches_per_iter in SGD"):
        stream.iterator("shuffled_sequential", batch_size=10)
    with pytest.raises(ConfigError, match=r"no iteration mode 'squential'\. Did you mean"):
        stream.iterator("squential", 1, 1)
    with pytest.raises(ValueError, match="no source 'labels'; it has 'features', 'targets'"):
        stream.iterator("sequential", 1, 1, data_specs=(VectorSpace(1), "labels"))
    with pytest.raises(ConfigError, match="examples must be callable"):
        StreamDataset(normals(np.random.RandomState(0)), VectorSpace(3))  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="the batch axis must come first"):
        StreamDataset(normals, Conv2DSpace((2, 3), num_channels=3, axes=("c", 0, 1, "b")))
    short = StreamDataset(lambda rng: itertools.islice(normals(rng), 5), VectorSpace(3))
    with pytest.raises(ConfigError, match="ended in batch 2 of 2, after 1 of 4 examples"):
        list(short.iterator("sequential", 4, 2))
