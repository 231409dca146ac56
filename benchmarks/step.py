"""Microseconds a trial-step: this engine by the width of the pack, beside others, in one run.

`python benchmarks/step.py [-j a c d]`. One thread. Sides: a call a step in NumPy by hand, PyTorch
eager and JAX by hand; an epoch a call here, one trial and packs with batches of their own or the
same. The bound is the step's matrix products at the speed of one large product, measured here.
"""

from __future__ import annotations

import os

os.environ.setdefault("PYTENSOR_FLAGS", "floatX=float32")
for _name in ("OMP", "OPENBLAS", "MKL"):
    os.environ[f"{_name}_NUM_THREADS"] = "1"
os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})  # XLA's threads follow it

import argparse  # noqa: E402
import time  # noqa: E402
from collections.abc import Callable  # noqa: E402
from dataclasses import dataclass  # noqa: E402

import jax  # noqa: E402
import jax.numpy as jnp  # noqa: E402
import numpy as np  # noqa: E402
import pytensor  # noqa: E402
import pytensor.tensor as pt  # noqa: E402

from pylearn2core.engine import Bound, Order, Step, TrainPass, answer  # noqa: E402
from pylearn2core.engine.softmax import log_softmax  # noqa: E402


@dataclass(frozen=True, slots=True)
class Job:
    """A classifier of rectified layers and a softmax, SGD with momentum (0: plain)."""

    title: str
    widths: tuple[int, ...]
    batch: int
    rows: int
    momentum: float


JOBS = {
    "a": Job("softmax 784-10, batch 200", (784, 10), 200, 10_000, 0.0),
    "c": Job("MLP 784-500-500-10, batch 100", (784, 500, 500, 10), 100, 2_000, 0.5),
    "d": Job("MLP 64-32-10, batch 32", (64, 32, 10), 32, 1_000, 0.5),
}
RATE = np.float32(0.01)


def data(job: Job) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    X = rng.random((job.rows, job.widths[0]), dtype=np.float32)
    return X, np.eye(job.widths[-1], dtype=np.float32)[rng.integers(0, job.widths[-1], job.rows)]


def weights(job: Job) -> list[np.ndarray]:
    rng = np.random.default_rng(1)
    made = []
    for n_in, n_out in zip(job.widths[:-1], job.widths[1:], strict=True):
        made += [rng.uniform(-0.05, 0.05, (n_in, n_out)).astype("float32")]
        made += [np.zeros(n_out, np.float32)]
    return made


def microseconds(run: Callable[[], object], steps: int, *, seconds: float = 1.5) -> float:
    """Best of several timings, microseconds a step. run: does `steps` steps."""
    run()
    best, end = np.inf, time.perf_counter() + seconds
    while time.perf_counter() < end:
        began = time.perf_counter()
        run()
        best = min(best, time.perf_counter() - began)
    return best / steps * 1e6


def bound(job: Job) -> float:
    """Microseconds of the step's three products a layer (two for the first), at full speed."""
    size = 1024
    big = np.random.default_rng(0).random((size, size), dtype=np.float32)
    per_flop = microseconds(lambda: big @ big, 1) / (2 * size**3)
    sizes = [a * b for a, b in zip(job.widths[:-1], job.widths[1:], strict=True)]
    return (3 * sum(sizes) - sizes[0]) * 2 * job.batch * per_flop


