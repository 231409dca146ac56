"""Milliseconds of one thread to build a trial, up to its first epoch: its key new, or known.

`python benchmarks/build.py [-n 100]`. The digits, float32, every channel on train, valid and test.
Each trial has other numbers. What PyTensor's rewrites and XLA's compiler take for a new key stands
apart: it is theirs, and paid once a key.
"""

from __future__ import annotations

import os

os.environ.setdefault("PYTENSOR_FLAGS", "floatX=float32,traceback__limit=0")
for _name in ("OMP", "OPENBLAS", "MKL"):
    os.environ[f"{_name}_NUM_THREADS"] = "1"

import argparse  # noqa: E402
import gc  # noqa: E402
import logging  # noqa: E402
import time  # noqa: E402
from collections import defaultdict  # noqa: E402
from typing import Any  # noqa: E402

import numpy as np  # noqa: E402

from pylearn2core.config import nodes, yaml_parse  # noqa: E402
from pylearn2core.engine import Measure, TrainPass  # noqa: E402
from pylearn2core.engine.pack import compiled  # noqa: E402
from pylearn2core.engine.program import lower, values  # noqa: E402

ALGORITHM = """algorithm: !obj:pylearn2core.training_algorithms.sgd.SGD {
    learning_rate: __sweep_token_1__,
    batch_size: 32,
    %s
    monitoring_dataset: {
        train: *train,
        valid: !obj:pylearn2core.datasets.digits.Digits { which_set: valid },
        test: !obj:pylearn2core.datasets.digits.Digits { which_set: test },
    },
}"""
TRAIN = """!obj:pylearn2core.train.Train {
dataset: &train !obj:pylearn2core.datasets.digits.Digits { which_set: train },
model: %s,
%s
}"""
MLP = """!obj:pylearn2core.models.mlp.MLP {
    nvis: 64,
    seed: [2013, 1, __sweep_token_0__],
    layers: [
        !obj:pylearn2core.models.mlp.RectifiedLinear { layer_name: h, dim: 32, irange: 0.1 },
        !obj:pylearn2core.models.mlp.Softmax { layer_name: y, n_classes: 10, irange: 0.1 },
    ],
}"""
DECAYED_MOMENTUM = """
    cost: !obj:pylearn2core.costs.cost.SumOfCosts { costs: [
        !obj:pylearn2core.costs.mlp.Default {},
        !obj:pylearn2core.costs.mlp.WeightDecay { coeffs: { h: __sweep_token_1__ } },
    ] },
    learning_rule: !obj:pylearn2core.training_algorithms.learning_rule.Momentum {
        init_momentum: 0.5,
    },"""
MOMENTUM = DECAYED_MOMENTUM[DECAYED_MOMENTUM.index("learning_rule") :]
REGRESSION = """!obj:pylearn2core.models.softmax_regression.SoftmaxRegression {
    nvis: 64, n_classes: 10, irange: 0.01, seed: [2013, 1, __sweep_token_0__],
}"""
AUTOENCODER = """!obj:pylearn2core.models.autoencoder.Autoencoder {
    nvis: 64, nhid: 32, act_enc: sigmoid, act_dec: sigmoid, tied_weights: true, irange: 0.1,
}"""
AUTOENCODER_COST = "cost: !obj:pylearn2core.costs.autoencoder.MeanBinaryCrossEntropy {},"
JOBS = {
    "logistic regression 64-10": (REGRESSION, ""),
    "MLP 64-32-10, momentum": (MLP, MOMENTUM),
    "the same with weight decay": (MLP, DECAYED_MOMENTUM),
    "tied autoencoder 64-32": (AUTOENCODER, AUTOENCODER_COST),
}
OBJECTS, GRAPH, KEYS, RESET = "YAML to objects", "graph and channels", "keys", "values"
OURS = (OBJECTS, GRAPH, KEYS, RESET)
REWRITES, COMPILE = "PyTensor's rewrites", "XLA, and a first pass"


class Watch:
    """Milliseconds of this thread, by the part they went to."""

    def __init__(self) -> None:
        self.start()

    def start(self) -> None:
        self.parts: dict[str, float] = defaultdict(float)
        self._last = time.thread_time()

    def lap(self, part: str) -> None:
        now = time.thread_time()
        self.parts[part] += (now - self._last) * 1e3
        self._last = now


watch = Watch()


def watched(to_jax: Any) -> Any:
    def run(*args: Any) -> Any:
        watch.lap(KEYS)
        result = to_jax(*args)
        watch.lap(REWRITES)
        return result

    return run


def build(document: nodes.Node, number: int) -> dict[str, float]:
    """Milliseconds by part of one trial."""
    watch.start()
    tokens = (number, 0.01 + 1e-4 * number)
    train = yaml_parse.build(document, tokens=tokens)
    watch.lap(OBJECTS)
    train.setup()
    watch.lap(GRAPH)
    loop = train.loop()
    item = next(loop)
    while not isinstance(item, TrainPass):
        watch.lap(KEYS)
        reply = item.answer() if isinstance(item, Measure) else None
        watch.lap(COMPILE)
        item = loop.send(reply)
    watch.lap(KEYS)
    values.pull(item.step.shared)
    watch.lap(RESET)
    item.answer()
    watch.lap(COMPILE)
    loop.close()
    return dict(watch.parts)


def show(title: str, parts: dict[str, float], extra: str = "") -> None:
    own = sum(parts.get(part, 0.0) for part in OURS)
    listed = "   ".join(f"{part} {parts.get(part, 0.0):.2f}" for part in OURS)
    print(f"  {title:10}{own:6.1f} ms:   {listed}{extra}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("-n", type=int, default=100, help="trials of a known key")
    count = parser.parse_args().n
    logging.getLogger("pylearn2core").setLevel(logging.WARNING)
    lower.to_jax = watched(lower.to_jax)
    # Once a process: imports, the datasets.
    build(nodes.parse(TRAIN % (REGRESSION, ALGORITHM % ""))[0], 0)
    for title, (model, rest) in JOBS.items():
        document = nodes.parse(TRAIN % (model, ALGORITHM % rest))[0]
        compiled._by_key.clear()
        gc.collect()
        gc.freeze()  # as a worker does, once it has loaded everything
        print(title)
        new = build(document, 1)
        theirs = "".join(f"   ({part} {new[part]:.0f})" for part in (REWRITES, COMPILE))
        show("new key", new, theirs)
        for number in (2, 3):  # another value of each lifted constant is looked at once
            build(document, number)
        known = [build(document, 4 + number) for number in range(count)]
        for name, pick in (("known key", np.median), ("  at best", np.min)):
            show(name, {part: float(pick([one[part] for one in known])) for part in OURS})


if __name__ == "__main__":
    main()
