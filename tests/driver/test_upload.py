"""Whether results arrived at their URL is known, and a URL that takes none is told at once."""

from __future__ import annotations

import pytest

from sweeper.driver import upload as uploads
from sweeper.driver.upload import SnapshotUpload
from sweeper.records.errors import InputError
from sweeper.runs.folder import RunFolder


@pytest.fixture
def run_dir(tmp_path):
    made = tmp_path / "run"
    made.mkdir()
    (made / "snapshot.db").write_bytes(b"rows")
    return made


def test_a_driver_tells_that_its_last_snapshot_arrived(run_dir, tmp_path):
    there = tmp_path / "there"
    upload = SnapshotUpload(run_dir, f"file://{there}")
    upload.check()
    assert list(there.iterdir()) == []  # what was tried is removed
    assert not RunFolder(run_dir).results_arrived.exists()
    upload.finish()
    assert (there / "snapshot.db").read_bytes() == b"rows"
    assert RunFolder(run_dir).results_arrived.exists()


def test_a_last_snapshot_that_failed_is_no_arrival(run_dir, tmp_path, monkeypatch):
    RunFolder(run_dir).results_arrived.touch()  # of the driver before
    upload = SnapshotUpload(run_dir, f"file://{tmp_path}/there")

    def fail(*_):
        raise OSError("full")

    monkeypatch.setattr(uploads.urls, "put", fail)
    upload.finish()
    assert not RunFolder(run_dir).results_arrived.exists()


def test_a_url_that_takes_nothing_is_told_before_the_sweep(run_dir, tmp_path):
    (tmp_path / "file").touch()
    url = f"file://{tmp_path}/file/below"
    with pytest.raises(InputError, match=f"results: {url}: can't be written .*NotADirectory"):
        SnapshotUpload(run_dir, url).check()
    with pytest.raises(InputError, match="nosuch://bucket"):
        SnapshotUpload(run_dir, "nosuch://bucket").check()
    SnapshotUpload(run_dir, "").check()
