"""What surrounds a job, without a cluster: what is shipped, what comes back, what is refused."""

from __future__ import annotations

import io
import os
import platform
import sqlite3
import time
import zipfile
from contextlib import closing
from dataclasses import replace
from importlib.metadata import version

import pytest

from sweeper.launchers import cluster_file
from sweeper.launchers.base import DriverOrder, Job
from sweeper.launchers.ray import preflight
from sweeper.launchers.ray.api import JobsApi, SilentError
from sweeper.launchers.ray.launcher import RayLauncher
from sweeper.launchers.ray.tokens import find_token
from sweeper.launchers.remote import on_head, packages, receive
from sweeper.launchers.remote.driver import driver_command, job_of
from sweeper.launchers.remote.unpacked import as_driver_finds_it, as_workers_find_it
from sweeper.records import Placed, SweepSpec
from sweeper.records.errors import ClusterError, InputError

pytestmark = pytest.mark.cloud


@pytest.fixture
def run_dir(tmp_path):
    folder = tmp_path / "run"
    folder.mkdir()
    with closing(sqlite3.connect(folder / "sweep.db")) as store:
        store.execute("create table rows (data blob)")
        store.execute("insert into rows values (randomblob(100000))")
        store.commit()
    return folder


def rows(path):
    with closing(sqlite3.connect(path)) as store:
        return store.execute("select data from rows").fetchall()


def sender(run_dir, capsys, damage=lambda text: text):
    """Plays the head: what its small job would print, among other lines."""

    def send(*words):
        assert on_head.main(["send", str(run_dir), *words]) == 0
        return "Ray says something first\n" + damage(capsys.readouterr().out) + "and last\n"

    return send


