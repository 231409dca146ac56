"""Convolutions as the slots of one program."""

from __future__ import annotations

from typing import Any

import jax
import numpy as np
import pytensor
import pytensor.tensor as pt
import pytest

from pylearn2core.engine import Bound, Order, Step, TrainPass, answer, width
from pylearn2core.engine.ops.conv import convolve
from pylearn2core.engine.ops.pool import max_pool, mean_pool

IMAGES = np.random.RandomState(0).randn(12, 2, 6, 6)
ORDER = Order.of([slice(0, 5), slice(5, 10), slice(10, 12)], 12)


def request(seed: int, pool: Any = None, stride: Any = (2, 2)) -> tuple[TrainPass, Any]:
    kernels = pytensor.shared(np.random.RandomState(seed).randn(3, 2, 3, 3))
    images = pt.tensor4("x")
    outputs = convolve(images, kernels)
    if pool is not None:
        outputs = pool(outputs, (2, 2), stride)
    new = kernels - 0.01 * pytensor.grad(pt.sqr(outputs).mean(), kernels)
    return TrainPass(Bound(Step(((images,),), {kernels: new}, ())), (IMAGES,), ORDER), kernels


@pytest.mark.parametrize(
    ("pool", "stride"),
    [(None, None), (max_pool, (2, 2)), (max_pool, (1, 1)), (mean_pool, (2, 2))],
)
def test_a_pack_trains_each_slot_as_if_it_were_alone(pool: Any, stride: Any) -> None:
    alone, together = ([request(seed, pool, stride) for seed in range(3)] for _ in range(2))
    for one, _ in alone:
        one.answer()
    answer([one for one, _ in together], 4)
    assert together[0][0].step.compiled.can_pack
    for (_, expected), (_, found) in zip(alone, together, strict=True):
        np.testing.assert_allclose(found.get_value(), expected.get_value(), rtol=1e-10)


def test_packs_are_for_gpus_or_for_who_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    one, _ = request(0)
    assert (width(one), width(one, asked=4)) == (1, 4)
    monkeypatch.setattr(jax, "default_backend", lambda: "gpu")
    assert width(one) > 1
