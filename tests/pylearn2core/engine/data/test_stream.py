"""Data that does not fit the device passes by in chunks, and the numbers are the same."""

import jax
import numpy as np
import pytensor
import pytensor.tensor as pt
import pytest

from pylearn2core.cache import Bounded
from pylearn2core.engine import (
    Bound,
    Measure,
    Order,
    ResidentBatch,
    Step,
    TrainPass,
    answer,
)
from pylearn2core.engine.data import device_memory, stream
from pylearn2core.engine.data.stream import HostRows, chunks
from pylearn2core.space import Conv2DSpace, IndexSpace, VectorSpace

ROWS, SIZE = 230, 20
LIMIT = 12_000  # data may take half of it, a chunk a quarter of that half: two batches


class Rows:
    """Features of 4 numbers, labels of 3 classes."""

    def __init__(self, seed=0):
        rng = np.random.RandomState(seed)
        self.X = rng.randn(ROWS, 4).astype("float32")
        self.y = rng.randint(3, size=(ROWS, 1)).astype("int64")

    def resident_sources(self, sources, spaces):
        known = {"features": (self.X, VectorSpace(4)), "targets": (self.y, IndexSpace(3, 1))}
        return tuple(known[source] for source in sources)


PAIRS = [
    (VectorSpace(4, dtype="float32"), "features"),
    (VectorSpace(3, dtype="float32"), "targets"),
]


def arrays(dataset):
    return ResidentBatch(dataset, PAIRS).arrays()


def order(seed):
    """Batches of 20 in a random order, the short one of 10 among them."""
    rows = np.random.RandomState(seed).permutation(ROWS)
    whole = [rows[k : k + SIZE] for k in range(0, 180, SIZE)]
    return Order.of([*whole[:4], rows[220:], *whole[4:]], ROWS)


def softmax(seed):
    """A step with noise, so that random states pass through the chunks too."""
    weights = pytensor.shared(np.random.RandomState(seed).randn(4, 3).astype("float32"))
    rng = pt.random.shared_rng(seed=seed)
    x, y = pt.fmatrix("x"), pt.fmatrix("y")
    next_rng, noise = rng.normal(0, 0.1, size=(3,))
    scores = x @ weights + noise.astype("float32")
    cost = pt.sqr(scores - y).mean()
    updates = {
        weights: weights - np.float32(0.1) * pytensor.grad(cost, weights),
        rng: next_rng,
    }
    return Step(((x,), (y,)), updates, (cost, scores.max())), weights


def passes(data, seeds, orders):
    """Weights after training, and measured means, of trials answered together."""
    steps = [softmax(seed) for seed in seeds]
    trained = [
        TrainPass(Bound(Step(step.inputs, step.updates, ())), data, one)
        for (step, _), one in zip(steps, orders, strict=True)
    ]
    rng_only = [dict(list(step.updates.items())[1:]) for step, _ in steps]
    measured = [
        Measure(Bound(Step(step.inputs, updates, step.outputs)), ((data, one),))
        for (step, _), updates, one in zip(steps, rng_only, orders, strict=True)
    ]
    means = []
    for _ in range(2):
        answered = answer(trained, len(seeds))
        assert not any(isinstance(one.reply, Exception) for one in answered)
        means.append(np.array([one.reply for one in answer(measured, len(seeds))]))
    return [weights.get_value() for _, weights in steps], means


@pytest.fixture
def little(monkeypatch):
    monkeypatch.setenv(device_memory.SETTING, str(LIMIT))


@pytest.mark.parametrize("seeds", [(0,), (0, 1, 2, 3)], ids=["one trial", "a pack"])
@pytest.mark.parametrize("same", [True, False], ids=["same batches", "batches of their own"])
def test_streamed_data_gives_the_numbers_of_resident_data_and_alone_the_same_bits(
    monkeypatch, seeds, same
):
    orders = [order(0 if same else seed) for seed in seeds]
    resident = arrays(Rows())
    assert all(isinstance(array, jax.Array) for array in resident)
    expected, expected_means = passes(resident, seeds, orders)
    monkeypatch.setenv(device_memory.SETTING, str(LIMIT))
    monkeypatch.setattr("pylearn2core.engine.pack.compiled.room_for", lambda data: 1 << 40)
    streamed = arrays(Rows())
    assert all(isinstance(array, HostRows) for array in streamed)
    found, means = passes(streamed, seeds, orders)
    tolerance = 0 if len(seeds) == 1 else 1e-6  # a pack's program may round otherwise
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance)
    np.testing.assert_allclose(means, expected_means, rtol=tolerance)


