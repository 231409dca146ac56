"""Print the last value of each channel of saved models: `print_monitor.py MODEL.pkl ...`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence

from pylearn2core.scripts import saved


def main(argv: Sequence[str] | None = None) -> int:
    """Run the program; returns its exit code: 0, or 2 where a file can't be used."""
    parser = argparse.ArgumentParser(prog="print_monitor.py", description=__doc__)
    parser.add_argument("models", metavar="MODEL.pkl", nargs="+", help="a model that was trained")
    options = parser.parse_args(argv)
    return saved.report(lambda: show(options.models))


def show(models: Sequence[str]) -> None:
    """Print the lines about each model, under its path where there are several."""
    for path in models:
        if len(models) > 1:
            print(f"{path}:")
        print("\n".join(describe(path)))


def describe(path: str) -> Iterator[str]:
    """The lines about the model in the file at `path`.

    Raises ConfigError where that is no model with a monitor.
    """
    monitor = saved.monitor_of(saved.load(path), path)
    yield f"epochs seen: {monitor.get_epochs_seen()}"
    yield f"examples seen: {monitor.get_examples_seen()}"
    channels = {name: one for name, one in monitor.channels.items() if one.val_record}
    times = [channel.time_record[-1] for channel in channels.values()]
    if times:
        yield f"time trained: {max(times):.3f} s"
    for name in sorted(channels):
        yield f"{name}: {float(channels[name].val_record[-1])!r}"


if __name__ == "__main__":
    sys.exit(main())
