"""The signals that ask a driver to end, counted."""

from __future__ import annotations

import signal

import pytest

from sweeper.sweep.interrupts import Interrupts


@pytest.fixture(params=[signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
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
