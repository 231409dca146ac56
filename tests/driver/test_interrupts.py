"""The signals that ask a driver to end, counted."""

from __future__ import annotations

import signal

import pytest

from sweeper.driver.interrupts import Interrupts


@pytest.fixture(params=[signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1])
def number(request):
    """A signal; its handler is put back."""
    before = signal.getsignal(request.param)
    yield request.param
    signal.signal(request.param, before)


def test_a_signal_is_counted_and_its_handler_comes_back(number):
    def before(_number, _frame):
        raise AssertionError

    signal.signal(number, before)
    with Interrupts() as interrupts:
        signal.raise_signal(number)
        assert interrupts.count == 1
    assert signal.getsignal(number) is before


def test_under_nohup_the_end_of_the_terminal_is_nothing():
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with Interrupts() as interrupts:
            signal.raise_signal(signal.SIGHUP)
        assert interrupts.count == 0
    finally:
        signal.signal(signal.SIGHUP, before)


@pytest.mark.parametrize(
    ("number", "placed", "code"),
    [
        (signal.SIGINT, False, 130),
        (signal.SIGTERM, False, 130),
        (signal.SIGUSR1, False, 75),
        (signal.SIGINT, True, 130),
        (signal.SIGTERM, True, 75),
        (signal.SIGUSR1, True, 75),
    ],
)
def test_what_takes_a_placed_driver_s_time_asks_for_another_one(number, placed, code):
    with Interrupts(placed=placed) as interrupts:
        signal.raise_signal(number)
    assert interrupts.request is not None
    assert interrupts.request.ending.kind.exit_code == code


def test_the_first_signal_says_how_it_ends_and_time_that_is_short_twice_is_no_impatience():
    with Interrupts(placed=True) as interrupts:
        for _ in range(5):
            signal.raise_signal(signal.SIGUSR1)
        assert interrupts.count == 1
        signal.raise_signal(signal.SIGTERM)
        assert interrupts.count == 2
    assert interrupts.request is not None
    assert "SIGUSR1" in interrupts.request.ending.reason


def test_a_signal_that_was_held_back_is_not_lost():
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})
    signal.raise_signal(signal.SIGUSR1)  # would end this process
    with Interrupts(placed=True) as interrupts:
        assert interrupts.count == 1


def test_signals_are_counted_and_the_third_is_raised():
    before = signal.getsignal(signal.SIGINT)
    with Interrupts() as interrupts:
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGTERM)
        assert interrupts.count == 2
        with pytest.raises(KeyboardInterrupt, match=r"^$"):
            signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is before
