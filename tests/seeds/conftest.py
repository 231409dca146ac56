"""The tutorials' folder: their files, data of MNIST's shape, and a way to run a command there."""

from __future__ import annotations

import gzip
import os
import shutil
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
SIZES = (600, 200, 200)

# The tutorials' models draw their first weights from numpy's global generator, by this function.
SEED = 1234
SITECUSTOMIZE = f"import numpy\nnumpy.random.uniform = numpy.random.RandomState({SEED}).uniform\n"


class Tutorial:
    """A folder with the tutorial's files and data."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._outputs: dict[tuple[str, ...], str] = {}

    def python(self, *args: str, flags: str = "floatX=float64") -> str:
        """The output of `python ARGS` in the folder; warnings are errors. flags: THEANO_FLAGS."""
        environ = {key: value for key, value in os.environ.items() if key != "PYTENSOR_FLAGS"}
        environ |= {
            "THEANO_FLAGS": flags,
            "PYTHONPATH": f"{ROOT}{os.pathsep}{self.folder / 'site'}",
        }
        command = [sys.executable, "-W", "error", *args]
        done = subprocess.run(
            command, cwd=self.folder, env=environ, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def run_once(self, *args: str) -> str:
        """`python`, once for each command."""
        if args not in self._outputs:
            self._outputs[args] = self.python(*args)
        return self._outputs[args]

    def arrays(self, *names: str) -> list[Any]:
        """What the tutorial's command wrote: `train_X`, `train_y`, ..."""
        return [np.load(self.folder / f"mnist_{name}.pkl", allow_pickle=True) for name in names]


@pytest.fixture(scope="session")
def tutorial(tmp_path_factory: pytest.TempPathFactory) -> Tutorial:
    """The tutorial's folder, its data split by the tutorial's own command."""
    made = _folder(tmp_path_factory.mktemp("tutorial"), "tutorial")
    archive = made.folder / "mnist.pkl.gz"
    archive.write_bytes(gzip.compress(python_2_pickle(data_of_mnists_shape())))
    (made.folder / "mnist.pkl").write_bytes(gzip.decompress(archive.read_bytes()))
    made.python(
        "-c",
        "from pylearn2.utils import serial; \
data = serial.load('mnist.pkl'); \
serial.save('mnist_train_X.pkl', data[0][0]); \
serial.save('mnist_train_y.pkl', data[0][1].reshape((-1, 1))); \
serial.save('mnist_valid_X.pkl', data[1][0]); \
serial.save('mnist_valid_y.pkl', data[1][1].reshape((-1, 1))); \
serial.save('mnist_test_X.pkl', data[2][0]); \
serial.save('mnist_test_y.pkl', data[2][1].reshape((-1, 1)))",
    )
    return made


@pytest.fixture(scope="session")
def monitored(tutorial: Tutorial, tmp_path_factory: pytest.TempPathFactory) -> Tutorial:
    """The tutorial's folder with the monitoring methods added to LogisticRegression."""
    made = _folder(tmp_path_factory.mktemp("monitored"), "tutorial", "tutorial_monitored")
    for file in tutorial.folder.glob("mnist_*.pkl"):
        shutil.copy(file, made.folder)
    return made


def _folder(folder: Path, *sources: str) -> Tutorial:
    for source in sources:
        for file in (HERE / source).iterdir():
            shutil.copy(file, folder / file.name.removesuffix(".txt"))
    (folder / "site").mkdir()
    (folder / "site" / "sitecustomize.py").write_text(SITECUSTOMIZE)
    return Tutorial(folder)


def data_of_mnists_shape() -> tuple[tuple[np.ndarray, np.ndarray], ...]:
    """(train, valid, test), each (images of shape (n, 784) in [0, 1], digits of shape (n,))."""
    rng = np.random.default_rng(20)
    strokes = rng.uniform(size=(10, 784)) * (rng.uniform(size=(10, 784)) < 0.2)
    sets = []
    for n in SIZES:
        digits = rng.integers(0, 10, size=n)
        ink = strokes[digits] * rng.uniform(0.5, 1.0, size=(n, 784))
        sets.append((ink.astype("float32"), digits))
    return tuple(sets)


# ------------------------------------------------------------------ pickles as Python 2 wrote them
def python_2_pickle(value: Any) -> bytes:
    """Protocol 2, array buffers as the byte strings that Python 2 called str."""
    return b"\x80\x02" + _opcodes(value) + b"."


def _opcodes(value: Any) -> bytes:
    writers: dict[type, Callable[[Any], bytes]] = {
        type(None): lambda _: b"N",
        bool: lambda one: b"\x88" if one else b"\x89",
        int: lambda one: b"J" + struct.pack("<i", one),
        bytes: lambda one: b"T" + struct.pack("<i", len(one)) + one,
        tuple: lambda one: b"(" + b"".join(map(_opcodes, one)) + b"t",
        np.ndarray: _array,
    }
    return writers[type(value)](value)


def _array(array: np.ndarray) -> bytes:
    make = b"cnumpy.core.multiarray\n_reconstruct\n"
    arguments = b"(cnumpy\nndarray\n" + _opcodes((0,)) + _opcodes(b"b") + b"t"
    kind = _opcodes((array.dtype.str[1:].encode(), 0, 1))
    layout = _opcodes((3, b"<", None, None, None, -1, -1, 0))
    dtype = b"cnumpy\ndtype\n" + kind + b"R" + layout + b"b"
    state = b"(" + _opcodes(1) + _opcodes(array.shape) + dtype + _opcodes(False)
    return make + arguments + b"R" + state + _opcodes(array.tobytes()) + b"tb"
