"""A sweep as a job on a real Ray cluster with a token, from submission to its table."""

from __future__ import annotations

import http.server
import json
import os
import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import closing
from pathlib import Path

import pytest

from sweeper.launchers.choose import launcher_of
from sweeper.launchers.ray.api import JobsApi
from sweeper.records import Placed
from sweeper.records.errors import ClusterError, InputError
from sweeper.runs.placed import read_placed

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


def attempts(run_dir: Path) -> list[tuple[int, int, str]]:
    with closing(sqlite3.connect(run_dir / "snapshot.db")) as store:
        return store.execute("select trial, number, state from attempts").fetchall()


def table(run: str, cwd: Path) -> list[dict[str, object]]:
    """The report's lines without the seconds that each trial took."""
    lines = json.loads(sweep("report", run, "--format", "json", cwd=cwd).stdout)
    return [{key: line[key] for key in line if key != "duration_s"} for line in lines]


def where(run_dir: Path) -> Placed:
    placed = read_placed(run_dir)
    assert placed is not None
    return placed


def state(run_dir: Path) -> str:
    placed = where(run_dir)
    launcher = launcher_of(placed)
    assert launcher is not None
    return launcher.look(placed, run_dir).state


def test_a_sweep_that_is_launched_on_a_cluster_ends_in_the_table_of_a_local_run(
    head, order, wait_for, tmp_path
):
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared" / "more.txt").write_text("0.25")
    (tmp_path / "cluster.yaml").write_text(
        f"kind: ray\naddress: {head.address}\ntoken_path: {head.token_path}\n"
        f"data: file://{tmp_path / 'shared'}\n"
    )
    grid = str(order(epochs=4).spec_path)
    words = ["launch", grid, "-D", "epochs=4", "-D", "data=more.txt", "--out"]
    done = sweep(*words, "there", "--on", "cluster.yaml", cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    # The shell that launched it is gone.
    run_dir = tmp_path / "there"
    wait_for(lambda: state(run_dir) == "over", "the driver's end")
    assert sweep("fetch", "there", cwd=tmp_path).returncode == 0

    local = sweep(*words, "here", cwd=tmp_path, PYLEARN2_DATA_PATH=str(tmp_path / "shared"))
    assert local.returncode == 0, local.stdout + local.stderr
    tables = [table("here", tmp_path), table("there", tmp_path)]
    assert tables[0] == tables[1]
    costs = [x * x + 0.25 + 1 / 4 for x in range(4)]
    assert [(line["x"], line["best"]) for line in tables[1]] == list(enumerate(costs))
    assert "4 finished" in sweep("status", "there", cwd=tmp_path).stdout


def test_a_sweep_on_a_cluster_is_stopped_and_goes_on(head, order, wait_for, tmp_path):
    grid, token = str(order(epochs=1).spec_path), str(head.token_path)
    go = tmp_path / "go"
    words = ["-D", "epochs=3", "-D", "seconds=0.1", "-D", "points=2", "-D", f"until={go}"]

    def ask(*words: str) -> str:
        done = sweep(*words, cwd=tmp_path, RAY_AUTH_TOKEN_PATH=token)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    run_dir = tmp_path / "run"
    ask("launch", grid, *words, "--out", "run", "--on", head.address)
    launcher = launcher_of(where(run_dir))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAY_AUTH_TOKEN_PATH", token)

        def has_rows() -> bool:
            try:
                launcher.fetch(where(run_dir), run_dir)
            except ClusterError:  # the driver has not made its store yet
                return False
            return bool(attempts(run_dir))

        wait_for(has_rows, "a first attempt")
        assert "was asked to save what runs and end" in ask("stop", "run")
        wait_for(lambda: state(run_dir) == "over", "the driver's end", 30)
        ask("fetch", "run")
        assert {state for _, _, state in attempts(run_dir)} == {"interrupted"}

        go.touch()
        first = where(run_dir)
        ask("resume", "run")
        assert where(run_dir).job != first.job
        assert where(run_dir).remote_dir == first.remote_dir
        wait_for(lambda: state(run_dir) == "over", "the second driver's end")
        ask("fetch", "run")
    found = [state for _, _, state in attempts(run_dir)]
    assert found.count("finished") == 2
    assert set(found) == {"interrupted", "finished"}


def test_a_node_that_is_taken_away_costs_its_trials_nothing_but_time(
    make_head, launcher, order, wait_for, tmp_path
):
    cluster = make_head(1)
    node = cluster.add_node(1)
    go = tmp_path / "go"
    made = order(points=2, epochs=3, seconds=0.1, until=go)  # `retries: 0` in its header
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
    go.touch()
    wait_for(lambda: here.look(placed, made.run_dir).state == "over", "the driver's end", 120)
    here.fetch(placed, made.run_dir)
    found = attempts(made.run_dir)
    assert sorted(state for *_, state in found) == ["finished"] * 2 + ["lost"]
    assert here.look(placed, made.run_dir).words == "Job finished successfully."


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
    words = ["launch", str(made.spec_path), "-D", "epochs=1", "--out", "run", "--on", head.address]
    done = sweep(*words, cwd=tmp_path, RAY_AUTH_TOKEN_PATH=str(tmp_path / "wrong"))
    assert (done.returncode, "refused the token" in done.stderr) == (2, True), done.stderr
    assert not (tmp_path / "run").exists()


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
