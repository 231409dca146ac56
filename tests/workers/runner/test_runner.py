"""The runner without Ray: texts and values in, events and rows out."""

import random
import re
import sys
import types
from array import array

import numpy as np
import pytest

from pylearn2core.config.nodes import OUT
from sweeper.records import (
    AttemptState,
    Began,
    Built,
    Ended,
    ExperimentText,
    Row,
    RunnerSetup,
    TrialTask,
)
from sweeper.records.errors import InputError
from sweeper.workers.interruption import Interruption
from sweeper.workers.runner import Runner

SOFTMAX = """!obj:pylearn2core.train.Train {
    dataset: &train !obj:pylearn2core.datasets.digits.Digits { which_set: train },
    model: !obj:pylearn2core.models.softmax_regression.SoftmaxRegression {
        nvis: 64, n_classes: 10, irange: 0.01, seed: [2013, 1, __sweep_token_0__] },
    algorithm: !obj:pylearn2core.training_algorithms.sgd.SGD {
        learning_rate: __sweep_token_1__, batch_size: 100, seed: [2012, 10, __sweep_token_0__],
        monitoring_dataset: { train: *train },
        termination_criterion: !obj:pylearn2core.termination_criteria.EpochCounter {
            max_epochs: 3 },
    },
}
"""

EXPERIMENTS = """
import random
import numpy


class Counter:
    def __init__(self, rows, fail_at=None, value=0.0):
        self.rows, self.fail_at, self.value = rows, fail_at, value

    def __iter__(self):
        for epoch in range(self.rows):
            if epoch == self.fail_at:
                raise ZeroDivisionError("on purpose")
            yield {"value": self.value, "epoch": epoch}


class Draws:
    def __init__(self):
        self.first = numpy.random.uniform(), random.random()

    def __iter__(self):
        yield {"numpy": self.first[0], "python": self.first[1]}
        yield {"numpy": numpy.random.uniform(), "python": random.random()}


class Writes:
    def __init__(self, out):
        while not isinstance(out, str):
            out = out["b"] if isinstance(out, dict) else out[-1]
        open(f"{out}/built.txt", "x").close()

    def __iter__(self):
        yield {"value": 1}


class Quits:
    def __iter__(self):
        yield {"value": 1}
        raise SystemExit("enough")
"""


@pytest.fixture(scope="module")
def spec(tmp_path_factory):
    folder = tmp_path_factory.mktemp("spec")
    (folder / "runner_experiments.py").write_text(EXPERIMENTS)
    return folder / "grid.yaml.j2"


@pytest.fixture
def runner(tmp_path, spec):

    def make(*channels):
        return Runner(
            RunnerSetup(str(tmp_path / "run"), str(spec), channels or ("*",), (), "float64"), 0
        )

    return make


def go(runner, text, *tasks, interrupted=None):
    """All items of a lease of tasks (tokens, seed), trials named t0, t1, ..."""
    lease = [
        TrialTask(f"t{place}", 1, "text", tokens, seed)
        for place, (tokens, seed) in enumerate(tasks)
    ]
    lines = tuple(range(11, 11 + text.count("\n") + 1))
    texts = {"text": ExperimentText("grid.yaml.j2", text, lines)}
    return list(runner.run(lease, texts, interrupted or Interruption()))


def values(row):
    unpacked = array("d")
    unpacked.frombytes(row.data)
    return dict(zip(row.channels, unpacked, strict=True))


def rows(items, trial="t0"):
    return [item for item in items if isinstance(item, Row) and item.trial == trial]


def end(items, trial="t0"):
    (ended,) = [item for item in items if isinstance(item, Ended) and item.trial == trial]
    return ended


def test_a_train_gives_a_row_before_training_and_one_after_each_epoch(runner):
    items = go(runner(), SOFTMAX, ((0, 0.1), 0))
    assert isinstance(items[0], Began)
    assert isinstance(items[1], Built)
    assert [row.epoch for row in rows(items)] == [0, 1, 2, 3]
    objective = [values(row)["train_objective"] for row in rows(items)]
    assert objective == sorted(objective, reverse=True)
    assert end(items).outcome is AttemptState.FINISHED


def test_a_trial_gives_the_same_rows_whatever_ran_before_it(runner):
    alone = go(runner(), SOFTMAX, ((1, 0.5), 1))
    after = go(runner(), SOFTMAX, ((0, 0.1), 0), ((1, 0.5), 1))
    timing = {"training_seconds_this_epoch", "total_seconds_last_epoch"}
    for one, other in zip(rows(alone), rows(after, "t1"), strict=True):
        first, second = values(one), values(other)
        assert {k: first[k] for k in first.keys() - timing} == {
            k: second[k] for k in second.keys() - timing
        }


def test_only_the_channels_asked_for_are_recorded(runner):
    items = go(runner("*objective", "learning_rate"), SOFTMAX, ((0, 0.1), 0))
    assert rows(items)[0].channels == ("train_objective", "learning_rate")


def test_any_object_that_yields_rows_is_a_trial(runner):
    items = go(runner(), "!obj:runner_experiments.Counter { rows: 2, value: .nan }\n", ((), 0))
    assert [row.epoch for row in rows(items)] == [1, 2]
    assert values(rows(items)[1])["epoch"] == 1.0
    assert values(rows(items)[0])["value"] != values(rows(items)[0])["value"]


def test_documents_are_phases_that_run_in_turn(runner):
    text = "!obj:runner_experiments.Counter { rows: 1 }\n---\n" * 2
    items = go(runner(), text.removesuffix("---\n"), ((), 0))
    assert [(row.phase, row.epoch) for row in rows(items)] == [(0, 1), (1, 1)]


