"""Loaders of published files, on small files in the published formats that the tests write."""

from __future__ import annotations

import gzip
import pickle
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.io

from pylearn2core import paths
from pylearn2core.config import yaml_parse
from pylearn2core.datasets.binarized_mnist import BinarizedMNIST
from pylearn2core.datasets.cifar10 import CIFAR10
from pylearn2core.datasets.cifar100 import CIFAR100
from pylearn2core.datasets.mnist import MNIST
from pylearn2core.datasets.preprocessing import Standardize
from pylearn2core.datasets.svhn import SVHN, SVHN_On_Memory
from pylearn2core.errors import ConfigError
from pylearn2core.space import CompositeSpace, IndexSpace, VectorSpace
from pylearn2core.utils.exc import EnvironmentVariableError, NoDataPathError

RNG = np.random.RandomState(0)
DIGITS = RNG.randint(0, 256, (6, 28, 28)).astype(np.uint8)
LABELS = np.array([5, 0, 4, 1, 9, 2])
PHOTOS = RNG.randint(0, 256, (10, 3072)).astype(np.uint8)
KINDS = np.arange(10)


@pytest.fixture
def data(tmp_path: Path) -> Iterator[Path]:
    """The folder that PYLEARN2_DATA_PATH names."""
    with paths.use(paths.Places(environ={"PYLEARN2_DATA_PATH": str(tmp_path)})):
        yield tmp_path


def write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)


def idx(array: Any) -> bytes:
    """http://yann.lecun.com/exdb/mnist: 0, 0, type 8, number of axes, sizes, bytes."""
    head = bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape)
    return head + array.astype(np.uint8).tobytes()


def write_mnist(folder: Path, prefix: str = "train", ending: str = "", rows: int = 6) -> None:
    write(folder / f"mnist/{prefix}-images-idx3-ubyte{ending}", idx(DIGITS[:rows]))
    write(folder / f"mnist/{prefix}-labels-idx1-ubyte{ending}", idx(LABELS[:rows]))


# ------------------------------------------------------------------ MNIST
@pytest.mark.parametrize("ending", ["", ".gz"])
def test_mnist_is_read_as_published(data: Path, ending: str) -> None:
    write_mnist(data, ending=ending)
    mnist = MNIST("train")
    assert np.array_equal(mnist.X, DIGITS.reshape(6, 784).astype(np.float32) / np.float32(255))
    assert np.array_equal(mnist.y, LABELS[:, None])
    space = CompositeSpace([VectorSpace(784), IndexSpace(10, 1)])
    assert mnist.get_data_specs() == (space, ("features", "targets"))
    assert np.array_equal(mnist.get_topological_view()[..., 0] * 255, DIGITS.astype(np.float32))
    assert mnist.adjust_for_viewer(np.array([0.0, 0.5, 1.0, 2.0])).tolist() == [-1, 0, 1, 1]


def test_mnist_options_are_applied_in_pylearn2s_order(data: Path) -> None:
    write_mnist(data)
    values = DIGITS.reshape(6, 784) / 255.0
    binary = (values > 0.5).astype(float)
    assert np.array_equal(MNIST("train", binarize=True).X, binary)
    centred = MNIST("train", binarize=True, center=True, start=1, stop=4)
    np.testing.assert_allclose(centred.X, (binary - binary.mean(axis=0))[1:4], atol=1e-6)
    assert np.array_equal(centred.y[:, 0], LABELS[1:4])
    hot = MNIST("train", one_hot=True, axes=("c", 0, 1, "b"))
    assert np.array_equal(hot.y, np.eye(10)[LABELS])
    assert hot.get_topological_view().shape == (1, 28, 28, 6)


def test_mnist_is_shuffled_by_swapping_each_row_with_a_random_one(data: Path) -> None:
    write_mnist(data)
    order, rng = list(range(6)), np.random.RandomState([1, 2, 3])
    for row in range(6):
        other = rng.randint(6)
        order[row], order[other] = order[other], order[row]
    shuffled = MNIST("train", shuffle=True)
    assert np.array_equal(shuffled.y[:, 0], LABELS[order])
    assert np.array_equal(shuffled.X, MNIST("train").X[order])


def test_mnist_gives_its_test_set_made_as_it_was_itself(data: Path) -> None:
    write_mnist(data)
    write_mnist(data, "t10k", rows=4)
    preprocessor = Standardize()
    train = MNIST(
        "train", center=True, one_hot=True, start=0, stop=2, preprocessor=preprocessor,
        fit_preprocessor=True,
    )  # fmt: skip
    test = train.get_test_set()
    assert test.X.shape == (4, 784)
    assert np.array_equal(test.y, np.eye(10)[LABELS[:4]])
    raw = MNIST("test", center=True)
    fitted = MNIST("train", center=True, start=0, stop=2).X
    expected = (raw.X - fitted.mean(axis=0)) / (1e-4 + fitted.std(axis=0))
    np.testing.assert_allclose(test.X, expected, rtol=1e-4, atol=1e-4)


