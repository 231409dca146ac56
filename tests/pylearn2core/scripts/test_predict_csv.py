from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.special import softmax as numpy_softmax

from pylearn2core.models.mlp import MLP, Linear, Softmax
from pylearn2core.scripts import predict_csv
from pylearn2core.space import Conv2DSpace
from pylearn2core.utils import serial

X = np.random.RandomState(3).uniform(size=(7, 64))


@pytest.fixture
def probabilities(softmax: Callable[..., Any]) -> Any:
    """What the saved model m.pkl gives for X, computed by NumPy and SciPy."""
    return numpy_softmax(X @ softmax("m.pkl").layers[0].get_weights(), axis=1)


def table(text_of: str = "{}", delimiter: str = ",", header: str = "") -> str:
    rows = [text_of.format(delimiter.join(map(repr, row.tolist()))) for row in X]
    Path("x.csv").write_text("\n".join([*([header] if header else []), *rows]) + "\n")
    return "x.csv"


def test_the_most_probable_class_is_written(
    probabilities: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    assert predict_csv.main(["m.pkl", table(), "y.csv"]) == 0
    assert Path("y.csv").read_text().split() == [str(k) for k in probabilities.argmax(axis=1)]
    assert capsys.readouterr().out == "wrote 7 predictions to y.csv\n"


def test_outputs_are_written_as_they_are(probabilities: Any) -> None:
    assert predict_csv.main(["m.pkl", table(), "y.csv", "-P", "regression"]) == 0
    written = np.loadtxt("y.csv", delimiter=",")
    np.testing.assert_allclose(written, probabilities, rtol=1e-8)


def test_outputs_as_whole_numbers_and_classes_as_floats(probabilities: Any) -> None:
    arguments = ["m.pkl", table(), "y.csv"]
    assert predict_csv.main([*arguments, "-P", "regression", "-T", "int"]) == 0
    assert set(Path("y.csv").read_text().replace("\n", ",").split(",")) == {"0", ""}
    assert predict_csv.main([*arguments, "--output_type", "float"]) == 0
    np.testing.assert_array_equal(np.loadtxt("y.csv"), probabilities.argmax(axis=1))


def test_headers_row_labels_and_the_delimiter_are_heeded(probabilities: Any) -> None:
    path = table("row a;{}", ";", header=";".join(["name", *map(str, range(64))]))
    assert predict_csv.main(["m.pkl", path, "y.csv", "-H", "-L", "-D", ";"]) == 0
    np.testing.assert_array_equal(np.loadtxt("y.csv"), probabilities.argmax(axis=1))


def test_a_table_of_one_row_is_no_vector(probabilities: Any) -> None:
    path = table()
    Path(path).write_text(Path(path).read_text().splitlines()[2])
    assert predict_csv.main(["m.pkl", path, "y.csv"]) == 0
    assert Path("y.csv").read_text().split() == [str(probabilities.argmax(axis=1)[2])]


def test_rows_are_images_channel_by_channel_to_a_model_of_images() -> None:
    space = Conv2DSpace((2, 4), num_channels=3, axes=("b", 0, 1, "c"))
    model = MLP(input_space=space, layers=[Softmax(n_classes=5, layer_name="y", irange=1.0)])
    images = np.random.RandomState(0).uniform(size=(6, 2, 4, 3))
    found = predict_csv.predict(model, images.transpose(0, 3, 1, 2).reshape(6, -1))
    z = images.reshape(6, -1) @ model.layers[0].get_weights()
    np.testing.assert_allclose(found, numpy_softmax(z, axis=1), rtol=1e-12)


def test_a_regression_of_one_output_is_a_column() -> None:
    model = MLP(nvis=64, layers=[Linear(dim=1, layer_name="y", irange=1.0, init_bias=0.5)])
    serial.save("r.pkl", model)
    assert predict_csv.main(["r.pkl", table(), "y.csv", "-P", "regression"]) == 0
    expected = (X @ model.layers[0].get_weights() + 0.5)[:, 0]
    np.testing.assert_allclose(np.loadtxt("y.csv"), expected, rtol=1e-8)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1,2,3\n", "the model wants 64 features, the table has 3"),
        ("a,b\n1,2\n", "expected numbers with ',' between them"),
        ("1,2\n1\n", "as many in each row"),
        ("", "there are no numbers in it"),
    ],
)
def test_a_table_that_does_not_fit_is_told(
    softmax: Callable[..., Any], text: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    softmax("m.pkl")
    Path("x.csv").write_text(text)
    assert predict_csv.main(["m.pkl", "x.csv", "y.csv"]) == 2
    assert message in capsys.readouterr().err


def test_what_predicts_nothing_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    serial.save("list.pkl", [1])
    assert predict_csv.main(["list.pkl", table(), "y.csv"]) == 2
    assert "a list predicts nothing" in capsys.readouterr().err
    assert predict_csv.main(["list.pkl", "no.csv", "y.csv"]) == 2
    assert "no.csv" in capsys.readouterr().err
