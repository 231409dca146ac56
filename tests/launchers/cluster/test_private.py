"""The private cluster's surroundings; the cluster itself is run by test_sweep.py."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from sweeper.host import left_overs
from sweeper.launchers.cluster import connection, private
from sweeper.records.errors import InputError
from sweeper.runs.create import make_folder, point_latest
from sweeper.runs.provenance import changed_code, code_hashes, versions


def test_ray_s_folder_is_short_private_and_passes_over_long_roots(tmp_path):
    deep = tmp_path / ("x" * 60)
    deep.mkdir()
    made = Path(private.make_folder([deep, Path("/nowhere"), Path("/tmp")]))
    try:
        assert made.parent == Path("/tmp")
        assert made.stat().st_mode & 0o077 == 0
        assert len(str(made)) <= 40
    finally:
        made.rmdir()


def test_no_usable_folder_is_the_user_s_to_mend():
    with pytest.raises(InputError, match=r"tried /nowhere.*Set TMPDIR"):
        private.make_folder([Path("/nowhere")])


HOLD = """
import sys
from pathlib import Path
from sweeper.host import left_overs
held = left_overs.hold(Path(sys.argv[1]))
print(held is not None, flush=True)
input()
"""


def test_only_folders_that_no_driver_holds_are_removed(tmp_path):
    # As seen from another host or container: no process here has the number in the name.
    held, unheld, ours = (tmp_path / name for name in ("swp4999999-ab", "swp4999998-ab", "swp1-ab"))
    for folder_of in (held, unheld, ours):
        (folder_of / "logs").mkdir(parents=True)
    command = [sys.executable, "-c", HOLD, str(held)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as driver:
        assert driver.stdout.readline() == b"True\n"
        descriptor = left_overs.hold(ours)
        private.remove_left_overs([tmp_path])
        assert sorted(tmp_path.iterdir()) == sorted([held, unheld, ours])
        driver.kill()
    private.remove_left_overs([tmp_path])
    assert sorted(tmp_path.iterdir()) == sorted([unheld, ours])
    os.close(descriptor)
    private.remove_left_overs([tmp_path])
    assert list(tmp_path.iterdir()) == [unheld]  # it has no lock: it may be new


def test_ray_s_variables_are_put_back_and_the_token_stays(monkeypatch):
    monkeypatch.delenv("RAY_AUTH_TOKEN", raising=False)
    monkeypatch.setenv("RAY_AUTH_MODE", "token")
    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "1")
    monkeypatch.delenv("RAY_ENABLE_UV_RUN_RUNTIME_ENV", raising=False)
    connection.use_new_token()
    with connection.environment():
        assert os.environ["RAY_USAGE_STATS_ENABLED"] == "0"
        assert os.environ["RAY_ENABLE_UV_RUN_RUNTIME_ENV"] == "0"
        token = os.environ["RAY_AUTH_TOKEN"]
    assert os.environ["RAY_USAGE_STATS_ENABLED"] == "1"
    assert "RAY_ENABLE_UV_RUN_RUNTIME_ENV" not in os.environ
    assert os.environ["RAY_AUTH_TOKEN"] == token
    assert len(token) == 64
    connection.use_new_token()
    assert os.environ["RAY_AUTH_TOKEN"] == token


def test_modules_beside_the_spec_are_known_by_their_contents(tmp_path):
    (tmp_path / "pack" / "deep").mkdir(parents=True)
    (tmp_path / "data").mkdir()
    for name in ("loss.py", "pack/__init__.py", "pack/deep/net.py", "data/no_package.py"):
        (tmp_path / name).write_text("x = 1\n")
    before = code_hashes(tmp_path / "grid.yaml.j2")
    assert sorted(before) == ["loss.py", "pack/__init__.py", "pack/deep/net.py"]

    (tmp_path / "loss.py").write_text("x = 2\n")
    (tmp_path / "new.py").write_text("")
    (tmp_path / "pack" / "deep" / "net.py").unlink()
    now = code_hashes(tmp_path / "grid.yaml.j2")
    changes = ["loss.py (changed)", "pack/deep/net.py (gone)"]
    assert changed_code(before, now) == changes
    assert changed_code(before, before) == []


def test_latest_points_at_the_newest_run_in_a_folder_named_runs(tmp_path):
    for name in ("one", "two"):
        run_dir = tmp_path / "runs" / name
        make_folder(run_dir)
        point_latest(run_dir)
        assert (tmp_path / "runs" / "latest").resolve() == run_dir
    elsewhere = tmp_path / "elsewhere" / "one"
    make_folder(elsewhere)
    point_latest(elsewhere)
    assert not (tmp_path / "elsewhere" / "latest").exists()


def test_versions_name_what_a_result_depends_on():
    assert {"python", "sweeper", "ray", "pytensor", "jax", "numpy"} <= set(versions())


@pytest.mark.parametrize(
    ("name", "value", "inside"),
    [("PYTHONWARNINGS", "error", ""), ("PYTHONOPTIMIZE", "2", "1")],
)
def test_what_ray_s_own_processes_end_at_is_kept_from_them(monkeypatch, name, value, inside):
    monkeypatch.setenv(name, value)
    with connection.environment():
        assert os.environ[name] == inside
    assert os.environ[name] == value
    monkeypatch.delenv(name)
    with connection.environment():
        assert name not in os.environ
