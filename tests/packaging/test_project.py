"""What is installed is what the project says: dependencies, scripts, packages."""

from __future__ import annotations

import ast
import importlib
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
PACKAGES = ("sweeper", "pylearn2core", "pylearn2")
# Names that are imported under another name than they are installed by.
INSTALLED_AS = {"yaml": "pyyaml", "sklearn": "scikit-learn"}
# What `import theano` means to us: pylearn2core.theano.
OURS = {*PACKAGES, "theano"}


def names(requirements: list[str]) -> set[str]:
    return {re.split(r"[\[<>=!~ ]", line)[0].lower() for line in requirements}


def imported(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            found.add(node.module.split(".")[0])
    return found


def test_every_library_that_is_imported_is_a_dependency() -> None:
    files = [path for package in PACKAGES for path in (ROOT / package).rglob("*.py")]
    used = set().union(*map(imported, files)) - OURS - sys.stdlib_module_names
    wanted = {INSTALLED_AS.get(name, name).lower() for name in used}
    assert wanted - names(PROJECT["dependencies"]) == set()


@pytest.mark.parametrize("target", PROJECT["scripts"].values())
def test_every_script_has_its_function(target: str) -> None:
    module, function = target.split(":")
    assert callable(getattr(importlib.import_module(module), function))


def test_the_check_of_a_fresh_checkout_is_a_program_without_syntax_errors() -> None:
    script = ROOT / ".ci" / "run"
    assert script.stat().st_mode & 0o111
    subprocess.run(["bash", "-n", str(script)], check=True)


@pytest.mark.slow
def test_the_wheel_holds_the_three_packages_and_no_theano(tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "-q",
        "--no-deps",
        "-w",
        str(tmp_path),
        str(ROOT),
    ]
    subprocess.run(command, check=True)
    (wheel,) = tmp_path.glob("sweeper-*.whl")
    tops = {name.split("/")[0] for name in zipfile.ZipFile(wheel).namelist()}
    assert {top for top in tops if not top.endswith(".dist-info")} == set(PACKAGES)
