"""Folders that are the user's alone, and files that are never half."""

from __future__ import annotations

import os

import pytest

from sweeper.host import folders
from sweeper.records.errors import ClusterError


def test_a_private_folder_is_made_once_and_closed_to_others(tmp_path):
    folder = tmp_path / "a" / "b"
    folders.make_scratch(folder)
    folder.chmod(0o755)
    folders.make_scratch(folder)
    assert folder.stat().st_mode & 0o777 == 0o700


def test_a_link_in_the_place_of_the_private_folder_is_refused(tmp_path):
    (tmp_path / "theirs").mkdir()
    (tmp_path / "link").symlink_to("theirs")
    with pytest.raises(ClusterError, match=r"link: can't be used .* not a folder of user .*own"):
        folders.make_scratch(tmp_path / "link")


def test_another_user_s_folder_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "getuid", lambda: 12345)
    with pytest.raises(ClusterError, match=r"not a folder of user 12345's own\. Remove it on"):
        folders.make_scratch(tmp_path)


def test_a_file_in_its_place_is_refused(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(ClusterError, match=r"file: can't be used for temporary files: File exists"):
        folders.make_scratch(tmp_path / "file")


def test_a_reader_finds_the_old_file_until_the_new_one_is_whole(tmp_path):
    path = tmp_path / "file"
    path.write_text("old")
    with folders.replacing(path) as beside:
        beside.write_text("new")
        assert path.read_text() == "old"
    assert path.read_text() == "new"
    assert list(tmp_path.iterdir()) == [path]


def test_what_fails_half_way_leaves_the_old_file_and_nothing_beside_it(tmp_path):
    path = tmp_path / "file"
    path.write_text("old")

    def fail() -> None:
        with folders.replacing(path) as beside:
            beside.write_text("ne")
            raise RuntimeError("half way")

    with pytest.raises(RuntimeError, match="half way"):
        fail()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_private_file_is_the_user_s_alone_whatever_was_there(tmp_path):
    path = tmp_path / "file"
    path.write_text("old")
    path.chmod(0o644)
    folders.write_private(path, "grün")
    assert path.read_bytes() == "grün".encode()
    assert path.stat().st_mode & 0o777 == 0o600
