"""Compiled programs are kept in a folder of the user's own, for this JAX on this processor."""

from __future__ import annotations

import os
import stat
import tempfile
from importlib.metadata import version

import pytest

from sweeper.workers.process import program_cache


def test_the_compiled_programs_lie_in_the_user_s_own_folder(tmp_path):
    folder = program_cache.folder({"XDG_CACHE_HOME": str(tmp_path)})
    assert folder.parent == tmp_path / "sweeper"
    assert folder.name.startswith(f"jax-{version('jax')}-")
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert program_cache.folder({"XDG_CACHE_HOME": str(tmp_path)}) == folder


def test_a_cache_that_cannot_be_made_there_is_made_elsewhere(tmp_path):
    (tmp_path / "file").write_text("")
    folder = program_cache.folder({"XDG_CACHE_HOME": str(tmp_path / "file")})
    assert folder.is_dir()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_a_place_that_another_user_made_is_not_used(tmp_path, monkeypatch, caplog):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    (tmp_path / "file").write_text("")
    strange = tmp_path / f"sweeper-{os.getuid()}"
    strange.mkdir(mode=0o777)
    os.chown(strange, 12345, 12345)
    folder = program_cache.folder({"XDG_CACHE_HOME": str(tmp_path / "file")})
    assert not folder.is_relative_to(strange)
    assert list(strange.iterdir()) == []
    assert f"compiled programs are not kept in {strange}: it is not a folder of user" in caplog.text


def test_a_user_without_a_home_has_a_cache_all_the_same(tmp_path, monkeypatch):
    def no_home():
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(program_cache.Path, "home", no_home)
    assert program_cache.folder({}).parent == tmp_path / f"sweeper-{os.getuid()}"


def test_the_programs_that_were_used_longest_ago_make_room(tmp_path):
    for age, name in enumerate(["jax-2/new", "jax-2/middle", "jax-1/old", "jax-1/oldest"]):
        path = tmp_path / f"{name}-cache"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(bytes(100))
        os.utime(path, (1e9 - age, 1e9 - 1000))  # read, written
    (tmp_path / "jax-1" / "another file").write_bytes(bytes(1000))
    program_cache.trim(tmp_path, 250)
    left = {path.name for path in tmp_path.glob("*/*")}
    assert left == {"new-cache", "middle-cache", "another file"}


def test_the_cache_is_trimmed_before_a_worker_uses_it(tmp_path, monkeypatch):
    monkeypatch.setattr(program_cache, "MOST_BYTES", 150)
    folder = program_cache.folder({"XDG_CACHE_HOME": str(tmp_path)})
    for name in ("a-cache", "b-cache"):
        (folder / name).write_bytes(bytes(100))
    program_cache.folder({"XDG_CACHE_HOME": str(tmp_path)})
    assert len(list(folder.iterdir())) == 1


def test_another_processor_has_another_folder():
    amd, intel = "model name\t: AMD EPYC\nflags\t: avx2\n", "model name\t: Xeon\nflags\t: avx512\n"
    assert program_cache._processor(amd) != program_cache._processor(intel)
    assert program_cache._processor(amd) == program_cache._processor(amd + amd)