def test_a_store_comes_back_in_chunks(run_dir, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(on_head, "CHUNK_BYTES", 30_000)
    (tmp_path / "here").mkdir()
    receive.from_logs(tmp_path / "here", sender(run_dir, capsys), where="head")
    assert rows(tmp_path / "here" / "snapshot.db") == rows(run_dir / "sweep.db")


def test_a_published_snapshot_is_what_comes_back(run_dir, tmp_path, capsys):
    with closing(sqlite3.connect(run_dir / "snapshot.db")) as store:
        store.execute("create table rows (data text)")
        store.execute("insert into rows values ('published')")
        store.commit()
    (tmp_path / "here").mkdir()
    receive.from_logs(tmp_path / "here", sender(run_dir, capsys), where="head")
    assert rows(tmp_path / "here" / "snapshot.db") == [("published",)]


def test_a_snapshot_that_is_damaged_on_its_way_is_refused(run_dir, tmp_path, capsys):
    def swap(text):
        lines = text.split("\n")
        lines[5], lines[6] = lines[6], lines[5]  # still base64, of the right length
        return "\n".join(lines)

    with pytest.raises(ClusterError, match=r"head: the snapshot was damaged on its way"):
        receive.from_logs(tmp_path, sender(run_dir, capsys, swap), where="head")
    with pytest.raises(ClusterError, match="printed something else"):
        receive.from_logs(
            tmp_path,
            sender(run_dir, capsys, lambda text: text.replace(text[400:800], "")),
            where="h",
        )
    assert not (tmp_path / "snapshot.db").exists()


def test_what_is_no_store_never_replaces_a_snapshot(tmp_path):
    (tmp_path / "snapshot.db").write_bytes(b"before")
    with pytest.raises(ClusterError, match=r"no snapshot of a run .*What was there is kept"):
        receive.write(tmp_path, b"<html>a proxy's page</html>")
    assert (tmp_path / "snapshot.db").read_bytes() == b"before"


def test_a_job_that_fails_to_send_is_one_of_the_tries(run_dir, tmp_path, capsys):
    well, tries = sender(run_dir, capsys), []

    def send(*words):
        tries.append(words)
        if len(tries) in failing:
            raise ClusterError("head: out of memory")
        return well(*words)

    (tmp_path / "here").mkdir()
    failing = {1, 2}
    receive.from_logs(tmp_path / "here", send, where="head")
    assert rows(tmp_path / "here" / "snapshot.db") == rows(run_dir / "sweep.db")
    tries.clear()
    failing = {1, 2, 3}
    with pytest.raises(ClusterError, match="out of memory"):
        receive.from_logs(tmp_path / "here", send, where="head")
    assert len(tries) == 3


def test_a_packed_snapshot_that_another_shell_reads_stays(run_dir):
    first = on_head.pack(run_dir)
    with closing(sqlite3.connect(run_dir / "sweep.db")) as store:
        store.execute("insert into rows values ('more')")
        store.commit()
    second = on_head.pack(run_dir)
    assert {path.name for path in first.parent.iterdir()} == {first.name, second.name}
    assert first != second
    long_ago = time.time() - 700
    os.utime(first, (long_ago, long_ago))
    on_head.pack(run_dir)
    assert [path.name for path in first.parent.iterdir()] == [second.name]


def test_a_snapshot_over_the_limit_names_the_other_way(run_dir, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(receive, "LIMIT_BYTES", 1000)
    with pytest.raises(ClusterError, match="Name a `results` URL"):
        receive.from_logs(tmp_path, sender(run_dir, capsys), where="head")


def test_results_come_from_their_url(tmp_path):
    (tmp_path / "bucket").mkdir()
    (tmp_path / "bucket" / "snapshot.db").write_bytes(b"SQLite format 3\0all of it")
    (tmp_path / "here").mkdir()
    receive.from_url(f"file://{tmp_path}/bucket/", tmp_path / "here", "job")
    assert (tmp_path / "here" / "snapshot.db").read_bytes() == b"SQLite format 3\0all of it"
    with pytest.raises(ClusterError, match=r"empty/snapshot.db: not there yet"):
        receive.from_url(f"file://{tmp_path}/empty", tmp_path / "here", "job")
    with pytest.raises(InputError, match="Install that package here"):
        receive.from_url("s3://bucket/run", tmp_path / "here", "job")


def test_the_same_files_are_the_same_package_and_hold_all_of_sweeper():
    name, content = packages.zipped(packages.own_code())
    assert packages.zipped(packages.own_code())[0] == name
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        names = archive.namelist()
    assert {"sweeper/cli/app.py", "pylearn2core/train.py", "pylearn2/__init__.py"} <= set(names)
    assert f"sweeper-{version('sweeper')}.dist-info/METADATA" in names
    assert not [name for name in names if name.endswith(".pyc")]


def like_here(**changes):
    there = {one.name: version(one.name) for one in preflight.needed()}
    there["jaxlib"] = version("jaxlib")
    python = changes.pop("python", platform.python_version())
    return preflight.HeadPython(python, "/usr/bin/python", "/home/ray", 1000, there | changes)


def test_a_cluster_with_the_same_packages_passes_in_silence():
    assert preflight.check(like_here(), "http://head:8265") == []


def test_a_difference_that_changes_numbers_is_told():
    assert preflight.check(like_here(jax="99.0.1"), "http://head:8265") == [
        f"jax is 99.0.1 on the cluster, {version('jax')} here"
    ]


def test_a_cluster_without_our_packages_is_refused_before_anything_is_sent():
    with pytest.raises(ClusterError, match=r"pytensor is missing; ray is 2\.9\.0, expected >="):
        preflight.check(like_here(pytensor=None, ray="2.9.0"), "http://head:8265")
    with pytest.raises(ClusterError, match=r"Python is 3\.9\.2, expected"):
        preflight.check(like_here(python="3.9.2"), "http://head:8265")
    with pytest.raises(ClusterError, match="it said: bash: python: command not found"):
        preflight.read("Running entrypoint\nbash: python: command not found\n", "http://head:8265")


def test_what_a_user_names_is_quoted_for_the_shell(tmp_path):
    spec = tmp_path / "my grid; rm -rf.yaml.j2"
    order = DriverOrder(tmp_path, spec, {"x": "a b'$(id)"}, SweepSpec(name="n"), 3, workers=2)
    assert driver_command(order, "/home/ray/sweeps/r", None) == (
        "python -m sweeper launch 'my grid; rm -rf.yaml.j2' -D 'x=a b'\"'\"'$(id)'"
        " --workers 2 --out /home/ray/sweeps/r"
    )


def test_that_changed_code_is_fine_reaches_the_driver_of_a_resume(tmp_path):
    before = Placed("ray", "j", remote_dir="/r")
    order = DriverOrder(tmp_path, tmp_path / "g.yaml", {}, SweepSpec(name="n"), 3, before=before)
    resume = "python -m sweeper resume /r"
    assert driver_command(order, "/r", None) == resume
    allowed = replace(order, code_changed_ok=True)
    assert driver_command(allowed, "/r", None) == f"{resume} --code-changed-ok"


def test_why_a_small_job_failed_is_not_hidden_by_its_clean_up(monkeypatch):
    said = [ClusterError("out of memory"), SilentError("nobody answers")]

    def job(*_):
        raise said.pop(0)

    monkeypatch.setattr(JobsApi, "submit", lambda *_, **__: "j")
    monkeypatch.setattr(JobsApi, "job", job)
    with pytest.raises(ClusterError, match="out of memory"):
        JobsApi("http://head:8265").run("true", job="j", runtime_env={}, timeout_s=1)
    assert said == []


def test_why_a_driver_was_not_taken_is_not_hidden_by_its_end(monkeypatch, tmp_path, caplog):
    def refuse(*_, **__):
        raise ClusterError("no room")

    def silent(*_):
        raise SilentError("nobody answers")

    monkeypatch.setattr(RayLauncher, "_look_first", lambda *_: like_here())
    monkeypatch.setattr(JobsApi, "upload", lambda *_: "gcs://x.zip")
    monkeypatch.setattr(JobsApi, "submit", refuse)
    monkeypatch.setattr(JobsApi, "end", silent)
    (tmp_path / "grid.yaml.j2").touch()
    order = DriverOrder(tmp_path / "n", tmp_path / "grid.yaml.j2", {}, SweepSpec(name="n"), 3)
    place = cluster_file.loads("kind: ray\naddress: http://head:8265\n", "existing.yaml")
    with pytest.raises(ClusterError, match="no room"):
        RayLauncher(place).submit(order)
    assert "may run on http://head:8265: it could not be ended" in caplog.text


def test_a_token_is_looked_for_where_rays_tools_look(tmp_path):
    for name in ("given", "named", ".ray/auth_token"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(f"{name}\n")
    environ = {"HOME": str(tmp_path)}
    assert find_token("", environ) == ".ray/auth_token"
    environ["RAY_AUTH_TOKEN_PATH"] = str(tmp_path / "named")
    assert find_token("", environ) == "named"
    environ["RAY_AUTH_TOKEN"] = "direct"
    assert find_token("", environ) == "direct"
    assert find_token(str(tmp_path / "given"), environ) == "given"
    assert find_token("", {"HOME": str(tmp_path / "nobody")}) == ""
    (tmp_path / "empty").write_text("\n")
    with pytest.raises(InputError, match="holds no token"):
        find_token(str(tmp_path / "empty"), environ)


def test_a_shipped_spec_is_named_as_each_worker_finds_it(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    spec = tmp_path / "grid.yaml.j2"
    job = {"RAY_JOB_CONFIG_JSON_ENV_VAR": '{"runtime_env": {"working_dir": "gcs://x.zip"}}'}
    assert as_workers_find_it(spec, job) == "grid.yaml.j2"
    assert as_workers_find_it(spec, {}) == str(spec)
    assert as_workers_find_it(spec, {"RAY_JOB_CONFIG_JSON_ENV_VAR": "{}"}) == str(spec)
    monkeypatch.chdir("/")
    elsewhere = tmp_path.parent / "other" / "grid.yaml.j2"
    monkeypatch.chdir(tmp_path)
    assert as_workers_find_it(elsewhere, job) == str(elsewhere)


def test_what_ray_says_of_a_job_is_cut_to_its_last_lines():
    log = "".join(f"line {number}\n" for number in range(100))
    message = f"Job entrypoint command failed with exit code 2, last available logs (cut):\n{log}"
    job = job_of({"status": "FAILED", "message": message})
    assert job.state == "over"
    assert job.words == (
        "Job entrypoint command failed with exit code 2:"
        " line 95 / line 96 / line 97 / line 98 / line 99"
    )
    assert job_of({"status": "PENDING", "message": "no room"}) == Job("waiting", "no room")
    assert job_of({"status": "RUNNING", "message": None}) == Job("running", "")


def test_a_driver_that_goes_on_takes_the_spec_that_came_with_it(tmp_path, monkeypatch):
    (tmp_path / "new").mkdir()
    monkeypatch.chdir(tmp_path / "new")
    noted = tmp_path / "gone" / "grid.yaml.j2"
    job = {"RAY_JOB_CONFIG_JSON_ENV_VAR": '{"runtime_env": {"working_dir": "gcs://x.zip"}}'}
    assert as_driver_finds_it(noted, job) == noted  # this job brought no such spec
    (tmp_path / "new" / "grid.yaml.j2").touch()
    assert as_driver_finds_it(noted, job) == tmp_path / "new" / "grid.yaml.j2"
    assert as_driver_finds_it(noted, {}) == noted
