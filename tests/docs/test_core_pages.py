"""docs/core and docs/extending tell the truth: a page's files are written, its code runs and prints
what it says.

Before a block of code a comment says what it is: `<!-- file: NAME -->`, `<!-- same as: PATH -->` of
a file of this project, or `<!-- prints -->` after python and sh blocks, where `...` stands for
anything. All blocks of a page run in one folder, in
their order.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import logging
import re
import shlex
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted((ROOT / "docs" / "core").glob("*.md"))
EXTENDING = ROOT / "docs" / "extending"
DOORS = sorted(page for page in EXTENDING.glob("*.md") if page.stem != "README")
LONG = {"energy-models", "vae"}  # they train for 15 s
_BLOCK = re.compile(
    r"(?:^<!-- (?P<mark>[^\n]*?) -->\n)?^```(?P<kind>\w+)\n(?P<text>.*?)^```$", re.M | re.S
)


@dataclass(frozen=True, slots=True)
class Block:
    mark: str
    kind: str
    text: str


def blocks(page: Path) -> list[Block]:
    found = _BLOCK.finditer(page.read_text())
    return [Block(match["mark"] or "", match["kind"], match["text"]) for match in found]


@pytest.fixture(autouse=True)
def surroundings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A folder of its own, modules of the page forgotten and logging put back afterwards."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path, str(tmp_path)])
    monkeypatch.setattr("sys.dont_write_bytecode", True)
    importlib.invalidate_caches()
    logger, modules = logging.getLogger("pylearn2core"), set(sys.modules)
    handlers, level = list(logger.handlers), logger.level
    yield
    logger.handlers[:], logger.level = handlers, level
    for path in tmp_path.glob("*.py"):
        if path.stem not in modules:
            sys.modules.pop(path.stem, None)


def run_python(text: str, names: dict[str, object]) -> None:
    exec(compile(text, "the page", "exec"), names)


def run_commands(text: str) -> None:
    """Programs of the page: `train.py job.yaml` and the like."""
    for line in text.splitlines():
        program, *arguments = shlex.split(line, comments=True)
        module = importlib.import_module(f"pylearn2core.scripts.{program.removesuffix('.py')}")
        handlers = list(logging.getLogger("pylearn2core").handlers)
        module.main(arguments)
        logging.getLogger("pylearn2core").handlers[:] = handlers  # a program ends with its process


def printed_by(block: Block, names: dict[str, object]) -> str:
    """Run a block; return what it printed."""
    with contextlib.redirect_stdout(io.StringIO()) as out, contextlib.redirect_stderr(out):
        if block.kind == "python":
            run_python(block.text, names)
        else:
            run_commands(block.text)
    return out.getvalue()


def fits(expected: str, found: str) -> bool:
    """Whether `found` is `expected`, in which `...` stands for anything."""
    parts = (re.escape(part) for part in expected.strip().split("..."))
    return re.fullmatch(".*?".join(parts), found.strip(), re.DOTALL) is not None


@pytest.mark.parametrize(
    "page",
    [
        pytest.param(page, id=page.stem, marks=[pytest.mark.slow] * (page.stem in LONG))
        for page in [*PAGES, *DOORS]
    ],
)
def test_the_examples_of_a_page_do_what_it_says(
    page: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As for a user who configured no logging: pytest's own handlers would keep messages hidden.
    monkeypatch.setattr(logging.root, "handlers", [])
    monkeypatch.setattr(logging.getLogger("pylearn2core"), "handlers", [])
    importlib.import_module("pylearn2")  # what the pages' own modules import
    names: dict[str, object] = {"__name__": page.stem}
    printed, checked = "", 0
    for block in blocks(page):
        if block.mark.startswith("file: "):
            Path(block.mark.removeprefix("file: ")).write_text(block.text)
        elif block.mark.startswith("same as: "):
            assert (ROOT / block.mark.removeprefix("same as: ")).read_text() == block.text
            checked += 1
        elif block.mark == "prints":
            assert fits(block.text, printed), (
                f"{page.name} says\n{block.text}\nand it is\n{printed}"
            )
            printed, checked = "", checked + 1
        elif block.kind in ("python", "sh"):
            assert not printed, f"{page.name} does not say that its code prints\n{printed}"
            printed = printed_by(block, names)
        else:
            assert block.kind in ("text", "yaml", "toml"), (
                f"{page.name}: what is a block of {block.kind}?"
            )
    assert not printed
    assert checked >= 1


def test_there_is_a_page_for_each_idea() -> None:
    ideas = {"model", "train", "monitor", "cost", "space", "dataset", "yaml", "porting"}
    assert {page.stem for page in PAGES} >= ideas


@pytest.mark.parametrize(
    ("expected", "found", "fit"),
    [("a\n...\nc", "a\nb\nb\nc\n", True), ("a...d", "abc", False), ("a.c", "abc", False)],
)
def test_dots_stand_for_anything_and_nothing_else_does(
    expected: str, found: str, fit: bool
) -> None:
    assert fits(expected, found) == fit


def test_there_is_a_page_for_each_thing_that_people_add() -> None:
    table = (EXTENDING / "README.md").read_text()
    assert {f"({page.name})" in table for page in DOORS} == {True}
    assert len(DOORS) == table.count(".md)")
