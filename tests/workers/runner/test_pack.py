"""Trials side by side in one program give what each gives alone."""

from array import array
from weakref import WeakValueDictionary

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pylearn2core.engine.data.stream import chunks as stream_chunks
from pylearn2core.engine.data.stream import is_streamed
from sweeper.records import AttemptState, Ended, ExperimentText, Row, RunnerSetup, TrialTask
from sweeper.workers.interruption import Interruption
from sweeper.workers.runner import Runner

MODULE = """
import random
import numpy as np
import pytensor
from pylearn2core.train_extensions import TrainExtension


class Meddler(TrainExtension):
    def __init__(self, at, what):
        self.at, self.what = at, what

    def setup(self, model, dataset, algorithm):
        self.model, self.calls = model, -1
        total = sum((p ** 2).sum() for p in model.get_params())
        self.length = pytensor.function([], total, mode="FAST_COMPILE")
        self.seen = pytensor.shared(np.float64(0.0))
        model.monitor.add_channel("length", None, self.seen)

    def on_monitor(self, model, dataset, algorithm):
        self.calls += 1
        by_hand = sum((p.get_value() ** 2).sum() for p in model.get_params())
        assert abs(by_hand - self.length()) < 1e-9 * by_hand
        drawn = np.random.uniform() + np.random.randn() + random.random()
        self.seen.set_value(by_hand + drawn)
        if self.calls != self.at:
            return
        if self.what == "rate":
            algorithm.learning_rate.set_value(algorithm.learning_rate.get_value() * 0.5)
        elif self.what == "shrink":
            for p in model.get_params():
                p.set_value(p.get_value() * 0.5)
        elif self.what == "stop":
            raise StopIteration
        elif self.what == "raise":
            raise ZeroDivisionError("in one trial's host code")
        elif self.what == "nan":
            p = model.get_params()[0]
            p.set_value(p.get_value() * np.nan)
"""

