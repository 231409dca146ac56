"""A cluster file's `data` becomes PYLEARN2_DATA_PATH: fetched once a node, never half."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from sweeper.host.variables import DATA_PATH
from sweeper.launchers import data
from sweeper.records.errors import InputError

COMMAND = [sys.executable, "-m", "sweeper.launchers.data"]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "bucket"
    (folder / "mnist").mkdir(parents=True)
    (folder / "mnist" / "train.bin").write_bytes(bytes(1000))
    (folder / "list.csv").write_text("1,2\n")
    return folder


def files(folder: Path) -> list[str]:
    found = (p.relative_to(folder) for p in folder.rglob("*") if p.is_file())
    return sorted(str(path) for path in found if not path.name.startswith("."))


def test_a_folder_is_fetched_with_all_below_it(source: Path, tmp_path: Path) -> None:
    folder = data.fetch(f"file://{source}", tmp_path / "node")
    assert files(folder) == ["list.csv", "mnist/train.bin"]
    assert (folder / "mnist" / "train.bin").read_bytes() == bytes(1000)


def test_a_single_file_keeps_its_name(source: Path, tmp_path: Path) -> None:
    assert files(data.fetch(f"file://{source}/list.csv", tmp_path / "node")) == ["list.csv"]


def test_a_second_call_fetches_nothing_again(source: Path, tmp_path: Path) -> None:
    folder = data.fetch(f"file://{source}", tmp_path / "node")
    (source / "later").write_text("new")
    assert files(data.fetch(f"file://{source}", folder)) == ["list.csv", "mnist/train.bin"]


def test_what_a_killed_call_left_is_replaced(source: Path, tmp_path: Path) -> None:
    (tmp_path / "node.part").mkdir()
    (tmp_path / "node.part" / "half").write_text("")
    folder = data.fetch(f"file://{source}", tmp_path / "node")
    assert files(folder) == ["list.csv", "mnist/train.bin"]
    assert not (tmp_path / "node.part").exists()


def test_a_folder_of_other_files_is_not_touched(source: Path, tmp_path: Path) -> None:
    (tmp_path / "node").mkdir()
    with pytest.raises(InputError, match="holds other files already"):
        data.fetch(f"file://{source}", tmp_path / "node")


def test_a_url_with_nothing_there_is_told_and_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"file:///nosuch/x can't be fetched.*nothing is there"):
        data.fetch("file:///nosuch/x", tmp_path / "node")
    assert [path.name for path in tmp_path.iterdir()] == ["node.lock"]


def test_a_file_system_without_its_package_says_which_one(tmp_path: Path) -> None:
    pytest.importorskip("fsspec")
    with pytest.raises(InputError, match=r"can't be fetched.*dropbox"):
        data.fetch("dropbox://x/y", tmp_path / "node")


def test_each_url_has_a_folder_of_its_own() -> None:
    assert data.node_folder("s3://a/b") != data.node_folder("s3://a/c")
    assert len(str(data.node_folder("s3://a/b"))) < 100


def test_several_processes_at_once_fetch_one_whole_copy(source: Path, tmp_path: Path) -> None:
    url, folder = f"file://{source}", tmp_path / "node"
    running = [
        subprocess.Popen([*COMMAND, url, str(folder)], stdout=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    assert [(p.communicate()[0], p.returncode) for p in running] == [(f"{folder}\n", 0)] * 3
    assert files(folder) == ["list.csv", "mnist/train.bin"]


def run_script(lines: list[str]) -> subprocess.CompletedProcess[str]:
    script = "\n".join([*lines, f'echo "found $(ls "${DATA_PATH}")"'])
    return subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=False)


def test_a_start_script_has_the_variable(source: Path, tmp_path: Path) -> None:
    for value in (f"file://{source}", str(source)):
        lines = data.shell_lines(value, sys.executable)
        done = run_script([f"export TMPDIR={tmp_path}", *lines])
        assert (done.stdout, done.stderr) == ("found list.csv\nmnist\n", "")


def test_a_start_script_stops_where_the_data_can_not_be_fetched() -> None:
    done = run_script(data.shell_lines("file:///nosuch/x", sys.executable))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("data: file:///nosuch/x can't be fetched")


def test_a_cluster_file_without_data_adds_no_line() -> None:
    assert data.shell_lines("") == []
