"""Symbolic random numbers: their distribution, their seed, and that functions move them on."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest
from scipy import stats

from pylearn2core import theano
from pylearn2core.errors import UnsupportedError
from pylearn2core.theano import tensor as T
from pylearn2core.theano.sandbox.rng_mrg import MRG_RandomStreams
from pylearn2core.theano.tensor.shared_randomstreams import RandomStreams

N = 5_000
P_TOO_SMALL = 1e-4  # the seeds are fixed, so a test that passes once passes always


def drawn(expression: Any) -> Any:
    return theano.function([], expression)()


def test_uniform_numbers_are_uniform() -> None:
    found = drawn(MRG_RandomStreams(1).uniform((N,), low=-2, high=3))
    assert stats.kstest(found, stats.uniform(-2, 5).cdf).pvalue > P_TOO_SMALL


def test_normal_numbers_are_normal() -> None:
    found = drawn(RandomStreams(1).normal((N,), avg=4, std=2))
    assert stats.kstest(found, stats.norm(4, 2).cdf).pvalue > P_TOO_SMALL


@pytest.mark.parametrize("n", [1, 5])
def test_binomial_numbers_count_successes(n: int) -> None:
    found = drawn(MRG_RandomStreams(1).binomial((N,), n=n, p=0.3))
    expected = stats.binom(n, 0.3).pmf(np.arange(n + 1)) * N
    counts = np.bincount(found, minlength=n + 1)
    assert stats.chisquare(counts, expected).pvalue > P_TOO_SMALL


@pytest.mark.parametrize("n", [1, 4])
def test_multinomial_numbers_count_classes(n: int) -> None:
    p = np.array([0.1, 0.0, 0.6, 0.3])
    found = drawn(MRG_RandomStreams(1).multinomial(n=n, pvals=np.tile(p, (N, 1))))
    assert found.shape == (N, 4)
    assert (found.sum(axis=1) == n).all()
    counts = found.sum(axis=0)
    assert counts[1] == 0
    some = p > 0
    assert stats.chisquare(counts[some], p[some] * N * n).pvalue > P_TOO_SMALL


def test_integers_and_orders_are_drawn_from_all_there_are() -> None:
    streams = RandomStreams(1)
    assert set(drawn(streams.random_integers((500,), low=2, high=4))) == {2, 3, 4}
    orders = drawn(streams.permutation((200,), n=3))
    np.testing.assert_array_equal(np.sort(orders, axis=1), np.tile(np.arange(3), (200, 1)))
    assert len({tuple(order) for order in orders}) == 6


def test_without_a_size_the_parameters_give_it() -> None:
    p = T.matrix("p")
    streams = MRG_RandomStreams(1)
    draws = [streams.binomial(p=p), streams.uniform(high=p), streams.normal(avg=p)]
    found = theano.function([p], draws)(np.array([[0.0, 1.0, 1.0]] * 2))
    assert [draw.shape for draw in found] == [(2, 3)] * 3
    np.testing.assert_array_equal(found[0], [[0, 1, 1]] * 2)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_draw_has_the_dtype_asked_for(dtype: str) -> None:
    streams = MRG_RandomStreams(1)
    assert streams.uniform((2,), dtype=dtype).dtype == dtype
    assert streams.normal((2,), dtype=dtype).dtype == dtype
    assert streams.binomial((2,), dtype=dtype).dtype == dtype
    assert streams.uniform((2,)).dtype == theano.config.floatX
    assert streams.binomial((2,)).dtype == "int64"


def test_a_function_gives_new_numbers_at_each_call_and_one_draw_is_one_draw() -> None:
    draw = MRG_RandomStreams(1).uniform((3,))
    function = theano.function([], [draw, draw * 2])
    first, second = function(), function()
    np.testing.assert_array_equal(first[1], first[0] * 2)
    assert not np.isin(second[0], first[0]).any()


def test_a_draw_carries_its_random_state_and_the_next_one() -> None:
    streams = MRG_RandomStreams(1)
    for draw in (streams.uniform((2,)), streams.binomial((2,))):
        state, following = draw.update
        assert draw.rng is state
        assert state.default_update is following
        assert (state, following) in streams.updates()


def test_the_seed_alone_makes_the_numbers() -> None:
    def numbers(seed: Any) -> Any:
        streams = MRG_RandomStreams(seed)
        return drawn([streams.uniform((3,)), streams.normal((3,))])

    np.testing.assert_array_equal(numbers(7), numbers(7))
    np.testing.assert_array_equal(numbers([1, 2, 3]), numbers([1, 2, 3]))
    assert not np.isin(numbers(7), numbers(8)).any()
    # The two draws of one stream do not move together.
    same = MRG_RandomStreams(7)
    first, second = drawn([same.uniform((3,)), same.uniform((3,))])
    assert not np.isin(first, second).any()


def test_seeding_again_starts_the_draws_again() -> None:
    streams = MRG_RandomStreams(7)
    function = theano.function([], [streams.uniform((3,)), streams.normal((3,))])
    first = function()
    streams.seed(7)
    np.testing.assert_array_equal(function(), first)


def test_a_draw_inside_a_scan_is_new_at_each_step_and_call() -> None:
    streams = MRG_RandomStreams(1)
    outputs, updates = theano.scan(lambda _: streams.uniform((2,)), sequences=[T.arange(3)])
    function = theano.function([], outputs, updates=updates)
    assert len(np.unique([function(), function()])) == 12


def test_a_stream_survives_pickling() -> None:
    streams = MRG_RandomStreams(3)
    streams.uniform((2,))
    again = pickle.loads(pickle.dumps(streams))
    np.testing.assert_array_equal(drawn(again.uniform((2,))), drawn(streams.uniform((2,))))


def test_what_has_no_meaning_here_is_refused() -> None:
    streams = MRG_RandomStreams(1)
    with pytest.raises(UnsupportedError, match="n must be a Python int of 1 or more, got 0"):
        streams.binomial((2,), n=0)
    with pytest.raises(UnsupportedError, match="no size: one draw a row"):
        streams.multinomial((3,), pvals=T.matrix())