@pytest.mark.parametrize("rows_at_once", [1, 40, 512], ids=["one by one", "in pairs", "all"])
def test_monitoring_in_chunks_gives_the_bits_of_resident_data(monkeypatch, rows_at_once):
    monkeypatch.setattr("pylearn2core.engine.program.device._ROWS_AT_ONCE", rows_at_once)
    monkeypatch.setattr("pylearn2core.engine.pack.compiled._by_key", Bounded(64))
    weights = pytensor.shared(np.random.RandomState(0).randn(4, 3).astype("float32"))
    x, y = pt.fmatrix("x"), pt.fmatrix("y")
    scores = pt.tanh(x @ weights)
    step = Step(((x,), (y,)), {}, (pt.sqr(scores - y).mean(), scores.max()))
    resident = arrays(Rows())
    expected = Bound(step).measure([(resident, order(0)), (resident, order(1))])
    monkeypatch.setenv(device_memory.SETTING, str(LIMIT))
    streamed = arrays(Rows())
    assert all(isinstance(array, HostRows) for array in streamed)
    found = Bound(step).measure([(streamed, order(0)), (resident, order(1))])
    np.testing.assert_array_equal(found, expected)


@pytest.mark.usefixtures("little")
def test_a_chunk_is_never_larger_than_its_share_of_the_device():
    data = arrays(Rows())
    stack = order(0).stacks[SIZE]
    sizes = [
        sum(array.nbytes for array in chunk) for chunk, *_ in chunks(data, stack, 0, 9, pads=True)
    ]
    assert len(sizes) == 5
    assert max(sizes) <= LIMIT / 8 < sum(sizes)
    # Slots with batches of their own bring all of their rows.
    own = np.stack([stack] * 2)
    found = list(chunks(data, own, 0, 9, pads=True))
    assert len(found) == 9
    assert all(sum(array.nbytes for array in chunk) <= LIMIT / 8 for chunk, *_ in found)


@pytest.mark.usefixtures("little")
def test_a_full_chunk_is_one_shape_however_many_batches_an_epoch_has():
    data = arrays(Rows())
    stack = order(0).stacks[SIZE]
    shapes = {
        (*(array.shape for array in chunk), rows.shape)
        for stop in (2, 3, 8, 9)
        for chunk, rows, _, _ in chunks(data, stack, 0, stop, pads=True)
    }
    assert len(shapes) == 1


@pytest.mark.usefixtures("little")
def test_the_same_array_is_one_stream_so_its_trials_run_as_a_pack():
    dataset = Rows()
    (a, b), (c, d) = arrays(dataset), arrays(dataset)
    assert (a is c, b is d) == (True, True)


@pytest.mark.parametrize("axes", [("b", 0, 1, "c"), ("c", 0, 1, "b")])
def test_rows_are_those_of_the_whole_array_wherever_its_examples_are(axes):
    held = Conv2DSpace((2, 3), num_channels=2, axes=axes, dtype="float32")
    images = np.random.RandomState(0).randn(*[{"b": 9, 0: 2, 1: 3, "c": 2}[a] for a in axes])
    wanted = Conv2DSpace((2, 3), num_channels=2, axes=(0, "b", 1, "c"), dtype="float32")
    rows = HostRows(images.astype("float32"), held, wanted, stream.chunk_bytes(1000))
    whole = np.moveaxis(held.np_format_as(images.astype("float32"), wanted), 1, 0)
    np.testing.assert_array_equal(rows.rows(np.array([7, 0, 7])), whole[[7, 0, 7]])
    np.testing.assert_array_equal(rows[2:4], whole[2:4])
    assert (rows.shape, rows.row_bytes) == (whole.shape, 2 * 3 * 2 * 4)