def test_datasets_made_alike_share_arrays_until_the_file_changes(data: Path) -> None:
    write_mnist(data)
    first = MNIST("train", start=0, stop=3)
    assert MNIST("train", start=0, stop=3).X is first.X
    with pytest.raises(ValueError, match="read-only"):
        first.X[0, 0] = 1
    write_mnist(data, rows=5)
    assert len(MNIST("train").X) == 5


def test_mnist_that_is_not_there_says_what_to_download_and_where_to(tmp_path: Path) -> None:
    with (
        paths.use(paths.Places(environ={"PYLEARN2_DATA_PATH": ""})),
        pytest.raises(ConfigError, match=r"not set\. Download train-images.*https.*FOLDER/mnist"),
    ):
        MNIST("train")
    missing = rf"no file train-images-idx3-ubyte in {tmp_path}/mnist\. Download .* from https"
    with (
        paths.use(paths.Places(environ={"PYLEARN2_DATA_PATH": str(tmp_path)})),
        pytest.raises(ConfigError, match=missing),
    ):
        MNIST("train")


def test_without_a_data_path_the_error_is_pylearn2_s_also_from_yaml() -> None:
    with paths.use(paths.Places(environ={"PYLEARN2_DATA_PATH": ""})):
        with pytest.raises(NoDataPathError, match="PYLEARN2_DATA_PATH is not set"):
            MNIST("train")
        with pytest.raises(EnvironmentVariableError, match="line 1: MNIST: PYLEARN2_") as caught:
            yaml_parse.load("!obj:pylearn2.datasets.mnist.MNIST {which_set: train}")
    sent = pickle.loads(pickle.dumps(caught.value))
    assert (type(sent), str(sent)) == (NoDataPathError, str(caught.value))


def test_mnist_files_that_are_damaged_are_told(data: Path) -> None:
    write_mnist(data)
    with pytest.raises(ValueError, match=r"take some of the training set.*start: 50000"):
        MNIST("valid")
    with pytest.raises(ValueError, match="which_set must be one of train, test, got 'dev'"):
        MNIST("dev")
    with pytest.raises(ValueError, match=r"can't keep examples 4\.\.8 of 6"):
        MNIST("train", start=4, stop=9)
    write(data / "mnist/train-labels-idx1-ubyte", idx(LABELS[:5]))
    with pytest.raises(ConfigError, match=r"has 6 images, .* 5 labels"):
        MNIST("train")
    write(data / "mnist/train-labels-idx1-ubyte", idx(LABELS)[:-2])
    with pytest.raises(ConfigError, match="should hold 6 bytes after its header, and has 4"):
        MNIST("train")
    write(data / "mnist/train-labels-idx1-ubyte", b"<html>")
    with pytest.raises(ConfigError, match="no idx file of bytes with 1 axes"):
        MNIST("train")


# ------------------------------------------------------------------ CIFAR
def python_2_pickle(pixels: Any, key: str, labels: list[int]) -> bytes:
    """Protocol 2, with the array's bytes as a Python-2 string, as the published files have them."""
    shape = pixels.shape
    head = f"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(I0\ntS'b'\ntR(I1\n(I{shape[0]}\nI{shape[1]}\ntcnumpy\ndtype\n(S'u1'\nI0\nI1\ntR(I3\nS'|'\nNNNI-1\nI-1\nI0\ntbI00\n"  # noqa: E501
    data = b"T" + struct.pack("<i", pixels.size) + pixels.tobytes() + b"tb"
    items = b"(dS'data'\n" + head.encode() + data + b"s"
    listed = "".join(f"I{label}\n" for label in labels)
    return b"\x80\x02" + items + f"S'{key}'\n(".encode() + listed.encode() + b"lsS'x'\nS'y'\ns."


def write_cifar10(folder: Path) -> None:
    batches = folder / "cifar10/cifar-10-batches-py"
    for number in range(5):
        rows = slice(2 * number, 2 * number + 2)
        content = python_2_pickle(PHOTOS[rows], "labels", KINDS[rows].tolist())
        write(batches / f"data_batch_{number + 1}", content)
    write(batches / "test_batch", python_2_pickle(PHOTOS[:3], "labels", [7, 7, 1]))


