"""A run on a Ray cluster, found again by what the cluster says of its job."""

from __future__ import annotations

import pytest

from sweeper.launchers import cluster_file
from sweeper.launchers.ray.launcher import RayLauncher
from sweeper.records import Placed
from sweeper.records.errors import InputError

TEXT = "kind: ray\naddress: http://127.0.0.1:9\n"
NOTED = Placed("ray", "j", started=5.0, is_own=False)
COMMAND = "python -m sweeper launch g.yaml.j2 --out /h/sweeps/first"


class Jobs:
    """What a cluster says of its jobs."""

    def __init__(self, found):
        self._found = found

    def job(self, name):
        assert name == "j"
        return self._found


def adopted(monkeypatch, found):
    monkeypatch.setattr(RayLauncher, "_api", lambda _: Jobs(found))
    return RayLauncher(cluster_file.loads(TEXT, "mine")).adopted(NOTED)


def test_the_cluster_says_where_the_run_is_and_where_its_results_go(monkeypatch):
    environ = {"env_vars": {"SWEEP_RESULTS": "s3://b/first"}}
    found = {"entrypoint": COMMAND, "runtime_env": environ}
    placed = adopted(monkeypatch, found)
    assert placed == Placed(
        "ray", "j", "http://127.0.0.1:9", "/h/sweeps/first", TEXT, 5.0, {"results": "s3://b/first"}
    )
    assert placed.is_own


@pytest.mark.parametrize("found", [None, {"entrypoint": "rm -rf /"}, {}])
def test_a_job_that_is_no_driver_is_not_adopted(monkeypatch, found):
    with pytest.raises(InputError, match=r"ray job j: .* knows no driver of that name"):
        adopted(monkeypatch, found)
