"""The display of a running sweep: what a person reads on a terminal and in a log file."""

from __future__ import annotations

import errno
import io
import os
from types import SimpleNamespace

import pytest

from sweeper.cli.display import LiveDisplay, PlainDisplay, display


def progress(done: int, **changed: object) -> SimpleNamespace:
    fields = {
        "done": done, "running": 2, "failed": 1, "total": 24, "best": ("abc", 0.0375),
        "rate_per_min": 30.0, "left_s": 65.0, "elapsed_s": 20.0, "message": "",
    }  # fmt: skip
    return SimpleNamespace(**{**fields, **changed})


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_log_gets_a_line_at_most_every_ten_seconds_and_the_last_one() -> None:
    stream, clock = io.StringIO(), Clock()
    with PlainDisplay(stream, clock) as shown:
        for done in range(24):
            clock.now = 100 + done
            shown.update(progress(done))
    lines = stream.getvalue().splitlines()
    assert [line.split("/")[0] for line in lines] == ["0", "10", "20", "23"]


def test_a_line_says_counts_best_pace_and_time_left() -> None:
    stream = io.StringIO()
    with PlainDisplay(stream, Clock()) as shown:
        shown.update(progress(14, message="worker 1 was replaced"))
    assert stream.getvalue() == (
        "14/24 done, 2 running, 1 failed, best 0.0375 (trial abc); "
        "30 trials a minute, 20.0 s so far, about 1 min 05 s left; worker 1 was replaced\n"
    )


def test_nothing_is_claimed_before_it_is_known() -> None:
    stream = io.StringIO()
    with PlainDisplay(stream, Clock()) as shown:
        shown.update(progress(0, best=None, rate_per_min=0.0, left_s=None))
    assert stream.getvalue() == "0/24 done, 2 running, 1 failed; 20.0 s so far\n"


def test_no_time_is_told_before_a_second_has_passed() -> None:
    stream = io.StringIO()
    starting = progress(
        0, best=None, rate_per_min=0.0, left_s=None, elapsed_s=0.01, message="starting Ray"
    )
    with PlainDisplay(stream, Clock()) as shown:
        shown.update(starting)
    assert stream.getvalue() == "0/24 done, 2 running, 1 failed; starting Ray\n"


def test_a_pipe_that_nobody_reads_does_not_end_a_sweep() -> None:
    read, write = os.pipe()
    os.close(read)
    stream = os.fdopen(write, "w")
    with display(stream) as shown:
        shown.update(progress(1))
        shown.update(progress(2))
    with pytest.raises(BrokenPipeError, match="Broken pipe"):
        stream.close()  # so it was broken


class GoneTerminal(io.StringIO):
    def isatty(self) -> bool:
        return True

    def write(self, text: str) -> int:
        raise OSError(errno.EIO, "Input/output error")


def test_a_terminal_that_is_gone_does_not_end_a_sweep(monkeypatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    with display(GoneTerminal()) as shown:
        shown.update(progress(1))


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_file_gets_plain_lines_and_a_terminal_a_live_display(monkeypatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    assert isinstance(display(io.StringIO()), PlainDisplay)
    assert isinstance(display(Terminal()), LiveDisplay)


def test_a_dumb_terminal_gets_plain_lines(monkeypatch) -> None:
    monkeypatch.setenv("TERM", "dumb")
    assert isinstance(display(Terminal()), PlainDisplay)


def test_the_live_display_draws_the_newest_progress() -> None:
    from rich.console import Console

    console = Console(file=io.StringIO(), width=100)
    shown = LiveDisplay(console)
    shown.update(progress(3))
    shown.update(progress(14))
    console.print(shown.draw())
    bar, counts, pace = (line.strip() for line in console.file.getvalue().splitlines())
    assert set(bar) <= set("━╸╺")
    assert counts == "14/24 done, 2 running, 1 failed, best 0.0375 (trial abc)"
    assert pace == "30 trials a minute, 20.0 s so far, about 1 min 05 s left"


def test_the_live_display_takes_itself_away_at_the_end() -> None:
    from rich.console import Console

    console = Console(file=io.StringIO(), force_terminal=True, width=100)
    with LiveDisplay(console) as shown:
        shown.update(progress(14))
    assert console.file.getvalue().endswith("\x1b[2K")
