"""What a sweep's experiment may name."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pylearn2core.config import nodes, yaml_parse
from pylearn2core.errors import ConfigError

MODULE = """
import os
import fractions
from os import getcwd
from fractions import Fraction
from pylearn2.config import yaml_parse

ARRAY = __import__("numpy").arange(3)

def own():
    return "own"

def nested(text):
    return yaml_parse.load(text)
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    (tmp_path / "sweep_user.py").write_text(MODULE)
    monkeypatch.setattr(sys, "path", [*sys.path, str(tmp_path)])
    yield tmp_path
    sys.modules.pop("sweep_user", None)


def build(text: str, folder: Path, *modules: str) -> Any:
    allowed = yaml_parse.allow_list(modules, folder)
    return yaml_parse.build(nodes.parse(text)[0], allowed=allowed)


def test_our_own_modules_the_users_and_numpys_arrays_are_allowed(folder: Path) -> None:
    assert build("!obj:sweep_user.own {}", folder) == "own"
    assert build("!obj:pylearn2.errors.Where {line: 3}", folder).line == 3
    assert build("!obj:pylearn2core.errors.Where {line: 3}", folder).line == 3
    np.testing.assert_array_equal(build("!obj:numpy.zeros {shape: 2}", folder), [0, 0])
    assert build("!obj:numpy.random.RandomState {seed: 1}", folder).randint(10) == 5
    assert build("!import 'theano.tensor.nnet.sigmoid'", folder).scalar_op.name == "sigmoid"


def test_data_of_the_users_may_be_named_whatever_its_type(folder: Path) -> None:
    np.testing.assert_array_equal(build("!import 'sweep_user.ARRAY'", folder), [0, 1, 2])


def test_a_module_that_the_header_lists_is_allowed_with_what_lies_below_it(folder: Path) -> None:
    text = "!obj:fractions.Fraction {numerator: 1, denominator: 2}"
    assert build(text, folder, "fractions") == 0.5
    assert build(text.replace("fractions", "sweep_user"), folder, "fractions") == 0.5
    assert build("!import:os.path.join", folder, "os", "posixpath")("a", "b") == "a/b"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("os.getcwd", "`os.getcwd` is not among what this experiment may name"),
        ("subprocess.run", r"list it in the header: `modules: \[subprocess\]`"),
        ("sweep_usr.own", r"no module `sweep_usr` \(did you mean sweep_user\?\): neither"),
        ("numpy.load", "`numpy.load` is not among"),
        ("numpy.zeros.__call__", "`_`, which can't be named"),
        ("sweep_user.getcwd", "is defined in `posix`, which is not among"),
        ("sweep_user.Fraction", "is defined in `fractions`, which is not among"),
        ("sweep_user.os.getcwd", "is the module os, which sweep_user only imports"),
        ("sweep_user.own.__globals__", "`_`, which can't be named"),
        ("pylearn2core.paths.os.getcwd", "is the module os, which pylearn2core.paths only imp"),
        ("pylearn2.paths.os.getcwd", "is the module os, which pylearn2core.paths only imports"),
        ("pylearn2core.paths.Path.cwd", "is defined in `pathlib`"),
        ("pylearn2.theano.function", "is defined in `pytensor"),
        ("theano.function", "`theano.function` is not among"),
    ],
)
def test_what_is_neither_is_refused_however_it_is_reached(
    folder: Path, name: str, message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        build(f"!obj:{name} {{}}", folder)


def test_a_name_is_refused_before_its_module_is_imported(folder: Path) -> None:
    sys.modules.pop("antigravity", None)
    with pytest.raises(ConfigError, match=r"`antigravity.fly` is not among"):
        build("!obj:antigravity.fly {}", folder)
    assert "antigravity" not in sys.modules


def test_yaml_that_a_constructor_loads_is_bound_too(folder: Path) -> None:
    inner = "!obj:os.getcwd {}"
    with pytest.raises(ConfigError, match=r"`os.getcwd` is not among"):
        build(f"!obj:sweep_user.nested {{text: '{inner}'}}", folder)
    with pytest.raises(ConfigError, match=r"`os.getcwd` is not among"):
        build(f"!obj:pylearn2.config.yaml_parse.load {{stream: '{inner}'}}", folder)
    assert yaml_parse.load(f"!obj:sweep_user.nested {{text: '{inner}'}}") == str(Path.cwd())


def test_a_file_named_as_a_module_of_pythons_does_not_open_that_module(folder: Path) -> None:
    (folder / "json.py").write_text("dumps = 1\n")
    with pytest.raises(ConfigError, match=r"`json` is Python's own module, which hides json.py"):
        build("!obj:json.dumps {obj: 1}", folder)


def test_what_is_installed_below_the_specs_folder_is_not_the_users(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = folder / "venv" / "site-packages"
    site.mkdir(parents=True)
    (site / "installed_thing.py").write_text("def run():\n    pass\n")
    monkeypatch.setattr(sys, "path", [*sys.path, str(site)])
    (folder / "sweep_user.py").write_text("from installed_thing import run\n")
    with pytest.raises(ConfigError, match="defined in `installed_thing`"):
        build("!obj:sweep_user.run {}", folder)
    sys.modules.pop("installed_thing", None)
