"""Print the last value of each channel of saved models: `print_monitor.py MODEL.pkl ...`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from pylearn2core.config.imports import import_alias
from pylearn2core.errors import ConfigError


def main(argv: Sequence[str] | None = None) -> int:
    """Run the program; returns its exit code: 0, or 2 where a file can't be used."""
    parser = argparse.ArgumentParser(prog="print_monitor.py", description=__doc__)
    parser.add_argument("models", metavar="MODEL.pkl", nargs="+", help="a model that was trained")
    options = parser.parse_args(argv)
    try:
        import_alias()
        for path in options.models:
            if len(options.models) > 1:
                print(f"{path}:")
            print("\n".join(describe(path)))
    except ConfigError as err:
        print(err, file=sys.stderr)
        return 2
    return 0


def describe(path: str) -> Iterator[str]:
    """The lines about the model in the file at `path`.

    Raises ConfigError where that is no model with a monitor.
    """
    from pylearn2core.utils import serial

    # A user's own model needs its module, which lies beside it or where the user is.
    for folder in (Path(path).absolute().parent, Path.cwd()):
        if str(folder) not in sys.path:
            sys.path.append(str(folder))
    model = serial.load(path)
    monitor: Any = getattr(model, "monitor", None)
    if monitor is None:
        raise ConfigError(
            f"{path} holds a {type(model).__name__} without a monitor; expected a model that Train "
            f"saved."
        )
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