@pytest.mark.filterwarnings("ignore:dtype")
def test_cifar10_joins_its_batches_and_shows_colour_images(data: Path) -> None:
    write_cifar10(data)
    train = CIFAR10("train")
    assert np.array_equal(train.X, PHOTOS)
    assert train.X.dtype == np.float32
    assert np.array_equal(train.y, KINDS[:, None])
    # A row is the red, then the green, then the blue plane, row by row.
    view = train.get_topological_view()
    assert np.array_equal(view[3, :, :, 1], PHOTOS[3, 1024:2048].reshape(32, 32))
    assert CIFAR10.label_names[train.y[8, 0]] == "ship"
    np.testing.assert_allclose(train.adjust_for_viewer(train.X), PHOTOS / 127.5 - 1, atol=1e-6)
    test = train.get_test_set()
    assert np.array_equal(test.y[:, 0], [7, 7, 1])
    assert np.array_equal(CIFAR10("train", start=2, stop=5, one_hot=True).y, np.eye(10)[2:5])


@pytest.mark.filterwarnings("ignore:dtype")
def test_cifar10_pixels_are_scaled_as_asked(data: Path) -> None:
    write_cifar10(data)
    pixels = PHOTOS.astype(np.float64)
    both = CIFAR10("train", center=True, rescale=True)
    np.testing.assert_allclose(both.X, (pixels - 127.5) / 127.5, atol=1e-6)
    np.testing.assert_allclose(both.adjust_for_viewer(both.X), both.X)
    gcn = CIFAR10("train", gcn=55.0)
    np.testing.assert_allclose(np.linalg.norm(gcn.X, axis=1), 55.0, rtol=1e-5)
    np.testing.assert_allclose(gcn.X.mean(axis=1), 0, atol=1e-4)
    assert np.abs(gcn.adjust_for_viewer(gcn.X)).max(axis=1) == pytest.approx(1)
    toronto = CIFAR10("test", toronto_prepro=True)
    expected = pixels[:3] / 255 - (pixels / 255).mean(axis=0)
    np.testing.assert_allclose(toronto.X, expected, atol=1e-6)
    with pytest.raises(ValueError, match="toronto_prepro centres the pixels itself"):
        CIFAR10("train", toronto_prepro=True, center=True)


@pytest.mark.filterwarnings("ignore:dtype")
def test_cifar100_has_fine_labels(data: Path) -> None:
    folder = data / "cifar100/cifar-100-python"
    write(folder / "train", python_2_pickle(PHOTOS[:3], "fine_labels", [99, 0, 42]))
    write(folder / "test", python_2_pickle(PHOTOS[5:6], "fine_labels", [7]))
    train = CIFAR100("train", center=True)
    assert np.array_equal(train.y[:, 0], [99, 0, 42])
    np.testing.assert_allclose(train.X, PHOTOS[:3] - 127.5)
    test = train.get_test_set()
    np.testing.assert_allclose(test.X, PHOTOS[5:6] - 127.5)
    toronto = CIFAR100("test", toronto_prepro=True)
    expected = PHOTOS[5:6] / 255 - (PHOTOS[:3] / 255).mean(axis=0)
    np.testing.assert_allclose(toronto.X, expected, atol=1e-6)


def test_cifar_files_that_are_missing_or_wrong_are_told(data: Path) -> None:
    with pytest.raises(ConfigError, match=r"data_batch_1 in .*unpack cifar-10-python\.tar\.gz"):
        CIFAR10("train")
    write(data / "cifar100/cifar-100-python/train", pickle.dumps({"data": PHOTOS}))
    with pytest.raises(ConfigError, match="no CIFAR batch with 'data' and 'fine_labels'"):
        CIFAR100("train")
    wrong = {"data": PHOTOS[:2, :100], "fine_labels": [1, 2]}
    write(data / "cifar100/cifar-100-python/train", pickle.dumps(wrong))
    with pytest.raises(ConfigError, match=r"expected bytes of shape \(2, 3072\), got uint8"):
        CIFAR100("train")


# ------------------------------------------------------------------ SVHN
def write_svhn(folder: Path, name: str, photos: Any, digits: Any) -> None:
    images = photos.reshape(len(photos), 3, 32, 32).transpose(2, 3, 1, 0)
    path = folder / f"SVHN/format2/{name}_32x32.mat"
    path.parent.mkdir(parents=True, exist_ok=True)
    scipy.io.savemat(path, {"X": images, "y": np.reshape(digits, (-1, 1))}, do_compression=True)


