"""Job b of step.py: a tied autoencoder, tanh and sigmoid, cross-entropy, plain gradient steps."""

from __future__ import annotations

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
import pytensor
import pytensor.tensor as pt

from pylearn2core.engine import Step

RATE = np.float32(0.01)
WIDTHS, BATCH, ROWS = (784, 200), 100, 2_000
PRODUCTS = 5  # forward two, backward three, all of one size
OPERATIONS = PRODUCTS * 2 * BATCH * WIDTHS[0] * WIDTHS[1]
STARTS = range(0, ROWS - BATCH + 1, BATCH)


def data() -> tuple[np.ndarray, ...]:
    return (np.random.default_rng(0).random((ROWS, WIDTHS[0]), dtype=np.float32),)


def weights() -> list[np.ndarray]:
    W = np.random.default_rng(1).uniform(-0.05, 0.05, WIDTHS).astype("float32")
    return [W, np.zeros(WIDTHS[1], np.float32), np.zeros(WIDTHS[0], np.float32)]


def in_numpy() -> Callable[[], object]:
    (X,) = data()
    W, b, c = weights()

    def step(x: np.ndarray) -> None:
        h = np.tanh(x @ W + b)
        delta = (1 / (1 + np.exp(-(h @ W.T + c))) - x) / BATCH
        below = (delta @ W) * (1 - h * h)
        np.subtract(W, RATE * (delta.T @ h + x.T @ below), out=W)
        np.subtract(b, RATE * below.sum(axis=0), out=b)
        np.subtract(c, RATE * delta.sum(axis=0), out=c)

    return lambda: [step(X[i : i + BATCH]) for i in STARTS]


def in_torch(device: str = "cpu") -> Callable[[], object]:
    import torch

    torch.set_num_threads(1)
    (X,) = (torch.from_numpy(array).to(device) for array in data())
    P = [torch.from_numpy(p).to(device).requires_grad_(True) for p in weights()]
    W, b, c = P
    optimiser = torch.optim.SGD(P, lr=float(RATE), foreach=True)

    def step(x: torch.Tensor) -> None:
        z = torch.addmm(c, torch.tanh(torch.addmm(b, x, W)), W.t())
        optimiser.zero_grad()
        cost = torch.nn.functional.binary_cross_entropy_with_logits(z, x, reduction="sum") / BATCH
        cost.backward()
        optimiser.step()

    def run() -> None:
        for i in STARTS:
            step(X[i : i + BATCH])
        if device != "cpu":
            torch.cuda.synchronize()

    return run


def in_jax() -> Callable[[], object]:
    (X,) = (jax.device_put(array) for array in data())

    def cost(P: list[jax.Array], x: jax.Array) -> jax.Array:
        W, b, c = P
        z = jnp.tanh(x @ W + b) @ W.T + c
        return (jax.nn.softplus(z) - x * z).sum(axis=1).mean()

    @jax.jit
    def step(P: list[jax.Array], x: jax.Array) -> list[jax.Array]:
        return [p - RATE * g for p, g in zip(P, jax.grad(cost)(P, x), strict=True)]

    batches = [X[i : i + BATCH] for i in STARTS]
    start = [jnp.asarray(p, dtype="float32") for p in weights()]

    def run() -> None:
        P = start
        for x in batches:
            P = step(P, x)
        jax.block_until_ready(P)

    return run


def graph() -> Step:
    W, b, c = (pytensor.shared(p) for p in weights())
    rate, x = pytensor.shared(RATE), pt.matrix("x")
    z = pt.tanh(x @ W + b) @ W.T + c
    cost = (pt.softplus(z) - x * z).sum(axis=1).mean()
    grads = pytensor.grad(cost, [W, b, c])
    updates = {p: p - rate * g for p, g in zip((W, b, c), grads, strict=True)}
    return Step(((x,),), updates, ())
