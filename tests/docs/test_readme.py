"""The README tells the truth: its commands run, its links lead somewhere."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")]
COMMANDS = [
    line.split("#")[0].strip()
    for block in re.findall(r"```sh\n(.*?)```", README, re.DOTALL)
    for line in block.splitlines()
    if line.strip()
]
TEMPLATE = "templates/digits-logistic-regression.yaml.j2"


def is_quick(command: str) -> bool:
    return command.startswith("sweep expand") or "--dry-run" in command


def run(command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """A `sweep ...` line of the README, in a folder that has the templates."""
    if not (folder / "templates").exists():
        shutil.copytree(ROOT / "templates", folder / "templates")
    return subprocess.run(
        [sys.executable, "-m", "sweeper", *command.split()[1:]],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=280,
    )


@pytest.mark.parametrize("command", [line for line in COMMANDS if is_quick(line)])
def test_a_command_that_starts_nothing_runs(command: str, tmp_path: Path) -> None:
    done = run(command, tmp_path)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.slow
def test_the_plain_way_runs_in_the_order_of_the_page(tmp_path: Path) -> None:
    lines = [line for line in COMMANDS if line.startswith("sweep ") and not is_quick(line)]
    assert lines == [f"sweep launch {TEMPLATE}", "sweep report"]
    for line in lines:
        done = run(line, tmp_path)
        assert (done.returncode, done.stderr) == (0, ""), line
    assert len(list((tmp_path / "runs").glob("digits-logistic-regression-*"))) == 1


def test_every_make_target_that_is_named_exists() -> None:
    makefile = (ROOT / "Makefile").read_text()
    named = [line.split()[1] for line in COMMANDS if line.startswith("make ")]
    assert named == ["demo", "test"]
    assert [target for target in named if not re.search(rf"^{target}:", makefile, re.M)] == []


def test_the_header_on_the_page_is_the_templates() -> None:
    on_page = re.search(r"```yaml\n(.*?)---\n", README, re.DOTALL)
    in_file = (ROOT / TEMPLATE).read_text().split("---\n")[0]
    assert on_page is not None
    assert yaml.safe_load(on_page[1]) == yaml.safe_load(in_file)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_to_files_of_the_project(page: Path) -> None:
    links = re.findall(r"\]\(([^)#:]+)\)", page.read_text())
    assert [link for link in links if not (page.parent / link).exists()] == []
