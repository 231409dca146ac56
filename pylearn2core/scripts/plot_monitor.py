"""Plot channels of saved models: `plot_monitor.py MODEL.pkl ... --channels 'valid_*' --out a.png`.

On a terminal, without --channels, it lists the channels and asks which to plot.
"""

from __future__ import annotations

import argparse
import fnmatch
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pylearn2core.errors import ConfigError
from pylearn2core.scripts import saved

# What the x axis can be: the letter that chooses it in the menu, its label.
AXES = {
    "example": ("x", "examples seen"),
    "batch": ("b", "batches seen"),
    "epoch": ("e", "epochs seen"),
    "second": ("s", "seconds"),
    "hour": ("h", "hours"),
}
DEFAULT_AXIS = "example"
DEFAULT_CHANNELS = "*objective"
_LEGEND_ROWS = 26
_QUESTION = "channels to plot (example: A, C, F-G, <valid_*>, e), or q to quit: "


@dataclass(frozen=True, slots=True)
class Line:
    """A channel of one model. label: its name, and the model's where there are several."""

    name: str
    label: str
    channel: Any

    def fits(self, pattern: str) -> bool:
        """Whether its name or label is `pattern`, in which `*` and `?` stand for anything."""
        return any(fnmatch.fnmatchcase(text, pattern) for text in (self.name, self.label))


@dataclass(frozen=True, slots=True)
class Picture:
    """What to draw. yrange: (lowest, highest) or None for all that there is."""

    lines: tuple[Line, ...]
    axis: str
    yrange: tuple[float, float] | None
    out: str


def main(argv: Sequence[str] | None = None) -> int:
    """Run the program; its exit code: 0, or 2 where a file or a choice can't be used."""
    options = _parser().parse_args(argv)
    return saved.report(lambda: run(options))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="plot_monitor.py", description=__doc__)
    add = parser.add_argument
    add("model_paths", metavar="MODEL.pkl", nargs="+", help="a model that was trained")
    add("--out", metavar="FILE", help="where to draw: .png, .svg, .pdf; MODEL.monitor.png if unset")
    add(
        "--channels",
        "-c",
        metavar="NAME",
        action="append",
        help="a channel, or several by * and ?; commas between them; may be given again",
    )
    add("--x-axis", choices=tuple(AXES), default=DEFAULT_AXIS, help="example if unset")
    add("--yrange", metavar="LOW:HIGH", type=_yrange, help="of the y axis, as 0:1")
    return parser


def _yrange(text: str) -> tuple[float, float]:
    try:
        low, high = (float(part) for part in text.split(":"))
    except ValueError:
        raise argparse.ArgumentTypeError(f"expected LOW:HIGH, as 0:1, got {text!r}") from None
    return low, high


def run(options: argparse.Namespace) -> None:
    """Draw what the command line asks for, or what the user of the menu does."""
    lines = load_lines(options.model_paths)
    out = options.out or f"{Path(options.model_paths[0]).stem}.monitor.png"
    if not options.channels and len(lines) > 1 and sys.stdin.isatty() and sys.stdout.isatty():
        for chosen, axis in _menu(lines, options.x_axis):
            draw(Picture(chosen, axis, options.yrange, out))
        return
    if options.channels:
        chosen = choose(lines, ",".join(options.channels))
    elif len(lines) == 1:
        chosen = tuple(lines)
    else:
        chosen = choose(lines, DEFAULT_CHANNELS)
        print(f"plotting {DEFAULT_CHANNELS}; choose others by --channels")
    draw(Picture(chosen, options.x_axis, options.yrange, out))


# ------------------------------------------------------------------ what there is to plot
def load_lines(model_paths: Sequence[str]) -> list[Line]:
    """The channels that have records, in the order of their names. Raises ConfigError if none."""
    stems = [Path(path).stem for path in model_paths]
    names = stems if len(set(stems)) == len(stems) else list(model_paths)
    lines = []
    for path, model_name in zip(model_paths, names, strict=True):
        for name, channel in saved.monitor_of(saved.load(path), path).channels.items():
            if channel.val_record:
                label = f"{name}:{model_name}" if len(model_paths) > 1 else name
                lines.append(Line(name, label, channel))
    if not lines:
        raise ConfigError(f"{', '.join(model_paths)}: no channel has a record yet.")
    return sorted(lines, key=lambda line: _natural(line.label))


def _natural(text: str) -> list[tuple[int, int | str]]:
    """A key that puts h2 before h10."""
    parts = re.split(r"(\d+)", text)
    return [(0, int(part)) if part.isdigit() else (1, part) for part in parts if part]


