"""The image's Dockerfile agrees with the project. No Docker runs here: it is not built."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "clusters" / "Dockerfile").read_text()
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())


def copied() -> set[str]:
    lines = re.findall(r"^COPY (.*) /src\S*$", TEXT, re.MULTILINE)
    return {name for line in lines for name in line.split()}


def test_what_is_copied_is_what_the_wheel_is_built_from() -> None:
    project, wheel = PROJECT["project"], PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]
    needed = {"pyproject.toml", project["readme"], *project["license-files"], *wheel["packages"]}
    assert copied() == needed
    assert [name for name in sorted(needed) if not (ROOT / name).exists()] == []


def test_its_python_and_its_ray_are_ones_that_the_project_takes() -> None:
    python = re.search(r"^FROM python:([\d.]+)-slim$", TEXT, re.MULTILINE)
    assert python is not None
    assert python[1] in SpecifierSet(PROJECT["project"]["requires-python"])
    ray = re.search(r'"(ray\[default\]\S+)"', TEXT)
    assert ray is not None
    asked = {
        Requirement(line).name: Requirement(line) for line in PROJECT["project"]["dependencies"]
    }
    assert Requirement(ray[1]).specifier == asked["ray"].specifier


def test_its_extra_is_one_of_the_projects() -> None:
    extra = re.search(r"^ARG SWEEPER=/src\[(\w+)\]$", TEXT, re.MULTILINE)
    assert extra is not None
    assert extra[1] in PROJECT["project"]["optional-dependencies"]


def test_it_has_what_the_operator_needs_in_a_pod() -> None:
    assert re.search(r"apt-get install .*\bwget\b", TEXT)
    assert "USER sweep" in TEXT.splitlines()
