"""The bound of a variational autoencoder on digits, beside an equal one written in PyTorch.

    python benchmarks/vae_bound.py                  # 5 seeds, 100 epochs each
    python benchmarks/vae_bound.py --first 20 --seeds 20
    python benchmarks/vae_bound.py --exact          # float64, no noise: one and the same?

Equal: the layers, the initial weights, the batches and their order, Adam and its settings, float32.
Each has random numbers of its own for the noise. What is measured: minus the bound on the test
digits (nats a digit, mean of 50 draws each) and minus the log-likelihood by importance sampling
(100 draws each), both by the same NumPy code from the trained parameters, so that only the training
can differ.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

NVIS, NHID, DIM, BATCH, RATE = 64, 8, 100, 50, 0.002
BOUND_DRAWS, WEIGHT_DRAWS = 50, 100

Params = Mapping[str, np.ndarray]


@dataclass(frozen=True, slots=True)
class Result:
    """Nats a digit on the test digits, and seconds of training without the first epoch."""

    bound: float
    nll: float
    seconds: float


# ------------------------------------------------------------------ the two implementations
def build(seed: int) -> Any:
    from pylearn2core.models.mlp import MLP, RectifiedLinear
    from pylearn2core.models.vae import (
        VAE,
        BernoulliVector,
        DiagonalGaussian,
        DiagonalGaussianPrior,
    )

    def mlp() -> MLP:
        return MLP([RectifiedLinear(dim=DIM, layer_name="h", irange=0.1)])

    return VAE(
        nvis=NVIS,
        nhid=NHID,
        prior=DiagonalGaussianPrior(),
        conditional=BernoulliVector(mlp(), "conditional"),
        posterior=DiagonalGaussian(mlp(), "posterior"),
        learn_prior=False,
        seed=seed,
    )


def train_ours(model: Any, seed: int, epochs: int) -> tuple[Params, float]:
    from pylearn2core.costs.vae import VAECriterion
    from pylearn2core.datasets.digits import Digits
    from pylearn2core.training_algorithms.learning_rule import Adam
    from pylearn2core.training_algorithms.sgd import SGD

    data = Digits("train")
    algorithm = SGD(
        learning_rate=RATE,
        cost=VAECriterion(),
        batch_size=BATCH,
        learning_rule=Adam(),
        seed=[seed],
    )
    algorithm.setup(model, data)
    algorithm.train(data)  # compiles
    started = time.perf_counter()
    for _ in range(epochs - 1):
        algorithm.train(data)
    values = {param.name: np.array(param.get_value()) for param in model.get_params()}
    return values, time.perf_counter() - started


def train_torch(start: Params, seed: int, epochs: int) -> tuple[Params, float]:
    import torch
    from torch.nn.functional import binary_cross_entropy_with_logits as cross_entropy

    from pylearn2core.datasets.digits import Digits

    torch.set_num_threads(1)
    torch.manual_seed(seed)
    p = {name: torch.nn.Parameter(torch.tensor(value)) for name, value in start.items()}
    optimizer = torch.optim.Adam(p.values(), lr=RATE)
    data = torch.tensor(np.array(Digits("train").X))
    order = np.random.RandomState([seed])

    def loss(x: Any) -> Any:
        h = torch.relu(x @ p["posterior_h_W"] + p["posterior_h_b"])
        mu = h @ p["posterior_mu_W"] + p["posterior_mu_b"]
        log_sigma = h @ p["posterior_log_sigma_W"] + p["posterior_log_sigma_b"]
        z = mu + torch.exp(log_sigma) * torch.randn_like(mu)
        hidden = torch.relu(z @ p["conditional_h_W"] + p["conditional_h_b"])
        logits = hidden @ p["conditional_mu_W"] + p["conditional_mu_b"]
        kl = 0.5 * (torch.exp(2 * log_sigma) + mu**2 - 1) - log_sigma
        return (cross_entropy(logits, x, reduction="sum") + kl.sum()) / len(x)

    def epoch() -> None:
        rows = np.arange(len(data))
        order.shuffle(rows)
        for begin in range(0, len(rows), BATCH):
            optimizer.zero_grad()
            loss(data[rows[begin : begin + BATCH]]).backward()
            optimizer.step()

    epoch()
    started = time.perf_counter()
    for _ in range(epochs - 1):
        epoch()
    values = {name: value.detach().numpy().copy() for name, value in p.items()}
    return values, time.perf_counter() - started


# ------------------------------------------------------------------ the one measure
def measure(p: Params, seconds: float) -> Result:
    from scipy.special import logsumexp
    from scipy.stats import norm

    from pylearn2core.datasets.digits import Digits

    p = {name: value.astype(np.float64) for name, value in p.items()}
    x = np.array(Digits("test").X, dtype=np.float64)
    h = np.maximum(x @ p["posterior_h_W"] + p["posterior_h_b"], 0)
    mu = h @ p["posterior_mu_W"] + p["posterior_mu_b"]
    sigma = np.exp(h @ p["posterior_log_sigma_W"] + p["posterior_log_sigma_b"])
    noise = np.random.RandomState(0).normal(size=(WEIGHT_DRAWS, *mu.shape))
    z = mu + sigma * noise
    hidden = np.maximum(z @ p["conditional_h_W"] + p["conditional_h_b"], 0)
    logits = hidden @ p["conditional_mu_W"] + p["conditional_mu_b"]
    log_p_x = (x * logits - np.logaddexp(0, logits)).sum(axis=2)
    kl = (0.5 * (sigma**2 + mu**2 - 1) - np.log(sigma)).sum(axis=1)
    bound = log_p_x[:BOUND_DRAWS].mean(axis=0) - kl
    weights = log_p_x + norm.logpdf(z).sum(axis=2) - norm(mu, sigma).logpdf(z).sum(axis=2)
    log_likelihood = logsumexp(weights, axis=0) - np.log(WEIGHT_DRAWS)
    return Result(-float(bound.mean()), -float(log_likelihood.mean()), seconds)


def compare(seed: int, epochs: int) -> dict[str, Result]:
    """Train both from the same weights."""
    model = build(seed)
    start = {param.name: np.array(param.get_value()) for param in model.get_params()}
    trained: dict[str, Callable[[], tuple[Params, float]]] = {
        "pylearn2core": lambda: train_ours(model, seed, epochs),
        "PyTorch": lambda: train_torch(start, seed, epochs),
    }
    return {name: measure(*train()) for name, train in trained.items()}


def exact(epochs: int) -> None:
    """Without noise nothing is left to chance: print how far apart the two end."""
    import pytensor.tensor as pt
    import torch

    model = build(0)
    start = {param.name: np.array(param.get_value()) for param in model.get_params()}
    model.posterior.sample_from_epsilon = lambda shape: pt.zeros((1, 1, 1))
    ours, _ = train_ours(model, 0, epochs)
    torch.randn_like = torch.zeros_like
    theirs, _ = train_torch(start, 0, epochs)
    apart = max(np.abs(ours[name] - theirs[name]).max() for name in start)
    moved = max(np.abs(ours[name] - start[name]).max() for name in start)
    print(
        f"Without noise, float64, {epochs} epochs: parameters moved by up to {moved:.3g} and are "
        f"at most {apart:.1e} apart"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--epochs", type=int, default=100)
    parser.add_argument("--exact", action="store_true", help="3 epochs in float64 without noise")
    options = parser.parse_args()
    # Before PyTensor is imported.
    os.environ["PYTENSOR_FLAGS"] = f"floatX=float{64 if options.exact else 32}"
    if options.exact:
        exact(epochs=3)
        return
    print(
        f"VAE {NVIS}-{DIM}-{NHID}-{DIM}-{NVIS}, Adam {RATE}, batch {BATCH}, {options.epochs} epochs"
    )
    print(f"{'seed':>4}  {'':12}  {'-bound':>8}  {'-log p':>8}  {'s':>6}")
    seeds = range(options.first, options.first + options.seeds)
    runs = [compare(seed, options.epochs) for seed in seeds]
    for seed, results in zip(seeds, runs, strict=True):
        for name, result in results.items():
            print(
                f"{seed:4}  {name:12}  {result.bound:8.3f}  {result.nll:8.3f}  "
                f"{result.seconds:6.2f}"
            )
    for name in runs[0]:
        means = np.array([[r[name].bound, r[name].nll, r[name].seconds] for r in runs]).mean(axis=0)
        print(f"mean  {name:12}  {means[0]:8.3f}  {means[1]:8.3f}  {means[2]:6.2f}")
    gaps = np.array([r["pylearn2core"].bound - r["PyTorch"].bound for r in runs])
    error = gaps.std(ddof=1) / np.sqrt(len(gaps)) if len(gaps) > 1 else float("nan")
    print(
        f"pylearn2core's -bound less PyTorch's: {gaps.mean():+.3f} nats a digit, standard error "
        f"{error:.3f} over {len(gaps)} seeds (below 0: ours is the better)"
    )


if __name__ == "__main__":
    main()
