"""What a URL leads to is put whole, read, and fetched."""

from __future__ import annotations

import secrets

import pytest

from sweeper.host import urls

fsspec = pytest.importorskip("fsspec")


@pytest.fixture(params=["file", "memory"])
def there(request, tmp_path):
    """URL of a folder that is not there yet, of a disk and of no disk."""
    place = f"{tmp_path}/there" if request.param == "file" else f"/{secrets.token_hex(4)}"
    return f"{request.param}://{place}"


def test_a_file_is_put_whole_in_the_place_of_the_old_one(there, tmp_path):
    path = tmp_path / "snapshot.db"
    for content in (b"old", b"new and longer"):
        path.write_bytes(content)
        urls.put(path, f"{there}/")
        assert urls.read(f"{there}/snapshot.db") == content
    system, folder = urls.opened(there)
    names = [name.rsplit("/", 1)[-1] for name in system.ls(folder, detail=False)]
    assert names == ["snapshot.db"]  # nothing is left beside it


def test_a_file_and_a_folder_are_fetched_and_nothing_is_told(there, tmp_path):
    system, folder = urls.opened(there)
    system.makedirs(f"{folder}/deep")
    system.pipe_file(f"{folder}/deep/a", b"a")
    here = tmp_path / "here"
    here.mkdir()
    assert urls.fetch(f"{there}/deep/a", here)
    assert urls.fetch(there, here)
    assert {str(p.relative_to(here)) for p in here.rglob("*") if p.is_file()} == {"a", "deep/a"}
    assert not urls.fetch(f"{there}/nosuch", here)


def test_the_root_of_a_disk_is_no_other_folder():
    assert urls.opened("file:///")[1] == "/"


def test_a_url_of_an_unknown_kind_is_refused():
    with pytest.raises(ValueError, match="Protocol not known: nosuch"):
        urls.opened("nosuch://bucket")