def test_svhn_labels_are_the_published_ones_less_one(data: Path) -> None:
    write_svhn(data, "train", PHOTOS, np.arange(1, 11))
    write_svhn(data, "test", PHOTOS[:2], [10, 1])
    train = SVHN("train")
    order = np.arange(10)
    np.random.RandomState(322).shuffle(order)
    assert np.array_equal(train.X, PHOTOS[order])
    assert np.array_equal(train.y[:, 0], order)
    assert train.get_topological_view().shape == (10, 32, 32, 3)
    assert sorted(train.get_test_set().y[:, 0]) == [0, 9]
    both = SVHN_On_Memory("train", center=True, scale=True, start=3, stop=5)
    np.testing.assert_allclose(both.X, (PHOTOS[order[3:5]] - 127.5) / 127.5)
    scaled = SVHN("train", scale=True, one_hot=True)
    np.testing.assert_allclose(scaled.X, PHOTOS[order] / 255.0)
    assert np.array_equal(scaled.y, np.eye(10)[order])
    np.testing.assert_allclose(scaled.adjust_for_viewer(scaled.X), PHOTOS[order] / 127.5 - 1)


def test_svhn_validation_takes_as_many_of_each_class(data: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr("pylearn2core.datasets.svhn.TO_VALID", {"train": 2, "extra": 1})
    photos = np.arange(50, dtype=np.uint8)[:, None] * np.ones(3072, dtype=np.uint8)
    digits = np.tile(np.arange(1, 11), 5)
    write_svhn(data, "train", photos[:30], digits[:30])
    write_svhn(data, "extra", photos[30:], digits[30:])
    valid, train = SVHN("valid"), SVHN("splitted_train")
    assert np.bincount(valid.y[:, 0]).tolist() == [3] * 10
    assert sorted([*valid.X[:, 0], *train.X[:, 0]]) == list(range(50))
    assert (valid.X[:, 0] < 30).sum() == 20
    for part in (valid, train):
        assert np.array_equal(part.y[:, 0], part.X[:, 0] % 10)
    assert sorted(SVHN("train_all").X[:, 0]) == list(range(50))


def test_svhn_fits_its_preprocessor_on_training_sets_only(data: Path) -> None:
    write_svhn(data, "train", PHOTOS, np.arange(1, 11))
    write_svhn(data, "test", PHOTOS[:4], np.arange(1, 5))
    with pytest.raises(ValueError, match="has not been fitted"):
        SVHN("test", preprocessor=Standardize())
    standardize = Standardize()
    train = SVHN("train", preprocessor=standardize)
    np.testing.assert_allclose(train.X.mean(axis=0), 0, atol=1e-9)
    assert abs(SVHN("test", preprocessor=standardize).X.mean(axis=0)).max() > 0.1


def test_svhn_files_that_are_missing_or_wrong_are_told(data: Path) -> None:
    with pytest.raises(ConfigError, match=r"no file train_32x32\.mat in .*SVHN/format2.*ufldl"):
        SVHN("train")
    elsewhere = data / "elsewhere"
    with pytest.raises(ConfigError, match=r"no file test_32x32\.mat in .*elsewhere"):
        SVHN("test", path=str(elsewhere))
    write(data / "SVHN/format2/train_32x32.mat", b"not a mat file at all" * 20)
    with pytest.raises(ConfigError, match=r"no \.mat file with X and y"):
        SVHN("train")


# ------------------------------------------------------------------ binarized MNIST
BITS = RNG.randint(0, 2, (4, 784))


def amat(rows: Any) -> bytes:
    return "".join(" ".join(map(str, row)) + " \n" for row in rows).encode()


def test_binarized_mnist_reads_both_kinds_of_file(data: Path) -> None:
    write(data / "binarized_mnist/binarized_mnist_train.amat", amat(BITS))
    (data / "binarized_mnist/binarized_mnist_test.npy").parent.mkdir(exist_ok=True)
    np.save(data / "binarized_mnist/binarized_mnist_test.npy", BITS[:3])
    train = BinarizedMNIST("train")
    assert np.array_equal(train.X, BITS)
    assert not train.has_targets()
    assert train.get_topological_view().shape == (4, 28, 28, 1)
    centred = BinarizedMNIST("train", center=True, start=1, stop=3)
    np.testing.assert_allclose(centred.X, (BITS - BITS.mean(axis=0))[1:3], atol=1e-6)
    assert np.array_equal(train.get_test_set().X, BITS[:3])
    shuffled = BinarizedMNIST("train", shuffle=True).X
    assert sorted(map(tuple, shuffled)) == sorted(map(tuple, BITS))


def test_binarized_mnist_that_is_missing_or_wrong_is_told(data: Path) -> None:
    missing = r"no file binarized_mnist_valid\.amat or binarized_mnist_valid\.npy in .*larocheh"
    with pytest.raises(ConfigError, match=missing):
        BinarizedMNIST("valid")
    for content in (amat(BITS).replace(b"1 ", b"7 ", 1), amat(BITS)[:-9], b""):
        write(data / "binarized_mnist/binarized_mnist_valid.amat", content)
        with pytest.raises(ConfigError, match="expected lines of 784 zeros and ones"):
            BinarizedMNIST("valid")
