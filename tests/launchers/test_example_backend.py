"""A backend in a package of its own is one like ours: `example_backend` is what others copy."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from sweeper.launchers import cluster_file, registry
from sweeper.launchers.base import DriverOrder, Launcher
from sweeper.launchers.choose import launcher_by, launcher_of
from sweeper.records import Placed
from sweeper.records.errors import InputError
from sweeper.testing.launchers import LauncherContract

EXAMPLE = Path(__file__).parent / "example_backend"
CLUSTER = f"kind: ssh\nhost: gpu7\npython: {sys.executable}\n"
# The host is this one.
SSH = '#!/bin/sh\nwhile [ "$1" != gpu7 ]; do shift; done\nexec sh -c "$2"\n'


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder where the package is installed."""
    target = tmp_path_factory.mktemp("site")
    words = ["--quiet", "--no-deps", "--no-build-isolation", "--target", target, EXAMPLE]
    subprocess.run([sys.executable, "-m", "pip", "install", *words], check=True)
    return target


@pytest.fixture
def installed(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(site))


@pytest.fixture
def ssh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "bin" / "ssh"
    program.parent.mkdir()
    program.write_text(SSH)
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent), prepend=os.pathsep)


@pytest.mark.slow
class TestSsh(LauncherContract):
    @pytest.fixture
    def launcher(self, installed: None, ssh: None) -> Launcher:
        return launcher_by(cluster_file.loads(CLUSTER, "ssh.yaml"))

    @pytest.fixture
    def order(self, order: DriverOrder) -> DriverOrder:
        return order


def test_a_kind_of_another_package_is_listed_after_ours(installed: None) -> None:
    assert registry.kinds() == ("slurm", "cloud", "ray", "kubernetes", "local", "ssh")
    with pytest.raises(InputError, match=r"kind: .* local and ssh \(did you mean ssh\?\)"):
        cluster_file.loads("kind: sshh\n", "ssh.yaml")
    with pytest.raises(InputError, match=r"what this file describes: .*, local and ssh"):
        cluster_file.loads("host: gpu7\n", "ssh.yaml")


def test_its_keys_are_checked_as_ours_are(installed: None) -> None:
    with pytest.raises(InputError, match=r"line 2, hots: unknown key \(did you mean host\?\)"):
        cluster_file.loads("kind: ssh\nhots: gpu7\n", "ssh.yaml")
    with pytest.raises(InputError, match="the key `host` is missing"):
        cluster_file.loads("kind: ssh\n", "ssh.yaml")


def test_the_command_line_knows_it_once_it_is_installed(site: Path, order: DriverOrder) -> None:
    (order.run_dir.parent / "ssh.yaml").write_text(CLUSTER)
    words = ["launch", str(order.spec_path), "--on", "ssh.yaml", "--dry-run", "--out", "r"]

    def sweep(**more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "sweeper", *words],
            cwd=order.run_dir.parent,
            env={**os.environ, **more},
            capture_output=True,
            text=True,
            check=False,
        )

    done = sweep(PYTHONPATH=str(site))
    assert done.returncode == 0
    assert done.stdout.startswith(f"nohup {sys.executable} -m sweeper resume ")
    without = sweep()
    assert without.returncode == 2
    assert "ssh.yaml, line 1, kind: expected one of slurm, cloud" in without.stderr


# ------------------------------------------------------------------ packages that are no good
def package(folder: Path, target: str) -> None:
    """Metadata of a package whose backend of the kind `broken` is `target`."""
    info = folder / "broken_backend-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: broken-backend\nVersion: 1\n")
    (info / "entry_points.txt").write_text(f"[sweeper.launchers]\nbroken = {target}\n")


@pytest.mark.parametrize(
    ("target", "told"),
    [
        ("nosuch_module:BACKEND", "package broken-backend can't be loaded: ModuleNotFoundError"),
        ("json:nosuch", "package broken-backend can't be loaded: AttributeError"),
        ("json:dumps", "json:dumps is a function, expected a sweeper.launchers.base.Backend"),
    ],
)
def test_a_backend_that_is_none_is_told(
    target: str, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package(tmp_path, target)
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(InputError, match=f"kind broken: .*{told}"):
        cluster_file.loads("kind: broken\n", "broken.yaml")


def test_a_package_does_not_replace_a_backend_of_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package(tmp_path, "json:dumps\nslurm = json:dumps")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert cluster_file.loads("kind: slurm\n", "slurm.yaml").kind == "slurm"
    assert registry.kinds().count("slurm") == 1


def test_a_run_whose_backend_is_no_longer_installed_says_so() -> None:
    placed = Placed("nosuch", "1", cluster_file="kind: nosuch\n")
    with pytest.raises(InputError, match=r"was launched with, line 1, kind: expected one"):
        launcher_of(placed)
