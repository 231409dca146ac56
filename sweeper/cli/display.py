"""The display of a running sweep: live on a terminal, plain lines anywhere else."""

from __future__ import annotations

import os
import sys
import textwrap
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol, Self, TextIO, cast

from sweeper.cli.escaped import raw
from sweeper.report.text import duration, printable

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

    from sweeper.driver import Progress

LINE_EVERY_S = 10.0
LONGEST_MESSAGE = 100
REDRAWS_PER_S = 4.0


class Display(Protocol):
    """Shows the newest progress while it is entered."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *exc: object) -> None: ...

    def update(self, progress: Progress) -> None:
        """Take the newest progress; called often, so it costs little."""
        ...


def display(stream: TextIO | None = None) -> Display:
    """The display that suits a stream (standard output where none is given)."""
    stream = stream or sys.stdout
    if stream.isatty() and os.environ.get("TERM", "") not in {"", "dumb"}:
        from rich.console import Console

        return LiveDisplay(Console(file=_lossy(raw(stream))))
    return PlainDisplay(_lossy(stream))


def _lossy(stream: TextIO) -> TextIO:
    return cast("TextIO", LossyStream(stream))


class LossyStream:
    """A stream that is silent once it can't be written: a sweep outlives who looks at it."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._is_lost = False

    def write(self, text: str) -> int:
        """Write the text, or drop it."""
        self._try(self._stream.write, text)
        return len(text)

    def flush(self) -> None:
        """Flush what was not dropped."""
        self._try(self._stream.flush)

    def _try(self, call: Callable[..., object], *arguments: object) -> None:
        if self._is_lost:
            return
        try:
            call(*arguments)
        except OSError:  # a closed pipe, a terminal that is gone, a full disk
            self._is_lost = True

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


class PlainDisplay:
    """A line at most every 10 seconds, and one at the end; no control codes."""

    def __init__(self, stream: TextIO, clock: Callable[[], float] = time.monotonic) -> None:
        self.stream = stream
        self.clock = clock
        self.printed_at = float("-inf")
        self.waiting: Progress | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        if self.waiting is not None:
            self.print(self.waiting)

    def update(self, progress: Progress) -> None:
        """Print the progress if the last line is old enough, else keep it for later."""
        if self.clock() - self.printed_at >= LINE_EVERY_S:
            self.print(progress)
        else:
            self.waiting = progress

    def print(self, progress: Progress) -> None:
        """One line, now."""
        print(line(progress), file=self.stream, flush=True)
        self.printed_at = self.clock()
        self.waiting = None


class LiveDisplay:
    """A bar and two lines of figures, redrawn a few times a second by a thread of rich's."""

    def __init__(self, console: Console) -> None:
        from rich.live import Live

        self.progress: Progress | None = None
        self.live = Live(
            console=console,
            get_renderable=self.draw,
            refresh_per_second=REDRAWS_PER_S,
            transient=True,
        )

    def __enter__(self) -> Self:
        self.live.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.live.stop()

    def update(self, progress: Progress) -> None:
        """Keep it for the next redraw."""
        self.progress = progress

    def draw(self) -> RenderableType:
        """What stands on the screen now."""
        from rich.progress_bar import ProgressBar
        from rich.table import Table
        from rich.text import Text

        progress = self.progress
        if progress is None:
            return Text("starting")
        grid = Table.grid()
        grid.add_row(ProgressBar(max(progress.total, 1), progress.done, width=60))
        for part in figures(progress):
            grid.add_row(Text(printable(part), no_wrap=True, overflow="ellipsis"))
        return grid


def figures(progress: Progress) -> list[str]:
    """The progress as short lines: counts, best so far, pace, and the driver's message."""
    counts = (
        f"{progress.done}/{progress.total} done, {progress.running} running, "
        f"{progress.failed} failed"
    )
    pace = [f"{duration(progress.elapsed_s)} so far"] if progress.elapsed_s >= 1 else []
    if progress.rate_per_min:
        rate = progress.rate_per_min
        pace.insert(0, f"{f'{rate:.3g}' if rate < 100 else f'{rate:,.0f}'} trials a minute")
    if progress.left_s:
        pace.append(f"about {duration(progress.left_s)} left")
    best = [f"best {progress.best[1]:.6g} (trial {progress.best[0]})"] if progress.best else []
    # A long reason is printed whole when the sweep has ended.
    message = [textwrap.shorten(progress.message, LONGEST_MESSAGE)] if progress.message else []
    return [", ".join([counts, *best]), *([", ".join(pace)] if pace else []), *message]


def line(progress: Progress) -> str:
    """The progress as one line."""
    return "; ".join(figures(progress))
