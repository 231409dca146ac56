"""Eight trials as a pack, in a process that may map only so many more bytes: printed as JSON.

`little_memory.py BYTES`. A slot has a hidden layer of 20 MB, and its gradient.
"""

from __future__ import annotations

import json
import resource
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytensor
import pytensor.tensor as pt

from pylearn2core.engine import Bound, Order, Step, TrainPass, answer, width

ROWS, WIDE = 200, 25_000
X = np.random.RandomState(0).rand(ROWS, 4).astype("float32")


def request(seed: int) -> tuple[TrainPass, Any]:
    start = np.random.RandomState(seed).randn(4, WIDE).astype("float32")
    weights, x = pytensor.shared(start), pt.fmatrix("x")
    hidden = pt.tanh(x @ weights)
    cost = pt.sqr(hidden @ hidden.T).mean()
    new = weights - np.float32(1e-3) * pytensor.grad(cost, weights)
    step = Step(((x,),), {weights: new}, ())
    return TrainPass(Bound(step), (X,), Order.of([slice(0, ROWS)], ROWS)), weights


def mapped_bytes() -> int:
    return int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()


def main(more: int) -> None:
    alone, together = ([request(seed) for seed in range(8)] for _ in range(2))
    before = [weights.get_value() for _, weights in alone]
    for one, _ in alone:
        one.answer()
    limit = mapped_bytes() + more
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    answers = answer([one for one, _ in together], 8)
    pairs = [(a.get_value(), b.get_value()) for (_, a), (_, b) in zip(alone, together, strict=True)]
    moved = min(float(abs(a - old).max()) for (a, _), old in zip(pairs, before, strict=True))
    found = {
        "slots": [one.slots for one in answers],
        "errors": [repr(one.reply) for one in answers if isinstance(one.reply, Exception)],
        "moved": moved,
        "difference": max(float(abs(a - b).max()) for a, b in pairs),
        "width": width(together[0][0], 8),
    }
    print(json.dumps(found))


if __name__ == "__main__":
    main(int(float(sys.argv[1])))
