"""Runs attempts with the real runner, breaks them off, and reads what they said."""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field

from sweeper.records import Ended, ExperimentText, Row, RunnerSetup, TrialTask
from sweeper.workers.interruption import Interruption
from sweeper.workers.runner import Runner

MODULE = '''
import random
from pathlib import Path

import numpy as np
import pytensor
from pylearn2core import paths
from pylearn2core.train_extensions import TrainExtension


class Draws(TrainExtension):
    """Draws from the global generators, and scales the parameters by it."""

    def setup(self, model, dataset, algorithm):
        self.drawn = pytensor.shared(np.float64(0.0))
        model.monitor.add_channel("drawn", None, self.drawn)

    def on_monitor(self, model, dataset, algorithm):
        drawn = np.random.randn() + np.random.uniform() + random.random()
        self.drawn.set_value(drawn)
        for p in model.get_params():
            p.set_value(p.get_value() * (1 + 0.01 * drawn))


class Walk:
    """A random walk of the user's own. how: what its state is made of."""

    def __init__(self, steps, how="plain"):
        self.steps, self.how, self.done, self.x = steps, how, 0, 0.0

    def __iter__(self):
        while self.done < self.steps:
            self.done += 1
            self.x += np.random.randn() + random.random()
            if self.how == "raises at 5" and self.done == 5:
                raise ZeroDivisionError("on purpose")
            yield {"x": self.x, "done": self.done}

    def state_dict(self):
        if self.how == "breaks":
            raise RuntimeError("no state today")
        state = {"done": self.done, "x": self.x}
        return Own(state) if self.how == "own class" else state

    def load_state_dict(self, state):
        if self.how == "refuses":
            np.random.randn()
            raise ValueError("not mine")
        state = state.state if self.how == "own class" else state
        self.done, self.x = state["done"], state["x"]


class Late:
    """Says how much is done from an epoch on."""

    def __init__(self, first):
        self.first = first

    def __iter__(self):
        for step in range(1, 6):
            yield {"x": 0.0, **({"done": step} if step >= self.first else {})}


class Own:
    def __init__(self, state):
        self.state = state


class Forgetful:
    """Has no state_dict."""

    def __init__(self, steps):
        self.steps = steps

    def __iter__(self):
        for step in range(self.steps):
            yield {"x": np.random.randn(), "done": step + 1}


class Writes(Walk):
    """Writes a file in `out` with each step; `built` says what was there when it was built."""

    def __init__(self, steps, out, name):
        super().__init__(steps)
        self.path = Path(out) / name
        self.out = Path(out)
        self.out.mkdir(parents=True, exist_ok=True)
        self.built = sum(len(p.read_text()) for p in self.out.glob("one.txt"))

    def __iter__(self):
        for row in super().__iter__():
            self.path.write_text("x" * self.done)
            yield {**row, "built": self.built, "files": len(list(self.out.glob("*.txt")))}
'''

# tokens: seed, learning rate, epochs
TRAIN = """!obj:pylearn2core.train.Train {
    dataset: &train !obj:pylearn2core.datasets.digits.Digits { which_set: valid },
    model: !obj:pylearn2core.models.mlp.MLP {
        nvis: 64,
        seed: [2013, 1, __sweep_token_0__],
        layers: [
            !obj:pylearn2core.models.mlp.Sigmoid {
                layer_name: h, dim: 6, irange: .1, max_col_norm: 1.5 },
            !obj:pylearn2core.models.mlp.Softmax { layer_name: y, n_classes: 10, irange: .1 },
        ],
    },
    algorithm: !obj:pylearn2core.training_algorithms.sgd.SGD {
        learning_rate: __sweep_token_1__,
        batch_size: 150,
        seed: [2012, 10, __sweep_token_0__],
        cost: !obj:pylearn2core.costs.mlp.dropout.Dropout {
            input_include_probs: { h: .8 }, input_scales: { h: 1.25 } },
        learning_rule: !obj:pylearn2core.training_algorithms.learning_rule.Momentum {
            init_momentum: .5 },
        monitoring_dataset: { train: *train },
        termination_criterion: !obj:pylearn2core.termination_criteria.EpochCounter {
            max_epochs: __sweep_token_2__ },
    },
    extensions: [ !obj:checkpoint_experiments.Draws {} ],
}
"""
# tokens: steps, how
WALK = "!obj:checkpoint_experiments.Walk { steps: __sweep_token_0__, how: __sweep_token_1__ }\n"


@dataclass
class Heard:
    """What a lease said, by trial."""

    rows: dict[str, list[Row]] = field(default_factory=dict)
    ends: dict[str, Ended] = field(default_factory=dict)

    def take(self, item):
        if isinstance(item, Row):
            self.rows.setdefault(item.trial, []).append(item)
        elif isinstance(item, Ended):
            self.ends[item.trial] = item

    def values(self, trial="t0"):
        """{(phase, epoch): {channel: value}} without the clocks."""
        found = {}
        for row in self.rows.get(trial, []):
            numbers = array("d")
            numbers.frombytes(row.data)
            named = dict(zip(row.channels, numbers, strict=True))
            found[row.phase, row.epoch] = {k: v for k, v in named.items() if "sec" not in k}
        return found

    def end(self, trial="t0"):
        return self.ends[trial].outcome


class Bench:
    """Runs attempts of one run's trials, each lease by a worker of its own."""

    def __init__(self, folder, run_dir, **setup):
        spec = str(folder / "grid.yaml.j2")
        self.run_dir = run_dir
        self.setup = RunnerSetup(str(run_dir), spec, ("*",), (), "float64", **setup)

    def run(self, text, *tokens, number=1, known=None, pack=None, stop_at=None, interrupt_at=None):
        """A lease of a trial for each of `tokens`.

        stop_at: the worker dies when t0 has given the row of this (phase, epoch).
        interrupt_at: the driver interrupts then.
        """
        tasks = [
            TrialTask(f"t{k}", number, "text", given, k, pack, known)
            for k, given in enumerate(tokens)
        ]
        texts = {"text": ExperimentText("grid.yaml.j2", text, tuple(range(1, 99)))}
        flag, heard = Interruption(), Heard()
        for item in Runner(self.setup, 0).run(tasks, texts, flag):
            heard.take(item)
            at = (item.phase, item.epoch) if isinstance(item, Row) and item.trial == "t0" else None
            if at is not None and at == stop_at:
                break
            if at is not None and at == interrupt_at:
                flag.set()
        return heard

    def out(self, number, trial="t0"):
        return self.run_dir / "trials" / trial / f"a{number}"


# token: the attempt's folder
def phases(*names):
    return "---\n".join(
        "!obj:checkpoint_experiments.Writes "
        f"{{ steps: 4, out: __sweep_token_0__, name: {name}.txt }}\n"
        for name in names
    )