@pytest.mark.parametrize(
    "out", ["__sweep_token_0__", "'__sweep_token_0__/.'", "[a, { b: __sweep_token_0__ }]"]
)
def test_a_folder_that_the_experiment_names_as_out_is_there_when_it_is_built(runner, spec, out):
    text = f"!obj:runner_experiments.Writes {{ out: {out} }}\n"
    items = go(runner(), text, ((OUT,), 0))
    assert end(items).outcome is AttemptState.FINISHED, end(items).traceback


def test_a_trial_that_names_no_folder_gets_none(runner, tmp_path):
    items = go(runner(), "!obj:runner_experiments.Counter { rows: 1 }\n", ((), 0))
    assert end(items).outcome is AttemptState.FINISHED
    assert not (tmp_path / "run" / "trials").exists()


def test_an_exception_fails_its_trial_and_the_lease_goes_on(runner):
    text = "!obj:runner_experiments.Counter { rows: 3, fail_at: __sweep_token_0__ }\n"
    items = go(runner(), text, ((1,), 0), ((None,), 0))
    failed = end(items)
    assert (failed.outcome, failed.kind) == (AttemptState.FAILED, "error")
    assert failed.message == "ZeroDivisionError: on purpose"
    assert "runner_experiments.py" in failed.traceback
    assert len(rows(items)) == 1
    assert end(items, "t1").outcome is AttemptState.FINISHED


def test_an_experiment_that_exits_fails_its_trial_alone(runner):
    items = go(runner(), "!obj:runner_experiments.Quits {}\n", ((), 0), ((), 0))
    assert end(items).message == "SystemExit: enough"
    assert len(rows(items, "t1")) == 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("!obj:runner_experiments.Countr { rows: 1 }\n", r"line 11.*Countr.*Counter"),
        ("!obj:runner_experiments.Counter { row: 1 }\n", r"line 11.*row.*rows"),
        ("!obj:os.system { command: ls }\n", r"line 11.*os"),
        ("!obj:runner_experiments.Counter { rows: 1, value: [1] }\n", r"'value'.*\[1\].*number"),
        ("{ a: 1 }\n", r"expected a Train"),
    ],
)
def test_what_the_user_wrote_wrong_is_told_as_input(runner, text, message):
    failed = end(go(runner(), text, ((), 0)))
    assert (failed.outcome, failed.kind) == (AttemptState.FAILED, "input")
    assert re.search(message, failed.message), failed.message


def test_each_trial_has_global_generators_of_its_own(runner):
    text = "!obj:runner_experiments.Draws {}\n"
    items = go(runner(), text, ((), 0), ((), 1), ((), 0))
    first, other, again = (
        [values(row) for row in rows(items, trial)] for trial in ("t0", "t1", "t2")
    )
    assert first == again
    assert first[0]["numpy"] != other[0]["numpy"]
    assert first[0]["python"] != other[0]["python"]
    assert first[0] != first[1]


def test_a_diverging_trial_fails_with_the_epoch_and_the_channel(runner):
    failed = end(go(runner(), SOFTMAX, ((0, float("inf")), 0)))
    assert failed.kind == "error"
    assert "after epoch 1" in failed.message
    assert "train_objective" in failed.message


def test_an_interrupt_ends_the_running_attempt_and_begins_no_other(runner):
    flag = Interruption()
    text = "!obj:runner_experiments.Counter { rows: 5 }\n"
    lease = [TrialTask(f"t{place}", 1, "text", (), 0) for place in range(2)]
    items = []
    for item in runner().run(lease, {"text": ExperimentText("s", text, (1, 2))}, flag):
        items.append(item)
        if isinstance(item, Row):
            flag.set()
    assert end(items).outcome is AttemptState.INTERRUPTED
    assert not [item for item in items if item.trial == "t1"]


def test_what_a_trial_draws_is_what_numpy_and_python_draw_from_its_seed(runner):
    items = go(runner(), "!obj:runner_experiments.Draws {}\n", ((), 7))
    from_numpy, from_python = np.random.RandomState(7), random.Random(7)
    for row in rows(items):
        assert values(row) == {"numpy": from_numpy.uniform(), "python": from_python.random()}


def test_what_a_module_draws_when_it_is_imported_is_not_drawn_from_the_first_trial(runner, spec):
    inner = "import random, numpy\nSCALE = random.random() + numpy.random.randn()\n"
    (spec.parent / "runner_draws_inside.py").write_text(inner)
    (spec.parent / "runner_draws.py").write_text(
        "import random, numpy\nfrom runner_experiments import Draws\n"
        "import runner_draws_inside\nrandom.seed(3)\nSCALE = numpy.random.uniform()\n"
    )
    items = go(runner(), "!obj:runner_draws.Draws {}\n", ((), 7), ((), 7))
    first, second = ([values(row) for row in rows(items, trial)] for trial in ("t0", "t1"))
    from_numpy, from_python = np.random.RandomState(7), random.Random(7)
    assert first[0] == {"numpy": from_numpy.uniform(), "python": from_python.random()}
    assert first == second


def test_a_real_pylearn2_in_the_way_is_told_as_input(runner, monkeypatch):
    real = types.ModuleType("pylearn2")
    real.__file__ = "/site-packages/pylearn2/__init__.py"
    monkeypatch.setitem(sys.modules, "pylearn2", real)
    with pytest.raises(InputError, match=r"gave a real Pylearn2 .*/site-packages"):
        runner()
