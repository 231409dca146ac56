"""Write a saved model's predictions for a table: `predict_csv.py MODEL.pkl X.csv OUT.csv`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from pylearn2core.errors import ConfigError
from pylearn2core.scripts import saved

if TYPE_CHECKING:
    from pylearn2core.models.model import Model
    from pylearn2core.types import Array


def main(argv: Sequence[str] | None = None) -> int:
    """Run the program; returns its exit code: 0, or 2 where a file can't be used."""
    options = _parser().parse_args(argv)
    return saved.report(lambda: run(options))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="predict_csv.py", description=__doc__)
    add = parser.add_argument
    add("model_filename", metavar="MODEL.pkl", help="a model that was trained")
    add("test_filename", metavar="X.csv", help="numbers: an example a row, a feature a column")
    add("output_filename", metavar="OUT.csv", help="where the predictions go, a row an example")
    add(
        "--prediction_type",
        "--prediction-type",
        "-P",
        choices=("classification", "regression"),
        default="classification",
        help="the number of the most probable class, or the model's outputs as they are",
    )
    add(
        "--output_type",
        "--output-type",
        "-T",
        choices=("int", "float"),
        help="how numbers are written; int for classes and float for outputs if not set",
    )
    add("--has-headers", "-H", action="store_true", help="the first row holds names")
    add("--has-row-label", "-L", action="store_true", help="the first column holds names")
    add("--delimiter", "-D", default=",", help="between columns; a comma if not set")
    return parser


def run(options: argparse.Namespace) -> None:
    """Predict as the command line says, and say what was written.

    Raises ConfigError where a file can't be used.
    """
    import numpy as np

    model = saved.load(options.model_filename)
    rows = read_table(
        options.test_filename,
        options.delimiter,
        headers=options.has_headers,
        row_labels=options.has_row_label,
    )
    outputs = predict(model, rows)
    classes = options.prediction_type == "classification"
    if classes:
        outputs = outputs.argmax(axis=1)
    as_int = (options.output_type or ("int" if classes else "float")) == "int"
    try:
        np.savetxt(
            options.output_filename,
            outputs.astype(np.int64) if as_int else outputs,
            fmt="%d" if as_int else "%.9g",
            delimiter=options.delimiter,
        )
    except OSError as err:
        raise ConfigError(f"can't write {options.output_filename}: {err}") from err
    print(f"wrote {len(outputs)} predictions to {options.output_filename}")


def read_table(path: str, delimiter: str, *, headers: bool, row_labels: bool) -> Array:
    """The numbers of a text file, shape (rows, features). Raises ConfigError where it has others.

    headers: leave the first row out.    row_labels: leave the first column out.
    """
    import numpy as np

    try:
        with open(path, encoding="utf-8") as file:  # noqa: PTH123 - `~` and the like stay as they are
            table = [line.rstrip("\n").split(delimiter) for line in file if line.strip()]
        cells = [row[int(row_labels) :] for row in table[int(headers) :]]
        numbers = np.array(cells, dtype=np.float64)
    except (OSError, ValueError) as err:
        raise ConfigError(
            f"{path}: expected numbers with {delimiter!r} between them, as many in each row: {err}"
        ) from err
    if numbers.ndim != 2 or not numbers.size:
        raise ConfigError(f"{path}: there are no numbers in it.")
    return numbers


def predict(model: Model, rows: Array) -> Array:
    """The model's outputs for rows of features, shape (rows, outputs).

    For a model of images a row holds one channel after the other, as a dataset's rows do.
    Raises ConfigError where the model predicts nothing, or wants another number of features.
    """
    import numpy as np

    from pylearn2core.engine import evaluate
    from pylearn2core.space import Conv2DSpace, VectorSpace
    from pylearn2core.utils import sharedX

    if not hasattr(model, "fprop"):
        raise ConfigError(
            f"a {type(model).__name__} predicts nothing: expected a model with fprop, such as an "
            f"MLP."
        )
    space = model.get_input_space()
    if rows.shape[1] != space.get_total_dimension():
        raise ConfigError(
            f"the model wants {space.get_total_dimension()} features, the table has "
            f"{rows.shape[1]}. Are there headers (-H) or row labels (-L) in it?"
        )
    if isinstance(space, Conv2DSpace):
        from pylearn2core.datasets.view_converter import DefaultViewConverter

        converter = DefaultViewConverter((*space.shape, space.num_channels))
        batch = converter.get_formatted_batch(rows.astype(sharedX(0.0).dtype), space)
    else:
        batch = VectorSpace(rows.shape[1], dtype=None).np_format_as(rows, space)
    return np.asarray(evaluate([model.fprop(sharedX(batch))])[0])


if __name__ == "__main__":
    sys.exit(main())
