"""A sweep as a job on a real Ray cluster with a token, from submission to its table."""

from __future__ import annotations

import http.server
import os
import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import closing
from pathlib import Path

import pytest

from sweeper.errors import ClusterError, InputError
from sweeper.launch.jobs.api import JobsApi

pytestmark = pytest.mark.cloud


def sweep(*words: str, cwd: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if name != "RAY_ADDRESS"}
    command = [sys.executable, "-m", "sweeper", *words]
    return subprocess.run(
        command,
        cwd=cwd,
        env=clean | environ,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def attempts(run_dir: Path) -> list[tuple[str, int, str]]:
    with closing(sqlite3.connect(run_dir / "snapshot.db")) as store:
        return store.execute("select trial, number, state from attempts").fetchall()


def test_a_job_ends_in_the_table_of_a_local_run(head, launcher, order, wait_for, tmp_path):
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared" / "more.txt").write_text("0.25")
    made = order(epochs=4, data="more.txt")
    here = launcher(head, data=f"file://{tmp_path / 'shared'}")
    placed = here.submit(made)
    wait_for(lambda: here.look(placed).state == "over", "the driver's end")
    here.fetch(placed, made.run_dir)

    defines = [word for name, value in made.defines.items() for word in ("-D", f"{name}={value}")]
    local = sweep(
        *["launch", str(made.spec_path), *defines, "--out", "local"],
        cwd=tmp_path,
        PYLEARN2_DATA_PATH=str(tmp_path / "shared"),
    )
    assert local.returncode == 0, local.stdout + local.stderr
    tables = [sweep("report", str(run), cwd=tmp_path).stdout for run in ("local", made.run_dir)]
    assert tables[0] == tables[1]
    assert [line.split()[1] for line in tables[1].splitlines()[1:5]] == ["0", "1", "2", "3"]
    assert "0.5" in tables[1].splitlines()[1]  # x = 0: 0 + 0.25 + 1/4


def test_a_job_that_is_stopped_keeps_its_rows(head, launcher, order, wait_for):
    made = order(epochs=1000, seconds=0.1)
    here = launcher(head)
    placed = here.submit(made)

    def has_rows() -> bool:
        try:
            here.fetch(placed, made.run_dir)
        except ClusterError:  # the driver has not made its store yet
            return False
        return bool(attempts(made.run_dir))

    wait_for(has_rows, "a first attempt")
    assert "was asked to save what runs and end" in here.stop(placed, made.run_dir, ())
    wait_for(lambda: here.look(placed).state == "over", "the driver's end", 30)
    here.fetch(placed, made.run_dir)
    found = attempts(made.run_dir)
    assert {state for _, _, state in found} == {"interrupted"}
    with closing(sqlite3.connect(made.run_dir / "snapshot.db")) as store:
        assert store.execute("select state from sweep").fetchall() == [("interrupted",)]
    assert "over already" in here.stop(placed, made.run_dir, ())


def test_a_node_that_is_taken_away_costs_its_trials_nothing_but_time(
    make_head, launcher, order, wait_for, tmp_path
):
    cluster = make_head(1)
    node = cluster.add_node(1)
    made = order(points=2, epochs=120, seconds=0.1)  # `retries: 0` in its header
    here = launcher(cluster)
    api = JobsApi(cluster.address, cluster.token_path.read_text())

    def nodes() -> int:
        script = "import ray; ray.init(logging_level='ERROR'); print('N', len(ray.nodes()))"
        said = api.run(
            f'python -c "{script}"', job=f"n{time.time_ns()}", runtime_env={}, timeout_s=30
        )
        return int(said[1].rsplit("N ", 1)[1].split()[0])

    wait_for(lambda: nodes() == 2, "the second node")
    placed = here.submit(made)

    def is_running() -> bool:
        try:
            here.fetch(placed, made.run_dir)
        except ClusterError:
            return False
        return len(attempts(made.run_dir)) >= 2

    wait_for(is_running, "both workers' first trials")
    for pid in of_node(node.pid):
        os.kill(pid, 9)
    wait_for(lambda: here.look(placed).state == "over", "the driver's end", 120)
    here.fetch(placed, made.run_dir)
    found = attempts(made.run_dir)
    assert sorted(state for *_, state in found) == ["finished"] * 2 + ["lost"]
    assert here.look(placed).words == "Job finished successfully."


def of_node(pid: int) -> list[int]:
    """A process and all below it."""
    found = [pid]
    for parent in found:
        for task in Path(f"/proc/{parent}/task").glob("*/children"):
            found += [int(child) for child in task.read_text().split()]
    return found


def test_a_wrong_token_is_refused_with_what_to_do(head, launcher, order, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "wrong").write_text("f" * 64)
    made = order(epochs=1)
    with pytest.raises(InputError, match=r"refused the token that was sent.*RAY_AUTH_TOKEN_PATH"):
        launcher(head, token_path=str(tmp_path / "wrong")).submit(made)
    with pytest.raises(InputError, match=r"asks for a token.*RAY_AUTH_TOKEN_PATH"):
        launcher(head, token_path="").submit(made)
    with pytest.raises(InputError, match=r"gone \(token_path\): can't be read"):
        launcher(head, token_path=str(tmp_path / "gone")).submit(made)


def test_a_head_that_cannot_be_reached_is_told_after_a_bounded_wait(nobody):
    began = time.monotonic()
    with pytest.raises(ClusterError, match=r"no Jobs API of Ray there \(.*refused.*\)"):
        JobsApi(nobody, patience_s=1.0).ray_version()
    assert 0.5 < time.monotonic() - began < 5


class Silent(http.server.BaseHTTPRequestHandler):
    """Some other web server."""

    def do_GET(self):
        self.send_response(302 if self.path == "/api/jobs/away" else 200)
        self.send_header("Location", "http://127.0.0.1:1/")
        self.end_headers()
        self.wfile.write(b"<html>hello</html>")

    def log_message(self, *words):
        pass


@pytest.fixture
def other_server():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Silent)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_a_server_that_is_no_ray_is_told(other_server):
    with pytest.raises(ClusterError, match="its answer is not Ray's"):
        JobsApi(other_server, patience_s=1.0).ray_version()


def test_the_token_never_follows_a_redirect(other_server):
    with pytest.raises(ClusterError, match="answered 302"):
        JobsApi(other_server, token="secret", patience_s=1.0).job("away")
