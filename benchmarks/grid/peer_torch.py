"""The same trials by hand in PyTorch, eager: what a peer's workers run."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import torch
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy


@lru_cache
def tensors(path, device="cpu"):
    """The arrays of the file as tensors, one copy for all trials of this process."""
    torch.set_num_threads(1)
    with np.load(path) as file:
        return {name: torch.from_numpy(file[name]).to(device) for name in file}


class Trial:
    """One trial: `epoch()` trains once over the data and returns the channels."""

    def __init__(self, job, path, rate, seed, order, device="cpu"):
        self.job, self.rate = job, rate
        self.data = tensors(path, device)
        draws = np.random.RandomState(seed)
        self.order = np.random.RandomState(order)
        shapes = list(zip(job.widths[:-1], job.widths[1:], strict=True))
        self.weights = [
            torch.from_numpy(draws.uniform(-0.05, 0.05, shape).astype("float32")).to(device)
            for shape in shapes
        ]
        self.biases = [torch.zeros(width, device=device) for _, width in shapes]
        if job.kind == "autoencoder":
            self.biases.append(torch.zeros(job.widths[0], device=device))
        self.params = [*self.weights, *self.biases]
        for param in self.params:
            param.requires_grad_(True)
        self.optimiser = torch.optim.SGD(self.params, lr=rate, momentum=job.momentum, foreach=True)

    def cost(self, X, y):
        """(cost, number wrong or None) of a batch."""
        if self.job.kind == "autoencoder":
            (W,), (b, c) = self.weights, self.biases
            logits = torch.tanh(X @ W + b) @ W.T + c
            return binary_cross_entropy_with_logits(logits, X, reduction="sum") / len(X), None
        for W, b in zip(self.weights[:-1], self.biases[:-1], strict=True):
            X = torch.relu(torch.addmm(b, X, W))
        logits = torch.addmm(self.biases[-1], X, self.weights[-1])
        return cross_entropy(logits, y), (logits.argmax(1) != y).sum()

    def epoch(self):
        """Train one epoch; measure cost and error on both halves."""
        X, y = self.data["X_train"], self.data["y_train"]
        rows = torch.from_numpy(self.order.permutation(len(X))).to(X.device)
        for batch in rows.split(self.job.batch_size):
            self.optimiser.zero_grad()
            self.cost(X[batch], y[batch])[0].backward()
            self.optimiser.step()
        return {
            f"{half}_{name}": v for half in ("train", "valid") for name, v in self.measure(half)
        }

    @torch.no_grad()
    def measure(self, half):
        """(channel, value) pairs of one half, in batches as in training."""
        X, y = self.data[f"X_{half}"], self.data[f"y_{half}"]
        total, wrong = 0.0, 0
        for start in range(0, len(X), self.job.batch_size):
            part = slice(start, start + self.job.batch_size)
            cost, missed = self.cost(X[part], y[part])
            total += cost.item() * len(X[part])
            wrong += 0 if missed is None else missed.item()
        return [("objective", total / len(X)), ("misclass", wrong / len(X))]
