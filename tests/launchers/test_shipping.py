"""What of the spec's folder is sent to machines that do not share this one's disk."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from sweeper.launchers.remote.shipping import files_to_ship
from sweeper.records.errors import InputError

SPEC = "sweep: {grid: {a: [1]}}\n---\n!obj:mine.Experiment { a: {{ a }} }\n"


def write(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder / "grid.yaml.j2"


def shipped(spec: Path, **limit: int) -> list[str]:
    return [str(path.relative_to(spec.parent)) for path in files_to_ship(spec, **limit)]


def make_repository(folder: Path) -> None:
    subprocess.run(["git", "init", "-q", str(folder)], check=True)


def test_the_spec_and_what_lies_beside_it_is_shipped(tmp_path: Path) -> None:
    spec = write(tmp_path, {"grid.yaml.j2": SPEC, "mine.py": "", "package/loss.py": ""})
    assert shipped(spec) == ["grid.yaml.j2", "mine.py", "package/loss.py"]


def test_runs_caches_and_hidden_folders_are_left_out(tmp_path: Path) -> None:
    left_out = ["runs/a/sweep.db", "__pycache__/m.pyc", ".venv/lib/x.py", "env/x.py"]
    spec = write(
        tmp_path, {"grid.yaml.j2": SPEC, "env/pyvenv.cfg": "", **dict.fromkeys(left_out, "")}
    )
    assert shipped(spec) == ["grid.yaml.j2"]


def test_what_git_ignores_is_left_out(tmp_path: Path) -> None:
    make_repository(tmp_path)
    files = {
        ".gitignore": "*.bin\nout/\n",
        "a.bin": "",
        "deep/b.bin": "",
        "out/c": "",
        "runs/d": "",
    }
    spec = write(tmp_path, {"grid.yaml.j2": SPEC, "mine.py": "", **files})
    assert shipped(spec) == [".gitignore", "grid.yaml.j2", "mine.py"]


def test_a_file_that_was_removed_since_git_saw_it_is_no_fault(tmp_path: Path) -> None:
    make_repository(tmp_path)
    spec = write(tmp_path, {"grid.yaml.j2": SPEC, "old.py": ""})
    subprocess.run(["git", "-C", str(tmp_path), "add", "."], check=True)
    (tmp_path / "old.py").unlink()
    assert shipped(spec) == ["grid.yaml.j2"]


def test_a_spec_that_git_ignores_is_shipped_with_what_lies_beside_it(tmp_path: Path) -> None:
    make_repository(tmp_path)
    spec = write(tmp_path / "scratch", {"grid.yaml.j2": SPEC, "mine.py": ""})
    (tmp_path / ".gitignore").write_text("scratch/\n")
    assert shipped(spec) == ["grid.yaml.j2", "mine.py"]


@pytest.mark.parametrize("written", ["!pkl: 'data/x.pkl'", "path: data/x.pkl,", '"./data/x.pkl"'])
def test_a_file_that_the_spec_reads_is_shipped_although_git_ignores_it(
    tmp_path: Path, written: str
) -> None:
    make_repository(tmp_path)
    files = {"data/x.pkl": "x", "data/y.pkl": "y", ".gitignore": "*.pkl\n.gitignore\n"}
    spec = write(tmp_path, {"grid.yaml.j2": f"{SPEC}{written}\n", **files})
    assert shipped(spec) == ["data/x.pkl", "grid.yaml.j2"]


def test_more_than_the_limit_is_refused_and_the_largest_are_named(tmp_path: Path) -> None:
    files = {"big.csv": "x" * 3000, "data/x.pkl": "x" * 5000, "small.py": "x"}
    spec = write(tmp_path, {"grid.yaml.j2": f"{SPEC}!pkl: data/x.pkl\n", **files})
    message = (
        r"at most 4 KiB of it, and it holds 7\.89 KiB. The largest files: data/x\.pkl \(4\.88 KiB,"
        r" the spec reads it\), big\.csv \(2\.93 KiB\), .*`data` in the cluster file"
    )
    with pytest.raises(InputError, match=message):
        files_to_ship(spec, limit_bytes=4096)


def test_a_file_outside_of_the_folder_is_named(tmp_path: Path) -> None:
    write(tmp_path, {"x.csv": "1"})
    spec = write(tmp_path / "sub", {"grid.yaml.j2": f"{SPEC}path: ../x.csv\n"})
    with pytest.raises(InputError, match=r"it reads \.\./x\.csv, which lies outside"):
        files_to_ship(spec)


def test_a_home_folder_is_not_walked_to_its_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sweeper.launchers.remote.shipping.MOST_FILES", 3)
    spec = write(tmp_path, {"grid.yaml.j2": SPEC, **{f"{i}/f": "" for i in range(4)}})
    with pytest.raises(InputError, match="more than 3 files lie beside the spec"):
        files_to_ship(spec)


def test_a_link_that_leads_nowhere_is_left_out(tmp_path: Path) -> None:
    spec = write(tmp_path, {"grid.yaml.j2": SPEC})
    (tmp_path / "broken").symlink_to("nosuch")
    assert shipped(spec) == ["grid.yaml.j2"]
