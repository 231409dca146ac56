"""Microseconds a trial-step: this engine by the width of the pack, beside others, in one run.

`python benchmarks/step.py [-j a b c d] [-k 4 8 16]`. One thread. Sides: a call a step in NumPy by
hand, PyTorch eager and JAX by hand; an epoch a call here, one trial and packs of K with batches of
their own or the same. The bound is the step's matrix products at the speed of one large product,
measured here. The last line has the engine's own choice of K and the ratios that count.
"""

from __future__ import annotations

import os

os.environ.setdefault("PYTENSOR_FLAGS", "floatX=float32")
for _name in ("OMP", "OPENBLAS", "MKL"):
    os.environ[f"{_name}_NUM_THREADS"] = "1"
os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})  # XLA's threads follow it

import argparse  # noqa: E402
import sys  # noqa: E402
import time  # noqa: E402
from collections.abc import Callable  # noqa: E402
from dataclasses import dataclass  # noqa: E402
from pathlib import Path  # noqa: E402

import jax  # noqa: E402
import jax.numpy as jnp  # noqa: E402
import numpy as np  # noqa: E402
import pytensor  # noqa: E402
import pytensor.tensor as pt  # noqa: E402

from pylearn2core.engine import Bound, Order, Step, TrainPass, answer, width  # noqa: E402
from pylearn2core.engine.ops.softmax import log_softmax  # noqa: E402
from pylearn2core.engine.pack import compiled  # noqa: E402

sys.path.insert(0, str(Path(__file__).parent))
import step_autoencoder as tied  # noqa: E402


@dataclass(frozen=True, slots=True)
class Job:
    """A classifier of rectified layers and a softmax, SGD with momentum (0: plain).

    tied: the autoencoder of step_autoencoder.py in its place.
    """

    title: str
    widths: tuple[int, ...]
    batch: int
    rows: int
    momentum: float
    tied: bool = False

    @property
    def operations(self) -> int:
        """Of the step's matrix products: three a layer, two for the first."""
        if self.tied:
            return tied.OPERATIONS
        sizes = [a * b for a, b in zip(self.widths[:-1], self.widths[1:], strict=True)]
        return (3 * sum(sizes) - sizes[0]) * 2 * self.batch


JOBS = {
    "a": Job("softmax 784-10, batch 200", (784, 10), 200, 10_000, 0.0),
    "b": Job("tied autoencoder 784-200, batch 100", tied.WIDTHS, tied.BATCH, tied.ROWS, 0.0, True),
    "c": Job("MLP 784-500-500-10, batch 100", (784, 500, 500, 10), 100, 2_000, 0.5),
    "d": Job("MLP 64-32-10, batch 32", (64, 32, 10), 32, 1_000, 0.5),
}
RATE = np.float32(0.01)


def data(job: Job) -> tuple[np.ndarray, ...]:
    if job.tied:
        return tied.data()
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
    """Microseconds of the step's matrix products at full speed."""
    size = 1024
    big = np.random.default_rng(0).random((size, size), dtype=np.float32)
    per_flop = microseconds(lambda: big @ big, 1) / (2 * size**3)
    return job.operations * per_flop


def in_numpy(job: Job) -> Callable[[], object]:
    if job.tied:
        return tied.in_numpy()
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


def in_torch(job: Job, device: str = "cpu") -> Callable[[], object]:
    import torch

    if job.tied:
        return tied.in_torch(device)
    torch.set_num_threads(1)
    X, Y = (torch.from_numpy(array).to(device) for array in data(job))
    labels = Y.argmax(1)
    P = [torch.from_numpy(p).to(device).requires_grad_(True) for p in weights(job)]
    optimiser = torch.optim.SGD(P, lr=float(RATE), momentum=job.momentum, foreach=True)

    def step(i: int) -> None:
        x = X[i : i + job.batch]
        for W, b in zip(P[:-2:2], P[1:-2:2], strict=True):
            x = torch.relu(torch.addmm(b, x, W))
        logits = torch.addmm(P[-1], x, P[-2])
        optimiser.zero_grad()
        torch.nn.functional.cross_entropy(logits, labels[i : i + job.batch]).backward()
        optimiser.step()

    def run() -> None:
        for i in range(0, job.rows - job.batch + 1, job.batch):
            step(i)
        if device != "cpu":
            torch.cuda.synchronize()

    return run


