"""templates/pylearn2: Pylearn2's tutorials, held against scikit-learn."""

from __future__ import annotations

import gzip
import shutil
import struct
from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression

from pylearn2core.scripts import train
from pylearn2core.utils import serial

TEMPLATES = Path(__file__).parents[2] / "templates" / "pylearn2"
IMAGES, LABELS = load_digits(return_X_y=True)


def test_softmax_regression_is_as_good_as_scikit_learn_s(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copy(TEMPLATES / "softmax_regression.yaml", tmp_path)
    monkeypatch.chdir(tmp_path)
    assert train.main(["softmax_regression.yaml"]) == 0
    best = serial.load("softmax_regression_best.pkl")
    record = best.monitor.channels["valid_y_misclass"].val_record
    fitted = LogisticRegression(C=1e3, max_iter=2000).fit(IMAGES[:1000] / 16, LABELS[:1000])
    theirs = 1 - fitted.score(IMAGES[1000:1400] / 16, LABELS[1000:1400])
    assert min(record) <= theirs + 0.01
    assert len(serial.load("softmax_regression.pkl").monitor.channels["test_y_nll"].val_record) > 2


def idx(array: np.ndarray, file: Path) -> None:
    head = struct.pack(">HBB", 0, 8, array.ndim) + struct.pack(f">{array.ndim}I", *array.shape)
    file.write_bytes(gzip.compress(head + array.astype(np.uint8).tobytes()))


def test_the_classic_file_on_mnist_trains_as_it_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = (TEMPLATES / "softmax_regression.yaml").read_text()
    mnist = "!obj:pylearn2.datasets.mnist.MNIST { which_set: 'train', start: 0, stop: 50 }"
    text = text.replace("!obj:pylearn2.datasets.digits.Digits { which_set: train }", mnist)
    for part, rows in (("valid", "start: 50, stop: 60"), ("test", "start: 50, stop: 60")):
        other = mnist.replace("start: 0, stop: 50", rows)
        text = text.replace(f"!obj:pylearn2.datasets.digits.Digits {{ which_set: {part} }}", other)
    text = text.replace("nvis: 64", "nvis: 784").replace("batch_size: 1000", "batch_size: 50")
    (tmp_path / "sr.yaml").write_text(text)
    folder = tmp_path / "data" / "mnist"
    folder.mkdir(parents=True)
    rng = np.random.RandomState(0)
    for name in ("train", "t10k"):
        idx(rng.randint(0, 256, (60, 28, 28)), folder / f"{name}-images-idx3-ubyte.gz")
        idx(rng.randint(0, 10, 60), folder / f"{name}-labels-idx1-ubyte.gz")
    monkeypatch.setenv("PYLEARN2_DATA_PATH", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)
    assert train.main(["sr.yaml"]) == 0
    assert (tmp_path / "softmax_regression.pkl").is_file()
