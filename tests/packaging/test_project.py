"""What is installed is what the project says: dependencies, scripts, packages."""

from __future__ import annotations

import ast
import importlib
import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterable
from pathlib import Path

import pytest
from packaging.specifiers import SpecifierSet

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
PACKAGES = ("sweeper", "pylearn2core", "pylearn2")
# Names that are imported under another name than they are installed by.
INSTALLED_AS = {
    "PIL": "pillow",
    "yaml": "pyyaml",
    "sklearn": "scikit-learn",
    "botocore": "boto3",
    "google": "google-auth",
    "azure": "azure-identity",
}
CLOUDS = ("aws", "gcp", "azure")
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


def lacking(files: Iterable[Path], *extras: str) -> set[str]:
    """What is imported there and is neither a dependency nor in one of the extras."""
    used = set().union(*map(imported, files)) - OURS - sys.stdlib_module_names
    wanted = {INSTALLED_AS.get(name, name).lower() for name in used}
    optional = PROJECT["optional-dependencies"]
    return wanted.difference(names(PROJECT["dependencies"]), *(names(optional[e]) for e in extras))


def test_every_library_that_is_imported_is_a_dependency() -> None:
    contracts = set((ROOT / "sweeper" / "testing").rglob("*.py"))
    files = {path for package in PACKAGES for path in (ROOT / package).rglob("*.py")}
    assert lacking(files - contracts, *CLOUDS) == set()
    assert lacking(contracts, "testing") == set()


def test_what_only_a_cloud_needs_is_imported_by_its_own_part_alone() -> None:
    files = {
        path: imported(path) for package in PACKAGES for path in (ROOT / package).rglob("*.py")
    }
    clouds = {"boto3", "botocore", "google", "azure"}
    found = {path.relative_to(ROOT).parts[:3] for path, used in files.items() if used & clouds}
    assert found == {("sweeper", "launchers", "cloud")}


@pytest.mark.parametrize("target", PROJECT["scripts"].values())
def test_every_script_has_its_function(target: str) -> None:
    module, function = target.split(":")
    assert callable(getattr(importlib.import_module(module), function))


def test_the_check_of_a_fresh_checkout_is_a_program_without_syntax_errors() -> None:
    script = ROOT / ".ci" / "run"
    assert script.stat().st_mode & 0o111
    subprocess.run(["bash", "-n", str(script)], check=True)


def make_venv(folder: Path, version: str) -> subprocess.CompletedProcess[str]:
    """`make .venv/bin/python` with an interpreter of that version whose venv fails half-way."""
    shutil.copy(ROOT / "Makefile", folder)
    fake = folder / "fake-python"
    fake.write_text(f"""#!/bin/sh
if [ "$1" = -c ]; then
    exec {sys.executable} -c "import sys; sys.version_info = ({version.replace(".", ", ")}, 0); $2"
fi
mkdir -p .venv/bin && touch .venv/bin/python
exit 1
""")
    fake.chmod(0o755)
    command = ["make", f"PYTHON={fake}", ".venv/bin/python"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("version", ["3.10", "3.11", "3.12", "3.13", "3.14"])
def test_make_refuses_the_pythons_that_pip_would_refuse(tmp_path: Path, version: str) -> None:
    is_refused = "is needed; this is" in make_venv(tmp_path, version).stderr
    assert is_refused == (version not in SpecifierSet(PROJECT["requires-python"]))


def test_the_readme_names_the_pythons_that_pip_takes() -> None:
    named = re.findall(r"3\.\d+", (ROOT / "README.md").read_text().split(" and make, in")[0])
    taken = [f"3.{minor}" for minor in range(30)]
    assert named == list(SpecifierSet(PROJECT["requires-python"]).filter(taken))


def test_an_environment_that_was_not_made_whole_is_taken_away(tmp_path: Path) -> None:
    assert make_venv(tmp_path, "3.12").returncode != 0
    assert not (tmp_path / ".venv").exists()


@pytest.mark.parametrize(
    ("arguments", "markers"), [(["test-all"], ""), (["MARKERS=slow", "test-all"], "slow")]
)
def test_test_all_runs_every_test_unless_markers_are_given(
    arguments: list[str], markers: str
) -> None:
    # These tests may run under make themselves: the one below must not think it is its child.
    outside = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    done = subprocess.run(
        ["make", "-n", *arguments],
        cwd=ROOT,
        env=outside,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines()[-1].endswith(f'pytest -m "{markers}"')


def test_the_check_of_a_fresh_checkout_goes_through_make() -> None:
    script = (ROOT / ".ci" / "run").read_text()
    assert [
        line.split()[-1] for line in script.splitlines() if "test" in line and " make " in line
    ][-2:] == ["test", "test-all"]


def test_every_marker_is_kept_from_the_fast_tests_and_has_its_part_of_the_check() -> None:
    options = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["pytest"]["ini_options"]
    markers = [line.split(":")[0] for line in options["markers"]]
    (fast,) = re.findall(r"^FAST := (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert fast == " and ".join(f"not {marker}" for marker in markers)
    script = (ROOT / ".ci" / "run").read_text()
    (others,) = re.findall(r'^tests "slow and (.*)" slow$', script, re.MULTILINE)
    assert others == " and ".join(f"not {marker}" for marker in markers if marker != "slow")
    parts = re.findall(r"^ *tests (\w+) \1$", script, re.MULTILINE)
    assert sorted(["slow", *parts]) == sorted(markers)
    (counted,) = re.findall(r"counted/\{(.*)\}\.xml", script)
    assert counted.split(",") == ["fast", *markers]


REPORT = (
    """<testsuites><testsuite tests="{}" failures="{}" errors="{}" skipped="{}"/></testsuites>"""
)


def count(folder: Path, **reports: tuple[int, int, int, int]) -> tuple[int, str]:
    """What .ci/count.py makes of reports of (tests, failures, errors, skipped): code, last line."""
    paths = [folder / f"{name}.xml" for name in reports]
    for path, numbers in zip(paths, reports.values(), strict=True):
        path.write_text(REPORT.format(*numbers))
    command = [sys.executable, ROOT / ".ci" / "count.py", *paths]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout.splitlines()[-1]


def test_the_check_s_last_line_sums_the_tests_of_its_parts(tmp_path: Path) -> None:
    assert count(tmp_path, fast=(10, 0, 0, 2), slow=(3, 0, 0, 0)) == (
        0,
        "11 passed, 0 failed, 2 skipped",
    )
    assert count(tmp_path, fast=(10, 1, 2, 3)) == (1, "4 passed, 3 failed, 3 skipped")


def test_a_part_of_the_check_that_ran_nothing_or_has_no_report_fails_it(tmp_path: Path) -> None:
    assert count(tmp_path, fast=(1, 0, 0, 0), slow=(2, 0, 0, 2))[0] == 1
    assert count(tmp_path, fast=(0, 0, 0, 0))[0] == 1
    command = [sys.executable, str(ROOT / ".ci" / "count.py"), str(tmp_path / "none.xml")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (
        1,
        "none: no report\n0 passed, 0 failed, 0 skipped\n",
    )


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