def choose(lines: Sequence[Line], patterns: str) -> tuple[Line, ...]:
    """The lines that fit one of the patterns, commas between them.

    Raises ConfigError for a pattern that fits none.
    """
    wanted = [pattern.strip() for pattern in patterns.split(",") if pattern.strip()]
    for pattern in wanted:
        if not any(line.fits(pattern) for line in lines):
            known = ", ".join(line.label for line in lines)
            raise ConfigError(f"no channel is named {pattern!r}. There are {known}.")
    return tuple(line for line in lines if any(line.fits(pattern) for pattern in wanted))


# ------------------------------------------------------------------ the menu
def _menu(lines: Sequence[Line], axis: str) -> Iterator[tuple[tuple[Line, ...], str]]:
    """Ask until the user has enough; yield (lines, x axis) of each answer."""
    codes = dict(zip(_codes(), lines, strict=False))
    letters = ", ".join(f"{letter} for {label}" for letter, label in AXES.values())
    while True:
        for code, line in codes.items():
            print(f"{code}. {line.label}")
        print(f"\nThe x axis shows {AXES[axis][1]}; put in {letters}.")
        try:
            answer = input(_QUESTION)
            if answer.strip() == "q":
                return
            yield read_answer(answer, codes, axis)
        except EOFError:
            return
        except ConfigError as err:
            print(err)


def _codes() -> Iterator[str]:
    """A, B, ..., Z, AA, AB, ..."""
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    yield from letters
    yield from (first + letter for first in _codes() for letter in letters)


def read_answer(
    answer: str, codes: dict[str, Line], axis: str = DEFAULT_AXIS
) -> tuple[tuple[Line, ...], str]:
    """(lines, x axis) that an answer to the menu asks for.

    answer: codes, ranges of codes, `<name>`s and an axis's letter, commas between them.
    Raises ConfigError for anything else, and where it asks for no channel.
    """
    by_letter = {letter: name for name, (letter, _) in AXES.items()}
    found: dict[str, Line] = {}
    for part in filter(None, answer.replace(" ", "").split(",")):
        if part in by_letter:
            axis = by_letter[part]
            continue
        if part.startswith("<") and part.endswith(">"):
            lines: Iterable[Line] = choose(list(codes.values()), part[1:-1])
        else:
            lines = _range(part, codes)
        found.update((line.label, line) for line in lines)
    if not found:
        raise ConfigError(f"{answer!r} asks for no channel.")
    return tuple(line for line in codes.values() if line.label in found), axis


def _range(part: str, codes: dict[str, Line]) -> list[Line]:
    """The lines of `F` or of `F-H`."""
    first, _, last = part.partition("-")
    order = list(codes)
    for code in (first, last or first):
        if code not in codes:
            raise ConfigError(
                f"{code!r} in {part!r} is none of the codes {order[0]} to {order[-1]}."
            )
    return [codes[code] for code in order[order.index(first) : order.index(last or first) + 1]]


# ------------------------------------------------------------------ drawing
def draw(picture: Picture) -> None:
    """Draw to a file, and say so. Raises ConfigError where it can't be written."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib.figure import Figure

    columns = -(-len(picture.lines) // _LEGEND_ROWS)
    figure = Figure(figsize=(9 + 2.8 * (columns - 1), 5), layout="constrained")
    axes = figure.add_subplot()
    for index, line in enumerate(picture.lines):
        x, y = points(line.channel, picture.axis)
        _say_what_is_not_finite(line.label, y)
        axes.plot(x, y, label=line.label, **_style(index, len(x)))
    axes.set_xlabel(AXES[picture.axis][1])
    axes.grid(alpha=0.3)
    axes.spines[["top", "right"]].set_visible(False)
    if picture.yrange is not None:
        axes.set_ylim(*picture.yrange)
    if len(picture.lines) == 1:
        axes.set_ylabel(picture.lines[0].label)
    else:
        figure.legend(loc="outside right upper", ncols=columns, fontsize="small", frameon=False)
    try:
        figure.savefig(picture.out, dpi=150)
    except (ValueError, OSError) as err:
        raise ConfigError(f"can't write {picture.out}: {err}") from err
    print(f"wrote {picture.out}")


def points(channel: Any, axis: str) -> tuple[list[float], list[float]]:
    """(x, y) of a channel's records."""
    if axis == "hour":
        return [second / 3600 for second in channel.time_record], channel.val_record
    record = {"second": "time_record"}.get(axis, f"{axis}_record")
    return list(getattr(channel, record)), list(channel.val_record)


def _style(index: int, count: int) -> dict[str, Any]:
    """A look that differs for the first 40 lines; points are marked where they are few."""
    return {
        "color": f"C{index % 10}",
        "linestyle": ("-", "--", ":", "-.")[index // 10 % 4],
        "linewidth": 1.5,
        "marker": "o" if count <= 30 else None,
        "markersize": 3.5,
    }


def _say_what_is_not_finite(label: str, values: Sequence[float]) -> None:
    import numpy as np

    for test, words in ((np.isnan, "NaN"), (np.isinf, "infinite values")):
        if test(values).any():
            print(f"{label} has {words}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
