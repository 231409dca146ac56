"""How long files and functions are: what a reader can hold."""

from __future__ import annotations

import ast
from pathlib import Path
from statistics import median

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("sweeper", "pylearn2core", "pylearn2")
LONGEST_FILE = 400
LONGEST_FUNCTION = 45
MEDIAN_FILE = 110


def files(*folders: str) -> list[Path]:
    return [path for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))]


def lines(path: Path) -> int:
    return len(path.read_text().splitlines())


def test_no_file_is_longer_than_a_reader_can_hold() -> None:
    lengths = {
        str(path.relative_to(ROOT)): lines(path) for path in files(*PACKAGES, "tests", "benchmarks")
    }
    assert {path: n for path, n in lengths.items() if n > LONGEST_FILE} == {}


@pytest.mark.parametrize("package", ["sweeper", "pylearn2core"])
def test_most_files_are_short(package: str) -> None:
    assert median(map(lines, files(package))) < MEDIAN_FILE


def test_no_function_is_longer_than_a_screen() -> None:
    long = {
        f"{path.relative_to(ROOT)}:{node.lineno} {node.name}": node.end_lineno - node.lineno + 1
        for path in files(*PACKAGES)
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno
    }
    assert {name: n for name, n in long.items() if n > LONGEST_FUNCTION} == {}
