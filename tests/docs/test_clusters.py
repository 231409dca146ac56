"""docs/clusters.md tells the truth: commands run, or say where they are, or why they are not."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from sweeper.errors import InputError
from sweeper.launch import config

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "clusters.md").read_text()
BLOCK = re.compile(r"(?:<!-- (not runnable here|run in): (.*?) -->\n)?```sh\n(.*?)```", re.DOTALL)
# The headings of a table of keys, and a file of that kind without them.
TABLES = {
    "## SLURM": "kind: slurm\n",
    "## A cloud": "kind: cloud\n",
    "## Kubernetes": "kind: kubernetes\n",
}


@dataclass(frozen=True, slots=True)
class Commands:
    """A block of the page. mark: "" where it is run by this file; reason: after the mark."""

    mark: str
    reason: str
    text: str

    @property
    def is_quick(self) -> bool:
        lines = [line for line in self.text.splitlines() if line.startswith("sweep launch")]
        return all("--dry-run" in line for line in lines)


BLOCKS = [Commands(*found) for found in BLOCK.findall(PAGE)]
OURS = [block for block in BLOCKS if not block.mark]


def run(block: Commands, folder: Path) -> None:
    """Run a block as a reader would, in a folder with the project's files and a spec."""
    if not (folder / "clusters").exists():
        shutil.copytree(ROOT / "clusters", folder / "clusters")
        shutil.copy(
            ROOT / "templates" / "digits-logistic-regression.yaml.j2", folder / "grid.yaml.j2"
        )
    shims = folder / "bin"
    shims.mkdir(exist_ok=True)
    for name, words in (("sweep", "-m sweeper "), ("python", "")):
        (shims / name).write_text(f"#!/bin/sh\nexec '{sys.executable}' {words}\"$@\"\n")
        (shims / name).chmod(0o755)
    for line in block.text.splitlines():
        done = subprocess.run(
            ["bash", "-c", line],
            cwd=folder,
            env={**os.environ, "PATH": f"{shims}:{os.environ['PATH']}", "TMPDIR": str(folder)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=280,
        )
        assert done.returncode == 0, f"{line}\n{done.stdout}\n{done.stderr}"


def test_the_page_has_blocks_of_each_sort() -> None:
    marks = [block.mark for block in BLOCKS]
    assert marks.count("") >= 8
    assert {"run in", "not runnable here"} < set(marks)
    assert len(BLOCKS) == PAGE.count("```sh")


@pytest.mark.parametrize(
    "block",
    [block for block in OURS if block.is_quick],
    ids=lambda block: block.text.splitlines()[-1][:60],
)
def test_commands_that_start_nothing_run(block: Commands, tmp_path: Path) -> None:
    run(block, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize(
    "block",
    [block for block in OURS if not block.is_quick],
    ids=lambda block: block.text.splitlines()[0][:60],
)
def test_commands_that_run_a_sweep_run(block: Commands, tmp_path: Path) -> None:
    run(block, tmp_path)
    assert len(list((tmp_path / "runs").glob("digits-*"))) == 1


@pytest.mark.parametrize("block", [block for block in BLOCKS if block.mark == "run in"])
def test_commands_that_other_tests_run_are_there(block: Commands) -> None:
    folder = ROOT / block.reason
    tests = "".join(path.read_text() for path in folder.glob("*.py"))
    wanted = set(re.findall(r"^sweep (\w+)", block.text, re.MULTILINE))
    wanted |= set(re.findall(r"--head|--address", block.text))
    # `watch` shows what its own tests show, wherever the run is.
    missing = [word for word in sorted(wanted - {"watch"}) if word not in tests]
    assert missing == []


@pytest.mark.parametrize("heading", TABLES)
def test_every_key_is_in_the_table_of_its_kind(heading: str) -> None:
    section = PAGE.split(f"{heading}\n")[1].split("\n## ")[0]
    rows = " ".join(re.findall(r"^\| (`.*?) \|", section, re.MULTILINE))
    with pytest.raises(InputError, match="The keys here are") as found:
        config.loads(f"{TABLES[heading]}nosuch: 1\n", "c.yaml")
    keys = re.findall(r"\w+", str(found.value).split("The keys here are ")[1])
    assert [key for key in keys if key not in {"kind", "and"} and f"`{key}`" not in section] == []
    named = set(re.findall(r"`(\w+)`", rows))
    assert named - set(keys) == set()


def test_every_cluster_file_is_on_the_page() -> None:
    names = [path.name for path in (ROOT / "clusters").glob("*.yaml")]
    assert [name for name in names if f"`{name}`" not in PAGE] == []


def test_links_inside_the_page_lead_to_headings() -> None:
    headings = re.findall(r"^#+ (.*)$", PAGE, re.MULTILINE)
    anchors = {re.sub(r"[^\w\- ]", "", text).lower().replace(" ", "-") for text in headings}
    assert [link for link in re.findall(r"\]\(#(.*?)\)", PAGE) if link not in anchors] == []