def in_jax(job: Job) -> Callable[[], object]:
    if job.tied:
        return tied.in_jax()
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
    if job.tied:
        return tied.graph()
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


def requests(job: Job, n_slots: int, *, common: bool) -> list[TrainPass]:
    arrays = tuple(jax.device_put(array) for array in data(job))
    whole = job.rows // job.batch * job.batch

    def order(seed: int) -> Order:
        rows = np.random.default_rng(seed).permutation(whole)
        return Order.of(rows.reshape(-1, job.batch), job.rows)

    return [
        TrainPass(Bound(graph(job)), arrays, order(0 if common else place))
        for place in range(n_slots)
    ]


def here(job: Job, n_slots: int, *, common: bool) -> Callable[[], object]:
    """An epoch of so many trials as one program.

    Batches are shared where they are the same and not where they are not, whatever the engine would
    choose for the job.
    """
    asked = requests(job, n_slots, common=common)

    def run() -> None:
        chosen, compiled.shares_batches = compiled.shares_batches, lambda work: common
        try:
            for one in answer(asked, n_slots):
                if isinstance(one.reply, Exception):
                    raise one.reply
        finally:
            compiled.shares_batches = chosen

    return run


def sides(job: Job, widths: list[int]) -> dict[str, tuple[Callable[[], object], int]]:
    """Title to (what runs an epoch, how many trials it runs)."""
    found: dict[str, tuple[Callable[[], object], int]] = {
        "NumPy by hand, a call a step": (in_numpy(job), 1),
        "PyTorch eager": (in_torch(job), 1),
        BY_HAND: (in_jax(job), 1),
        "here, one trial": (here(job, 1, common=True), 1),
    }
    for n_slots in widths:
        for common in (False, True):
            how = "the same batches" if common else "batches of their own"
            found[f"here, {n_slots} trials, {how}"] = (here(job, n_slots, common=common), n_slots)
    return found


BY_HAND = "JAX by hand, a call a step"


def table(job: Job, widths: list[int]) -> None:
    steps = job.rows // job.batch
    least = bound(job)
    print(f"{'':44}{'us':>10}{'x JAX by hand':>15}{'x bound':>9}")
    print(f"{'products at full speed':44}{least:10.1f}")
    found: dict[str, float] = {}
    for title, (run, trials) in sides(job, widths).items():
        took = found[title] = microseconds(run, steps * trials)
        by_hand = f"{found[BY_HAND] / took:15.2f}" if BY_HAND in found else " " * 15
        print(f"{title:44}{took:10.1f}{by_hand}{took / least:9.2f}", flush=True)
    ours = {title: took for title, took in found.items() if title.startswith("here")}
    best = min(ours, key=ours.__getitem__)
    chosen = width(requests(job, 1, common=True)[0])
    print(
        f"best: {best}: {found[BY_HAND] / ours[best]:.2f} x JAX by hand, "
        f"{ours[best] / least:.2f} x the bound; the engine's own K: {chosen}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("-j", "--jobs", nargs="+", choices=JOBS, default=list(JOBS))
    parser.add_argument("-k", "--widths", nargs="+", type=int, default=[4, 8, 16, 32])
    chosen = parser.parse_args()
    for name in chosen.jobs:
        print(f"\n{name}: {JOBS[name].title}; microseconds a trial-step")
        table(JOBS[name], chosen.widths)


if __name__ == "__main__":
    main()
