"""The cluster files that come with the project: each is good, and says what it has to say."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from sweeper import cli
from sweeper.launchers import cluster_file
from sweeper.launchers.cloud.config import CloudConfig
from sweeper.launchers.kubernetes.config import KubernetesConfig
from sweeper.launchers.slurm.config import SlurmConfig

FOLDER = Path(__file__).parents[2] / "clusters"
FILES = sorted(FOLDER.glob("*.yaml"))
KINDS = {
    "aws": "cloud",
    "azure": "cloud",
    "existing": "ray",
    "gcp": "cloud",
    "kubernetes": "kubernetes",
    "local-gpus": "local",
    "slurm": "slurm",
    "slurm-preemptible": "slurm",
}


def uncommented(text: str) -> str:
    """The file with the keys that stand in comments switched on, and their lists and blocks."""
    block = r"^# ([a-z_]+:(?: .*)?\n)((?:#   .*\n)*)"
    return re.sub(
        block, lambda found: found[1] + found[2].replace("#   ", "  "), text, flags=re.MULTILINE
    )


def test_there_is_a_file_for_every_place() -> None:
    assert {path.stem: cluster_file.load(path).kind for path in FILES} == KINDS


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_file_is_good(path: Path) -> None:
    found = cluster_file.load(path)
    assert (found.path, found.text) == (path, path.read_text())


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_keys_that_stand_in_comments_are_good_too(path: Path) -> None:
    text = uncommented(path.read_text())
    before, now = yaml.safe_load(path.read_text()), yaml.safe_load(text)
    assert len(now) > len(before) or path.stem == "slurm-preemptible"
    assert cluster_file.loads(text, str(path)).kind == before["kind"]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_file_starts_with_how_it_is_used(path: Path) -> None:
    comment = path.read_text().split("kind:")[0]
    assert f"sweep launch grid.yaml.j2 --on {path.name}" in comment


@pytest.mark.parametrize("name", ["aws", "gcp", "azure"])
def test_what_is_rented_is_bounded(name: str) -> None:
    found = cluster_file.load(FOLDER / f"{name}.yaml")
    assert isinstance(found, CloudConfig)
    assert found.workers.min == 0
    assert found.workers.max * found.max_hours <= 48
    assert found.workers.spot


def test_pods_are_bounded() -> None:
    found = cluster_file.load(FOLDER / "kubernetes.yaml")
    assert isinstance(found, KubernetesConfig)
    assert (found.workers.min, found.workers.max, found.max_hours) == (0, 4, 12)


def test_the_two_slurm_files_are_the_two_forms() -> None:
    one, many = map(cluster_file.load, (FOLDER / "slurm.yaml", FOLDER / "slurm-preemptible.yaml"))
    assert isinstance(one, SlurmConfig)
    assert isinstance(many, SlurmConfig)
    assert (one.form, one.nodes, one.preemptible) == ("allocation", 2, False)
    assert (many.form, many.tasks, many.preemptible) == ("array", 8, True)


def test_a_misspelt_key_ends_a_launch_before_it_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    spec = "sweep: {grid: {a: [1]}}\n---\n!obj:mine.Experiment { a: {{ a }} }\n"
    (tmp_path / "grid.yaml.j2").write_text(spec)
    (tmp_path / "c.yaml").write_text("kind: slurm\npartitions: gpu\n")
    assert cli.run(("launch", "grid.yaml.j2", "--on", "c.yaml")) == 2
    told = capsys.readouterr()
    assert "c.yaml, line 2, partitions: unknown key (did you mean partition?)" in told.err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["c.yaml", "grid.yaml.j2"]


def test_every_file_is_on_the_page_of_the_folder() -> None:
    page = (FOLDER / "README.md").read_text()
    assert [path.name for path in FILES if f"]({path.name})" not in page] == []
