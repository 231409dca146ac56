"""Print statistics of a saved model's parameters: `summarize_model.py MODEL.pkl`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from typing import Any

from pylearn2core.scripts import saved


def main(argv: Sequence[str] | None = None) -> int:
    """Run the program; returns its exit code: 0, or 2 where the file can't be used."""
    parser = argparse.ArgumentParser(prog="summarize_model.py", description=__doc__)
    parser.add_argument("path", metavar="MODEL.pkl", help="a model that was trained")
    path = parser.parse_args(argv).path
    return saved.report(lambda: print("\n".join(describe(path))))


def describe(path: str) -> Iterator[str]:
    """The lines about the model in the file at `path`: each parameter, then what it has seen.

    Raises ConfigError where that is no model.
    """
    import numpy as np

    model = saved.load(path)
    count = 0
    for index, param in enumerate(saved.params_of(model, path)):
        value = np.asarray(param.get_value())
        count += value.size
        yield f"{param.name or f'<parameter {index}>'}: shape {value.shape}, {value.dtype}"
        for name, numbers in _quantities(value):
            yield f"    {name:<12} {_statistics(numbers)}"
    yield f"{count} numbers in all"
    monitor = getattr(model, "monitor", None)
    if monitor is not None:
        yield (
            f"trained on {monitor.get_examples_seen()} examples, in {monitor.get_batches_seen()} "
            f"batches and {monitor.get_epochs_seen()} epochs"
        )


def _quantities(value: Any) -> Iterator[tuple[str, Any]]:
    """(name, numbers) of what is told of one parameter."""
    import numpy as np

    if not value.size:
        return
    yield "values", value
    if value.min() < 0 < value.max():
        yield "magnitudes", abs(value)
    squares = np.square(value)
    if value.ndim == 2:
        yield "row norms", np.sqrt(squares.sum(axis=1))
        yield "col norms", np.sqrt(squares.sum(axis=0))
    elif value.ndim == 4:
        yield "kernel norms", np.sqrt(squares.sum(axis=(1, 2, 3)))


def _statistics(numbers: Any) -> str:
    names = ("min", "mean", "max")
    return "  ".join(f"{name} {float(getattr(numbers, name)()):< 12.6g}" for name in names).rstrip()


if __name__ == "__main__":
    sys.exit(main())