# tokens: seed, learning rate, epochs, momentum, when and what the extension does, width
TEXT = """!obj:pylearn2core.train.Train {
    dataset: &train !obj:pylearn2core.datasets.digits.Digits { which_set: valid },
    model: !obj:pylearn2core.models.mlp.MLP {
        nvis: 64,
        seed: [2013, 1, __sweep_token_0__],
        layers: [
            !obj:pylearn2core.models.mlp.Sigmoid {
                layer_name: h, dim: __sweep_token_6__, irange: .1, max_col_norm: 1.5 },
            !obj:pylearn2core.models.mlp.Softmax { layer_name: y, n_classes: 10, irange: .1 },
        ],
    },
    algorithm: !obj:pylearn2core.training_algorithms.sgd.SGD {
        learning_rate: __sweep_token_1__,
        batch_size: 150,
        seed: [2012, 10, __sweep_token_0__],
        learning_rule: !obj:pylearn2core.training_algorithms.learning_rule.Momentum {
            init_momentum: __sweep_token_3__ },
        monitoring_dataset: { train: *train },
        termination_criterion: !obj:pylearn2core.termination_criteria.EpochCounter {
            max_epochs: __sweep_token_2__ },
    },
    extensions: [
        !obj:pack_experiments.Meddler { at: __sweep_token_4__, what: __sweep_token_5__ },
    ],
}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("pack")
    (made / "pack_experiments.py").write_text(MODULE)
    return made


def run(folder, pack, trials, text=TEXT):
    """(rows, end) of each trial; a row is (epoch, {channel: value}) without the clocks."""
    setup = RunnerSetup(str(folder / "run"), str(folder / "grid.yaml.j2"), ("*",), (), "float64")
    tasks = [
        TrialTask(str(k), 1, "text", tokens, tokens[0], pack) for k, tokens in enumerate(trials)
    ]
    texts = {"text": ExperimentText("grid.yaml.j2", text, tuple(range(1, 99)))}
    rows, ends = {task.trial: [] for task in tasks}, {}
    for item in Runner(setup, 0).run(tasks, texts, Interruption()):
        if isinstance(item, Row):
            values = array("d")
            values.frombytes(item.data)
            named = dict(zip(item.channels, values, strict=True))
            rows[item.trial].append(
                (item.epoch, {k: v for k, v in named.items() if "sec" not in k})
            )
        elif isinstance(item, Ended):
            ends[item.trial] = item
    return [(rows[task.trial], ends[task.trial]) for task in tasks]


def assert_same(packed, single):
    for (rows, end), (expected_rows, expected_end) in zip(packed, single, strict=True):
        assert (end.outcome, end.message) == (expected_end.outcome, expected_end.message)
        assert [epoch for epoch, _ in rows] == [epoch for epoch, _ in expected_rows]
        for (_, values), (_, expected) in zip(rows, expected_rows, strict=True):
            assert values.keys() == expected.keys()
            for name, value in values.items():
                np.testing.assert_allclose(value, expected[name], rtol=1e-9, err_msg=name)


trials = st.tuples(
    st.integers(0, 3),
    st.sampled_from([0.01, 0.1, 0.37, 1.0]),
    st.integers(0, 4),
    st.sampled_from([0.1, 0.5, 0.9]),
    st.integers(0, 3),
    st.sampled_from(["nothing", "rate", "shrink", "stop", "raise", "nan"]),
    st.sampled_from([5, 5, 5, 7]),
)


@settings(
    max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(trials, min_size=1, max_size=7))
def test_a_pack_gives_what_single_trials_give(folder, some):
    assert_same(run(folder, 4, some), run(folder, 1, some))


def test_one_trials_fault_ends_that_trial_alone(folder):
    base = (0, 0.1, 3, 0.5, 1)
    results = run(folder, 4, [(*base, what, 5) for what in ("nothing", "raise", "nan", "stop")])
    ends = [end for _, end in results]
    assert [end.outcome for end in ends] == [
        AttemptState.FINISHED,
        AttemptState.FAILED,
        AttemptState.FAILED,
        AttemptState.FINISHED,
    ]
    assert "in one trial's host code" in ends[1].message
    assert "NaN in parameter" in ends[2].message
    assert [len(rows) for rows, _ in results] == [4, 2, 2, 2]


def test_a_trials_rows_do_not_depend_on_its_pack_mates_to_the_last_bit(folder):
    mine = (1, 0.3, 3, 0.9, 9, "nothing", 5)
    others = [
        (seed, 0.05, epochs, 0.5, 9, "nothing", 5) for seed, epochs in [(0, 1), (2, 4), (3, 2)]
    ]
    alone, _ = run(folder, 4, [mine])[0]
    for place in range(4):
        rows, _ = run(folder, 4, [*others[:place], mine, *others[place:]])[place]
        assert rows == alone


def test_a_pack_that_fails_is_made_up_for_by_its_trials_one_by_one(folder, monkeypatch):
    some = [(seed, 0.1, 2, 0.5, 9, what, 5) for seed, what in enumerate(["nothing", "nan", "stop"])]
    expected = run(folder, 1, some)

    def broken(*args, **kwargs):
        raise RuntimeError("the device's own fault")

    monkeypatch.setattr("pylearn2core.engine.pack.compiled.Compiled._run_pack", broken)
    found = run(folder, 4, some)
    assert_same(found, expected)
    assert {(end.info["mode"], end.info["slots"]) for _, end in found} == {("single", 1)}


def test_an_attempt_tells_how_many_slots_it_had(folder):
    some = [(seed, 0.1, 1, 0.5, 9, "nothing", 5) for seed in range(3)]
    for pack, mode in [(1, "single"), (2, "pack")]:
        infos = [end.info for _, end in run(folder, pack, some)]
        assert {(info["mode"], info["slots"]) for info in infos} == {(mode, pack)}


def test_a_pack_that_finds_too_little_memory_is_halved_for_its_trials_to_go_on(folder, monkeypatch):
    some = [(0, 0.1 * rate, 2, 0.5, 9, "nothing", 11) for rate in range(1, 7)]
    expected = run(folder, 1, some)
    # Another test's data may be there still.
    monkeypatch.setattr("pylearn2core.engine.pack.fitting.bytes_on_device", lambda: 0)
    monkeypatch.setenv("PYLEARN2_DEVICE_BYTES", "6e5")  # to train, four slots take 720 kB, two 561
    found = run(folder, 4, some)
    assert_same(found, expected)
    assert {(end.info["mode"], end.info["slots"]) for _, end in found} == {("pack", 2)}


@pytest.mark.parametrize(("pack", "which"), [(1, "test"), (3, "train")])
def test_data_larger_than_the_device_gives_the_same_rows_and_alone_the_same_bits(
    folder, monkeypatch, pack, which
):
    # Whatever other tests have put on the device of this process is there for them alone.
    monkeypatch.setattr("pylearn2core.engine.data.resident._resident", {})
    monkeypatch.setattr("pylearn2core.engine.data.resident._by_content", WeakValueDictionary())
    text = TEXT.replace("which_set: valid", f"which_set: {which}")
    some = [(seed, 0.1, 2, 0.5, 9, "nothing", 5) for seed in range(pack)]
    was_streamed = []

    def chunks(data, *args, **kwargs):
        was_streamed.append(is_streamed(data))
        return stream_chunks(data, *args, **kwargs)

    monkeypatch.setattr("pylearn2core.engine.program.passes.chunks", chunks)
    monkeypatch.setattr("pylearn2core.engine.pack.compiled.room_for", lambda data: 1 << 40)
    monkeypatch.setenv("PYLEARN2_DEVICE_BYTES", "2.5e5")
    streamed = run(folder, pack, some, text)
    assert all(was_streamed)
    monkeypatch.delenv("PYLEARN2_DEVICE_BYTES")
    was_streamed.clear()
    resident = run(folder, pack, some, text)
    assert not any(was_streamed)
    assert [end.outcome for _, end in streamed] == [AttemptState.FINISHED] * pack
    assert [len(rows) for rows, _ in streamed] == [3] * pack
    assert_same(streamed, resident)
    if pack == 1:
        assert [rows for rows, _ in streamed] == [rows for rows, _ in resident]
