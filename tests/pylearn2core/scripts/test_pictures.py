"""show_weights.py and show_examples.py, and how they lay out pictures."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.image import imread

from pylearn2core.datasets.dense_design_matrix import DenseDesignMatrix
from pylearn2core.datasets.digits import Digits
from pylearn2core.datasets.preprocessing import ExtractPatches
from pylearn2core.errors import ConfigError
from pylearn2core.models.kmeans import KMeans
from pylearn2core.scripts import pictures, show_examples, show_weights
from pylearn2core.utils import serial

NO_IMAGES = (
    "!obj:pylearn2core.datasets.dense_design_matrix.DenseDesignMatrix { X: [[1, 2], [3, 4]] }"
)
RNG = np.random.RandomState(7)


def tiles(path: str, count: int, pixels: tuple[int, int]) -> Any:
    """The first pictures of a PNG, a value a pixel, shape (count, rows, columns, 3).

    A colour that stands in the corner lies between the pictures.
    """
    image = imread(path)[:, :, :3]
    inside = np.abs(image - image[0, 0]).max(axis=2) > 0.01
    starts = [
        [i for i in range(len(line)) if line[i] and not line[i - 1]]
        for line in (inside.any(axis=1), inside.any(axis=0))
    ]
    lengths = [int(inside.any(axis=axis).sum()) // len(starts[1 - axis]) for axis in (1, 0)]
    found = []
    for index in range(count):
        row, column = divmod(index, len(starts[1]))
        top, left = starts[0][row], starts[1][column]
        found.append(image[top : top + lengths[0], left : left + lengths[1]])
    steps = [length // n for length, n in zip(lengths, pixels, strict=True)]
    blocks = np.stack(found)
    small = blocks[:, steps[0] // 2 :: steps[0], steps[1] // 2 :: steps[1]]
    again = small.repeat(steps[0], axis=1).repeat(steps[1], axis=2)
    np.testing.assert_array_equal(again, blocks)
    return small


def grey(values: Any) -> Any:
    """-1 is black, 1 white; in a file there are 256 steps."""
    return np.repeat((values[..., None] + 1) / 2, 3, axis=-1)


# ------------------------------------------------------------------ weights
@pytest.mark.parametrize("rescale", ["individual", "global", "none"])
def test_a_units_weights_are_drawn_as_the_digits_that_they_look_at(
    softmax: Callable[..., Any], rescale: str, capsys: pytest.CaptureFixture[str]
) -> None:
    weights = RNG.normal(size=(64, 10))
    softmax("m.pkl", weights)
    assert show_weights.main(["m.pkl", "--rescale", rescale, "--out", "w.png"]) == 0
    images = weights.T.reshape(10, 8, 8)
    expected = {
        "individual": images / np.abs(images).max(axis=(1, 2), keepdims=True),
        "global": images / np.abs(images).max(),
        "none": np.clip(images, -1, 1),
    }[rescale]
    np.testing.assert_allclose(tiles("w.png", 10, (8, 8)), grey(expected), atol=1 / 255)
    norms = np.linalg.norm(weights, axis=0)
    assert capsys.readouterr().out == (
        f"10 units, norms of their weights: min {norms.min():.6g}, mean {norms.mean():.6g}, "
        f"max {norms.max():.6g}\nwrote w.png\n"
    )


def test_a_unit_without_weights_is_mid_grey(softmax: Callable[..., Any]) -> None:
    softmax("m.pkl", np.zeros((64, 10)))
    assert show_weights.main(["m.pkl"]) == 0
    np.testing.assert_allclose(tiles("m.weights.png", 10, (8, 8)), 0.5, atol=1 / 255)


def test_a_border_frames_each_picture(softmax: Callable[..., Any]) -> None:
    softmax("m.pkl")
    assert show_weights.main(["m.pkl", "--out", "plain.png"]) == 0
    assert show_weights.main(["m.pkl", "--border", "--out", "framed.png"]) == 0
    plain, framed = imread("plain.png"), imread("framed.png")
    assert framed.shape[0] > plain.shape[0]
    colours = {tuple(colour) for colour in framed.reshape(-1, framed.shape[2])}
    orange = [colour for colour in colours if colour[0] > colour[1] > colour[2] + 0.2]
    assert len(orange) == 1


def test_colour_patches_come_out_in_colour(folder: Path) -> None:
    # K-means centres that are patches themselves: what is drawn is the patch.
    images = RNG.uniform(size=(5, 9, 9, 3))
    np.save("images.npy", images)
    text = (
        "!obj:pylearn2core.datasets.dense_design_matrix.DenseDesignMatrix { "
        "topo_view: !pkl: 'images.npy', preprocessor: "
        "!obj:pylearn2core.datasets.preprocessing.ExtractPatches "
        "{ patch_shape: [4, 5], num_patches: 6 } }"
    )
    dataset = DenseDesignMatrix(topo_view=images)
    dataset.apply_preprocessor(ExtractPatches(patch_shape=[4, 5], num_patches=6))
    model = KMeans(k=6, nvis=60)
    model.train_all(dataset, mu=dataset.X)
    model.dataset_yaml_src = text
    serial.save("patches.pkl", model)
    assert show_weights.main(["patches.pkl", "--rescale", "none"]) == 0
    drawn = tiles("patches.weights.png", 6, (4, 5))
    np.testing.assert_allclose(
        drawn, (dataset.get_topological_view(model.mu.get_value()) + 1) / 2, atol=1 / 255
    )


def test_data_are_looked_for_beside_the_model_too(
    softmax: Callable[..., Any], folder: Path
) -> None:
    (folder / "there").mkdir()
    np.save(folder / "there" / "x.npy", RNG.uniform(size=(3, 8, 8, 1)))
    source = (
        "!obj:pylearn2core.datasets.dense_design_matrix.DenseDesignMatrix "
        "{ topo_view: !pkl: x.npy }"
    )
    softmax("there/m.pkl", dataset_yaml_src=source)
    assert show_weights.main(["there/m.pkl"]) == 0
    assert (folder / "m.weights.png").is_file()


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (None, "does not say which dataset it was trained on"),
        (
            NO_IMAGES,
            "this dataset has no view as images",
        ),
        ("!obj:pylearn2core.datasets.digits.Digit {}", "its dataset can't be built again"),
    ],
)
def test_weights_that_are_no_images_are_refused(
    softmax: Callable[..., Any],
    source: str | None,
    message: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    softmax("m.pkl", dataset_yaml_src=source)
    assert show_weights.main(["m.pkl"]) == 2
    assert message in capsys.readouterr().err


def test_what_is_no_model_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    serial.save("list.pkl", [1])
    assert show_weights.main(["list.pkl"]) == 2
    assert "holds a list, which is no model" in capsys.readouterr().err


# ------------------------------------------------------------------ examples
def test_examples_of_a_trains_dataset_are_drawn_and_nothing_else_is_built(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "job.yaml").write_text(
        "!obj:pylearn2.train.Train {\n"
        "    model: !obj:no_such_module.Model {},\n"
        "    dataset: !obj:pylearn2.datasets.digits.Digits { which_set: valid },\n"
        "}\n"
    )
    arguments = ["job.yaml", "--rows", "20", "--cols", "20", "--out", "x.png"]
    assert show_examples.main(arguments) == 0
    # 400 pictures are all of the set, so they start at the first.
    X = Digits("valid").X
    drawn = tiles("x.png", 400, (8, 8))
    ink = X.reshape(400, 8, 8)
    darkest, brightest = drawn.min(), drawn.max()
    expected = darkest + (brightest - darkest) * ink
    np.testing.assert_allclose(drawn, np.repeat(expected[..., None], 3, axis=-1), atol=2 / 255)
    norms = np.linalg.norm(X, axis=1)
    shown = capsys.readouterr().out
    assert f"min {norms.min():.6g}, mean {norms.mean():.6g}, max {norms.max():.6g}" in shown
    assert "values from 0 to 1, float64" in shown


def test_examples_of_a_text_of_a_pickle_and_of_a_model_are_the_same(
    softmax: Callable[..., Any],
) -> None:
    text = "!obj:pylearn2core.datasets.digits.Digits { which_set: train }"
    softmax("m.pkl", dataset_yaml_src=text)
    serial.save("d.pkl", Digits("train"))
    for number, source in enumerate([text, "d.pkl", "m.pkl"]):
        assert (
            show_examples.main([source, "--rows", "2", "--cols", "3", "--out", f"{number}.png"])
            == 0
        )
    first, second, third = (imread(f"{number}.png") for number in range(3))
    np.testing.assert_array_equal(first, second)
    np.testing.assert_array_equal(first, third)


def test_there_are_no_more_pictures_than_examples(folder: Path) -> None:
    np.save("x.npy", RNG.uniform(size=(3, 8, 8, 1)))
    text = (
        "!obj:pylearn2core.datasets.dense_design_matrix.DenseDesignMatrix "
        "{ topo_view: !pkl: x.npy }"
    )
    assert show_examples.main([text, "--cols", "2"]) == 0
    assert tiles("examples.png", 3, (8, 8)).shape == (3, 8, 8, 3)


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("no.yaml", "can't read this YAML file"),
        ("no.pkl", "no.pkl"),
        (
            NO_IMAGES,
            "has no examples that can be seen as images: this dataset has no view as images",
        ),
    ],
)
def test_what_can_not_be_shown_is_told(
    path: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert show_examples.main([path]) == 2
    assert message in capsys.readouterr().err


def test_a_number_of_rows_below_1_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        show_examples.main(["d.yaml", "--rows", "0"])
    assert "expected a whole number above 0, got '0'" in capsys.readouterr().err


# ------------------------------------------------------------------ the layout
@pytest.mark.parametrize("count", [1, 2, 3, 5, 10, 12, 49, 200])
def test_a_grid_holds_all_pictures_without_an_empty_row(count: int) -> None:
    rows, columns = pictures.grid_shape(count)
    assert (rows - 1) * columns < count <= rows * columns
    assert 0 <= columns - rows <= 1


def test_channels_that_are_no_colours_become_pictures_of_their_own() -> None:
    images = RNG.uniform(size=(2, 3, 4, 5))
    seen = pictures.as_seen(images)
    assert seen.shape == (10, 3, 4, 1)
    np.testing.assert_array_equal(seen[7, :, :, 0], images[1, :, :, 2])


def test_a_rescaling_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ConfigError, match="rescale must be one of individual, global, none"):
        pictures.rescaled(np.zeros((1, 2, 2, 1)), "rescale")