def in_numpy(job: Job) -> Callable[[], object]:
    X, Y = data(job)
    P = weights(job)
    V = [np.zeros_like(p) for p in P]

    def step(x: np.ndarray, y: np.ndarray) -> None:
        states = [x]
        for W, b in zip(P[:-2:2], P[1:-2:2], strict=True):
            states.append(np.maximum(states[-1] @ W + b, 0))
        z = states[-1] @ P[-2] + P[-1]
        e = np.exp(z - z.max(axis=1, keepdims=True))
        delta = (e / e.sum(axis=1, keepdims=True) - y) / len(x)
        grads: list[np.ndarray] = []
        for layer in range(len(P) // 2 - 1, -1, -1):
            grads = [states[layer].T @ delta, delta.sum(axis=0), *grads]
            if layer:
                delta = (delta @ P[2 * layer].T) * (states[layer] > 0)
        for p, v, g in zip(P, V, grads, strict=True):
            np.multiply(v, job.momentum, out=v)
            np.subtract(v, RATE * g, out=v)
            np.add(p, v, out=p)

    return lambda: [
        step(X[i : i + job.batch], Y[i : i + job.batch])
        for i in range(0, job.rows - job.batch + 1, job.batch)
    ]


def in_torch(job: Job) -> Callable[[], object]:
    import torch

    torch.set_num_threads(1)
    X, Y = (torch.from_numpy(array) for array in data(job))
    labels = Y.argmax(1)
    P = [torch.from_numpy(p).requires_grad_(True) for p in weights(job)]
    optimiser = torch.optim.SGD(P, lr=float(RATE), momentum=job.momentum, foreach=True)

    def step(i: int) -> None:
        x = X[i : i + job.batch]
        for W, b in zip(P[:-2:2], P[1:-2:2], strict=True):
            x = torch.relu(torch.addmm(b, x, W))
        logits = torch.addmm(P[-1], x, P[-2])
        optimiser.zero_grad()
        torch.nn.functional.cross_entropy(logits, labels[i : i + job.batch]).backward()
        optimiser.step()

    return lambda: [step(i) for i in range(0, job.rows - job.batch + 1, job.batch)]


def in_jax(job: Job) -> Callable[[], object]:
    X, Y = (jax.device_put(array) for array in data(job))

    def cost(P: list[jax.Array], x: jax.Array, y: jax.Array) -> jax.Array:
        for W, b in zip(P[:-2:2], P[1:-2:2], strict=True):
            x = jnp.maximum(x @ W + b, 0)
        return -(y * jax.nn.log_softmax(x @ P[-2] + P[-1])).sum(axis=1).mean()

    @jax.jit
    def step(P: list, V: list, x: jax.Array, y: jax.Array) -> tuple[list, list]:
        grads = jax.grad(cost)(P, x, y)
        V = [np.float32(job.momentum) * v - RATE * g for v, g in zip(V, grads, strict=True)]
        return [p + v for p, v in zip(P, V, strict=True)], V

    batches = [
        (X[i : i + job.batch], Y[i : i + job.batch])
        for i in range(0, job.rows - job.batch + 1, job.batch)
    ]
    state = ([jnp.asarray(p) for p in weights(job)], [jnp.zeros(p.shape) for p in weights(job)])
    state = jax.tree.map(lambda leaf: leaf.astype("float32"), state)

    def run() -> None:
        P, V = state
        for x, y in batches:
            P, V = step(P, V, x, y)
        jax.block_until_ready(P)

    return run


def graph(job: Job) -> Step:
    P = [pytensor.shared(p) for p in weights(job)]
    V = [pytensor.shared(np.zeros_like(p.get_value())) for p in P]
    rate, momentum = pytensor.shared(RATE), pytensor.shared(np.float32(job.momentum))
    x, y = pt.matrix("x"), pt.matrix("y")
    state = x
    for W, b in zip(P[:-2:2], P[1:-2:2], strict=True):
        state = pt.maximum(state @ W + b, 0)
    cost = -(y * log_softmax(state @ P[-2] + P[-1])).sum(axis=1).mean()
    updates = {}
    for p, v, g in zip(P, V, pytensor.grad(cost, P), strict=True):
        updates[v] = momentum * v - rate * g
        updates[p] = p + updates[v]
    return Step(((x,), (y,)), updates, ())


def here(job: Job, width: int, *, common: bool) -> Callable[[], object]:
    arrays = tuple(jax.device_put(array) for array in data(job))
    whole = job.rows // job.batch * job.batch

    def order(seed: int) -> Order:
        rows = np.random.default_rng(seed).permutation(whole)
        return Order.of(rows.reshape(-1, job.batch), job.rows)

    requests = [
        TrainPass(Bound(graph(job)), arrays, order(0 if common else place))
        for place in range(width)
    ]
    return lambda: answer(requests, width)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("-j", "--jobs", nargs="+", choices=JOBS, default=list(JOBS))
    for name in parser.parse_args().jobs:
        job = JOBS[name]
        steps = job.rows // job.batch
        print(f"\n{name}: {job.title}; microseconds a trial-step")
        least = bound(job)
        sides: dict[str, tuple[Callable[[], object], int]] = {
            "NumPy by hand, a call a step": (in_numpy(job), 1),
            "PyTorch eager": (in_torch(job), 1),
            "JAX by hand, a call a step": (in_jax(job), 1),
            "here, one trial": (here(job, 1, common=True), 1),
        }
        for width in (8, 16):
            for common in (False, True):
                how = "the same batches" if common else "batches of their own"
                sides[f"here, {width} trials, {how}"] = (here(job, width, common=common), width)
        print(f"{'products at full speed':44}{least:10.1f}")
        found = {}
        for title, (run, width) in sides.items():
            found[title] = microseconds(run, steps * width)
            by_hand = found.get("JAX by hand, a call a step")
            ratio = f"{by_hand / found[title]:8.2f} x JAX by hand" if by_hand else ""
            print(f"{title:44}{found[title]:10.1f}{ratio}", flush=True)


if __name__ == "__main__":
    main()
