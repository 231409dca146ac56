"""The line searches on functions of one variable."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest

from pylearn2core.training_algorithms.line_search import LineMinimum, Search, among, exhaustive

FLOOR = 3e-7


def found(search: Search, f: Callable[[float], float]) -> LineMinimum:
    step = next(search)
    while True:
        try:
            step = search.send(f(step))
        except StopIteration as end:
            result: LineMinimum = end.value
            return result


def listed(steps: tuple[float, ...], f: Callable[[float], float]) -> LineMinimum:
    return found(among(steps, f(0.0), floor=FLOOR), f)


def test_equally_good_steps_go_to_the_largest() -> None:
    result = listed((1.0, 2.0, 3.0), lambda x: 0.0 if x < 2.5 else 1.0)
    assert (result.step, result.objective) == (2.0, 0.0)
    assert result.steps == (1.0, 2.0, 3.0)


def test_steps_shrink_where_the_first_or_none_helps() -> None:
    assert listed((3.0, 6.0), lambda x: abs(x - 2.0)).steps == (1.0, 2.0)
    result = listed((3.0, 6.0), lambda x: x)
    assert (result.step, result.objective, result.steps) == (0.0, 0.0, (1.0, 2.0))


def test_steps_grow_where_the_last_helps_most() -> None:
    assert listed((1.0, 2.0), lambda x: -x).steps == (2.0, 4.0)


def test_at_the_floor_steps_spread_until_the_last_is_above_1() -> None:
    steps = (1e-7, 1e-6, 1e-5)
    result = listed(steps, lambda x: x)
    assert result.steps == pytest.approx((1.5e-7, 2.25e-6, 3.375e-5))
    assert not result.converged
    assert listed((1e-7, 2.0), lambda x: x).converged


def test_steps_more_than_a_factor_5_apart_are_drawn_together() -> None:
    result = listed((0.001, 0.01, 0.02), lambda x: abs(x - 0.01))
    expected = [0.001**0.99 * 0.01**0.01, 0.01, 0.02**0.99 * 0.01**0.01]
    assert result.steps == pytest.approx(expected)


def test_the_exhaustive_search_comes_near_the_lowest_point() -> None:
    result = found(exhaustive((0.5, 1.0), 9.0, least=0.001), lambda x: (x - 3.0) ** 2)
    assert result.step == pytest.approx(3.0, abs=0.3)
    assert result.steps == (result.step / 2, result.step)


def test_the_exhaustive_search_halves_the_first_step_where_none_helps() -> None:
    tried = []

    def f(x: float) -> float:
        tried.append(x)
        return x

    result = found(exhaustive((0.5, 1.0), 0.0, least=0.001), f)
    assert tried[:5] == [0.5, 1.0, 0.25, 0.125, 0.0625]
    # Three points are known at first, and the search ends once more than ten were.
    assert len(tried) == 2 + 9
    assert result.step == 0.0
    assert result.steps == (tried[-1] / 2, tried[-1]) or result.steps == (0.001, 0.002)


def test_nan_is_as_bad_as_can_be() -> None:
    result = found(
        exhaustive((0.5, 1.0), 1.0, least=0.001), lambda x: math.nan if x > 0.6 else 1.0 - x
    )
    assert 0.5 <= result.step <= 0.6
