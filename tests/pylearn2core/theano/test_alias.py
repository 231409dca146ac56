"""`pylearn2` is pylearn2core, and `theano` is its facade, in processes of their own."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]


def python(*args: str, path: str = "", **environ: str) -> subprocess.CompletedProcess[str]:
    """Run `python -W error ARGS` with the checkout on its path, behind `path`."""
    env = {key: value for key, value in os.environ.items() if "FLAGS" not in key}
    env |= {"PYTHONPATH": os.pathsep.join(filter(None, [path, str(ROOT)])), **environ}
    command = [sys.executable, "-W", "error", *args]
    return subprocess.run(command, env=env, capture_output=True, text=True, check=False)


def passes(code: str, **environ: str) -> str:
    done = python("-c", code, **environ)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize(
    "code",
    [
        "from pylearn2.utils import serial as a; import pylearn2core.utils.serial as b",
        "import pylearn2core.utils.serial as b; from pylearn2.utils import serial as a",
        "import pylearn2.training_algorithms.sgd as a, pylearn2core.training_algorithms.sgd as b",
        "import pylearn2.models as a; import pylearn2core.models as b",
        "from pylearn2 import models as a; from pylearn2core import models as b",
        "import pylearn2, theano as a; from pylearn2core import theano as b",
        "import pylearn2, theano.tensor.nnet as a; import pylearn2core.theano.tensor.nnet as b",
        "import pylearn2, theano.compile.io as a; import pytensor.compile.io as b",
    ],
)
def test_a_module_is_the_same_object_by_either_name(code: str) -> None:
    passes(f"{code}\nassert a is b\nassert a.__spec__.name == a.__name__ == b.__name__")


def test_a_relative_import_after_an_alias_import_works() -> None:
    passes(
        "import pylearn2.utils.serial as s, importlib\n"
        "assert s.__package__ == s.__spec__.parent == 'pylearn2core.utils'\n"
        "exec('from . import iteration', s.__dict__)\n"
        "import pylearn2core.utils.iteration as i\n"
        "assert s.iteration is i\n"
        "assert importlib.reload(s) is s"
    )


def test_a_class_is_pickled_and_found_by_either_name() -> None:
    passes(
        "import pickle, pylearn2.errors as a, pylearn2core.errors as b\n"
        "text = pickle.dumps(a.Where('f', 3), protocol=0)\n"
        "assert pickle.loads(text) == b.Where('f', 3)\n"
        "old = text.replace(b'pylearn2core.errors', b'pylearn2.errors')\n"
        "assert old != text and type(pickle.loads(old)) is b.Where"
    )


def test_a_pickle_that_names_pylearn2_loads_without_an_import_before() -> None:
    from pylearn2core.errors import Where

    text = pickle.dumps(Where("f", 3), protocol=0).replace(b"pylearn2core.", b"pylearn2.")
    assert passes(f"import pickle; print(pickle.loads({text!r}))") == "f, line 3"


def test_a_module_runs_as_a_program_by_either_name() -> None:
    for name in ("pylearn2", "pylearn2core"):
        done = python("-m", f"{name}.scripts.train", "--help")
        assert done.returncode == 0, done.stderr
        assert done.stdout.startswith("usage: train.py")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("pylearn2.no_such", "No module named 'pylearn2.no_such'"),
        ("pylearn2.no_such.below", "No module named 'pylearn2.no_such'"),
        ("pylearn2.errors.Where", "'pylearn2.errors' is not a package"),
        ("theano.no_such", "No module named 'theano.no_such'"),
        ("theano.tensor.no_such.below", "No module named 'theano.tensor.no_such'"),
    ],
)
def test_a_missing_module_is_missing_under_the_name_that_was_asked(name: str, message: str) -> None:
    done = python("-c", f"import pylearn2; import {name}")
    assert done.stderr.strip().endswith(message) or message in done.stderr.splitlines()[-1]
    assert "ModuleNotFoundError" in done.stderr


def test_theano_is_not_there_before_pylearn2_is_imported() -> None:
    assert "No module named 'theano'" in python("-c", "import theano").stderr


def test_a_real_theano_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "theano").mkdir()
    (tmp_path / "theano" / "__init__.py").write_text("real = True\n")
    (tmp_path / "theano" / "tensor.py").write_text("")
    code = "import pylearn2, theano, theano.tensor; print(theano.real, theano.tensor.__file__)"
    done = python("-c", code, path=str(tmp_path))
    assert done.stdout.strip() == f"True {tmp_path / 'theano' / 'tensor.py'}"


def test_importing_pylearn2_imports_no_engine() -> None:
    code = (
        "import pylearn2, sys; print([n for n in ('pytensor', 'jax', 'yaml') if n in sys.modules])"
    )
    assert passes(code) == "[]"


# ------------------------------------------------------------------ a real Pylearn2
def real_pylearn2(folder: Path) -> str:
    (folder / "pylearn2").mkdir()
    (folder / "pylearn2" / "__init__.py").write_text("")
    (folder / "pylearn2" / "train.py").write_text("")
    return str(folder)


def test_a_real_pylearn2_behind_ours_is_refused(tmp_path: Path) -> None:
    real = real_pylearn2(tmp_path)
    done = python("-c", f"import sys; sys.path.append({real!r}); import pylearn2")
    assert f"ImportError: a real Pylearn2 is installed beside ours ({real}" in done.stderr


def test_an_installed_distribution_of_pylearn2_is_refused(tmp_path: Path) -> None:
    info = tmp_path / "pylearn2-0.1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: pylearn2\nVersion: 0.1\n")
    done = python("-c", "import pylearn2", path=str(tmp_path))
    assert "a real Pylearn2 is installed beside ours (distribution pylearn2 0.1)" in done.stderr


@pytest.mark.parametrize("where", ["before", "behind"])
def test_the_script_refuses_a_real_pylearn2_with_a_paragraph(tmp_path: Path, where: str) -> None:
    real = real_pylearn2(tmp_path)
    code = (
        f"import sys; sys.path.insert({0 if where == 'before' else len(sys.path) + 9}, {real!r})\n"
        "from pylearn2core.scripts.train import main; sys.exit(main(['x.yaml']))"
    )
    done = python("-c", code)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "real Pylearn2" in done.stderr
    assert "use an environment of its own for it" in done.stderr


def test_a_second_copy_of_ours_is_no_real_pylearn2(tmp_path: Path) -> None:
    (tmp_path / "pylearn2core").mkdir()
    done = python("-c", "import sys; sys.path.append(sys.argv[1]); import pylearn2",
                  real_pylearn2(tmp_path))  # fmt: skip
    assert done.returncode == 0, done.stderr


# ------------------------------------------------------------------ floatX
@pytest.mark.parametrize(
    ("theano", "pytensor", "expected"),
    [
        ("floatX=float32", "", "float32"),
        ("device=cpu,floatX=float64,floatX=float32", "", "float32"),
        ("floatX=float32", "floatX=float64", "float64"),
        ("floatX=float32", "exception_verbosity=high", "float32"),
        ("", "", "float64"),
    ],
)
def test_floatx_is_read_from_theanos_flags_unless_pytensors_set_it(
    theano: str, pytensor: str, expected: str
) -> None:
    code = "import pylearn2core.errors, pytensor; print(pytensor.config.floatX)"
    assert passes(code, THEANO_FLAGS=theano, PYTENSOR_FLAGS=pytensor) == expected
