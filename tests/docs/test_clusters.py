"""docs/clusters.md tells the truth: commands run, or say where they are, or why they are not."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from sweeper.launchers import cluster_file
from sweeper.records.errors import InputError

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


@dataclass(frozen=True, slots=True)
class Proof:
    """A test that does what a command does. words: how it does it, in the source of `at`.

    at: a function or class, "" for the test itself. What a cloud bills is done by the launcher
    itself, as the command would; what a shell says is the same everywhere.
    """

    test: str
    words: str
    at: str = ""


_QUEUE = (
    "tests/cli/elsewhere/test_watched.py::test_a_run_in_a_queue_is_watched_requeued_and_finished"
)
_OTHER = "tests/cli/elsewhere/test_watched.py::" + (
    "test_a_run_on_another_disk_is_fetched_by_watch_and_says_how_old_it_is"
)
_NODES = "tests/slurm/test_slurm.py::" + (
    "test_a_sweep_over_two_nodes_uses_the_gpus_of_both_and_no_two_trials_one_at_a_time"
)
_JOBS = "tests/cloud/test_jobs_api.py::" + (
    "test_a_sweep_that_is_launched_on_a_cluster_ends_in_the_table_of_a_local_run"
)
_NODE = "tests/cloud/test_jobs_api.py::" + (
    "test_a_node_that_is_taken_away_costs_its_trials_nothing_but_time"
)
_TRIP = "tests/cloud/test_cloud.py::" + ("test_a_sweep_on_rented_machines_survives_a_spot_reclaim")
_HEAD = "tests/cloud/conftest.py::Head"
_BOX = "tests/cloud/box/trip.py::trip"

# Each command that is marked "run in", by its heading; see `normal` for how it is written here.
# In tests Ray's dashboard is on 127.0.0.1, the default, and open to nobody else.
PROOFS = {
    ("SLURM", "sweep launch SPEC --on FILE"): Proof(
        _NODES, '"--on",', "tests/slurm/conftest.py::launch"
    ),
    ("SLURM", "sweep watch"): Proof(_QUEUE, 'sweep("watch", "r")'),
    ("SLURM", "sweep report"): Proof(
        _NODES, 'slurm.sweep("report"', "tests/slurm/conftest.py::Run"
    ),
    ("Two machines in a cupboard", "export RAY_AUTH_MODE=token"): Proof(
        _JOBS, '"RAY_AUTH_MODE": "token"', _HEAD
    ),
    ("Two machines in a cupboard", "ray start --head --dashboard-host=0.0.0.0"): Proof(
        _JOBS, '"--head",', _HEAD
    ),
    ("Two machines in a cupboard", "ray start --address=HOST:PORT"): Proof(
        _NODE, 'f"--address=127.0.0.1:{self.port}"', _HEAD
    ),
    ("Two machines in a cupboard", "sweep launch SPEC --on ADDRESS"): Proof(
        "tests/cloud/test_jobs_api.py::test_a_sweep_on_a_cluster_is_stopped_and_goes_on",
        'ask("launch", grid, *words, "--out", "run", "--on", head.address)',
    ),
    ("Two machines in a cupboard", "sweep watch"): Proof(_OTHER, 'sweep("watch", "r")'),
    ("Two machines in a cupboard", "sweep fetch"): Proof(_JOBS, 'sweep("fetch", "there"'),
    ("Two machines in a cupboard", "sweep report"): Proof(
        _JOBS, 'sweep("report", run', "tests/cloud/test_jobs_api.py::table"
    ),
    ("A cloud", "sweep launch SPEC --on FILE"): Proof(_TRIP, "launcher.submit(order)", _BOX),
    ("A cloud", "sweep watch"): Proof(_OTHER, 'sweep("watch", "r")'),
    ("A cloud", "sweep fetch"): Proof(_TRIP, "launcher.fetch(placed, run_dir)", _BOX),
    ("A cloud", "sweep down"): Proof(_TRIP, "launcher.down(placed, run_dir)", _BOX),
}


def normal(line: str) -> str:
    """A command without its comment, and without names that are free."""
    line = re.sub(r"\s+#.*", "", line).strip()
    line = re.sub(r"\S+\.yaml\.j2\b", "SPEC", line)
    line = re.sub(r"--on https?://\S+", "--on ADDRESS", line)
    line = re.sub(r"--on \S+\.yaml\b", "--on FILE", line)
    return re.sub(r"--address=\S+:\d+", "--address=HOST:PORT", line)


def proved_on_page() -> dict[tuple[str, str], str]:
    """Heading and command of each line of a block marked "run in", and the folders named there."""
    found = {}
    for section in re.split(r"^## ", PAGE, flags=re.MULTILINE)[1:]:
        for mark, reason, text in BLOCK.findall(section):
            for line in text.splitlines() if mark == "run in" else ():
                found[section.partition("\n")[0], normal(line)] = reason
    return found


def source(node: str) -> str:
    """The source of `path::name`, a function or class at the top of a file."""
    path, _, name = node.partition("::")
    text = (ROOT / path).read_text()
    kinds = (ast.FunctionDef, ast.ClassDef)
    named = (one for one in ast.parse(text).body if isinstance(one, kinds) and one.name == name)
    made = next(named, None)
    assert made is not None, f"{node}: no such function"
    return ast.get_source_segment(text, made) or ""


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
    programs = (("sweep", "-m sweeper "), ("python", ""), ("ray", "-m ray.scripts.scripts "))
    for name, words in programs:
        (shims / name).write_text(f"#!/bin/sh\nexec '{sys.executable}' {words}\"$@\"\n")
        (shims / name).chmod(0o755)
    # Not the token of a cluster that this process was on.
    environ = {name: value for name, value in os.environ.items() if not name.startswith("RAY_")}
    environ |= {"PATH": f"{shims}:{os.environ['PATH']}", "TMPDIR": str(folder)}
    if "~" in block.text:
        environ["HOME"] = str(folder)
    for line in block.text.splitlines():
        done = subprocess.run(
            ["bash", "-c", line],
            cwd=folder,
            env=environ,
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


def test_each_command_that_other_tests_run_is_in_the_table_and_the_page_says_where() -> None:
    page = proved_on_page()
    assert set(page) == set(PROOFS)
    blocks = [block for block in BLOCKS if block.mark == "run in"]
    for block in blocks:
        lines = {normal(line) for line in block.text.splitlines()}
        folders = {
            str(Path(proof.test).parent)
            for (heading, line), proof in PROOFS.items()
            if line in lines and page[heading, line] == block.reason
        }
        assert ", ".join(sorted(folders)) == block.reason, block.text


@pytest.mark.parametrize("command", PROOFS, ids=lambda command: f"{command[1]} in {command[0]}")
def test_the_test_that_runs_a_command_is_there_and_runs_it(command: tuple[str, str]) -> None:
    proof = PROOFS[command]
    assert proof.test.partition("::")[2].startswith("test_")
    assert source(proof.test)
    assert proof.words in source(proof.at or proof.test)


def test_what_can_not_run_here_says_why() -> None:
    reasons = [block.reason for block in BLOCKS if block.mark == "not runnable here"]
    assert [reason for reason in reasons if len(reason.split()) < 4] == []


@pytest.mark.parametrize("heading", TABLES)
def test_every_key_is_in_the_table_of_its_kind(heading: str) -> None:
    section = PAGE.split(f"{heading}\n")[1].split("\n## ")[0]
    rows = " ".join(re.findall(r"^\| (`.*?) \|", section, re.MULTILINE))
    with pytest.raises(InputError, match="The keys here are") as found:
        cluster_file.loads(f"{TABLES[heading]}nosuch: 1\n", "c.yaml")
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
