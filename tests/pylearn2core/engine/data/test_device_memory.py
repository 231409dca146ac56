"""How much memory a process has for its device."""

import os
from pathlib import Path

import pytest

from pylearn2core.engine.data import device_memory
from pylearn2core.errors import ConfigError


def test_a_setting_that_is_no_number_is_the_users_to_mend(monkeypatch):
    monkeypatch.setenv(device_memory.SETTING, "2 GB")
    with pytest.raises(ConfigError, match="PYLEARN2_DEVICE_BYTES is '2 GB': expected a number"):
        device_memory.available()


def test_memory_is_the_hosts_share_of_this_processes_cores(monkeypatch):
    monkeypatch.delenv(device_memory.SETTING, raising=False)
    whole = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    monkeypatch.setattr(os, "cpu_count", lambda: 4)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {2}, raising=False)
    assert device_memory.available() <= 0.9 * whole / 4


V2 = "/sys/fs/cgroup"
V1 = "/sys/fs/cgroup/memory"


@pytest.mark.parametrize(
    ("cgroups", "files"),
    [
        (
            "0::/system.slice/slurmstepd.scope/job_7\n",
            [
                f"{V2}/system.slice/slurmstepd.scope/job_7/memory.max",
                f"{V2}/system.slice/slurmstepd.scope/memory.max",
                f"{V2}/system.slice/memory.max",
                f"{V2}/memory.max",
            ],
        ),
        ("0::/\n", [f"{V2}/memory.max"]),
        (
            "4:cpu,cpuacct:/other\n3:memory:/slurm/job_7\n1:name=systemd:/a:b\n",
            [
                f"{V1}/slurm/job_7/memory.limit_in_bytes",
                f"{V1}/slurm/memory.limit_in_bytes",
                f"{V1}/memory.limit_in_bytes",
            ],
        ),
        ("", [f"{V2}/memory.max"]),
    ],
)
def test_limits_are_looked_for_in_the_process_s_own_cgroup_and_all_above_it(cgroups, files):
    assert [str(path) for path in device_memory.limit_files(cgroups)] == files


def test_the_least_limit_counts_and_no_limit_is_the_host_s_own_memory():
    assert device_memory.least_limit(["max\n", "4000\n", "", "3000\n"], 9000) == 3000
    assert device_memory.least_limit(["max\n", "", "9223372036854771712\n"], 9000) == 9000


def test_a_job_s_limit_reaches_what_packs_may_take(monkeypatch, tmp_path):
    (tmp_path / "slice" / "job").mkdir(parents=True)
    (tmp_path / "slice" / "memory.max").write_text("1000000\n")
    (tmp_path / "slice" / "job" / "memory.max").write_text("max\n")
    read = Path.read_text
    monkeypatch.setattr(
        Path, "read_text", lambda path: "0::/slice/job" if path.parts[1] == "proc" else read(path)
    )
    monkeypatch.setattr(device_memory, "_CGROUPS", tmp_path)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: range(os.cpu_count()), raising=False)
    assert device_memory._share_of_host() == 1000000
