"""What attempts leave at the URL of the results, and a trial that goes on from there."""

from __future__ import annotations

import shutil

import fsspec
import pytest
from broken_off import phases

from pylearn2core.config.nodes import OUT
from sweeper.records import AttemptState
from sweeper.workers.runner.checkpoint_file import FILE


@pytest.fixture(params=["memory", "file"])
def url(request, tmp_path):
    if request.param == "file":
        yield f"file://{tmp_path}/results"
        return
    yield "memory://bucket/results"
    fsspec.filesystem("memory").store.clear()


def files_at(url):
    system, root = fsspec.core.url_to_fs(url)
    return {path.split(f"{root}/", 1)[1] for path in system.find(root)}


def test_files_of_a_finished_attempt_are_at_the_url(bench, url):
    text = phases("one")
    bench(results=url).run(text, (OUT,))
    assert files_at(url) == {"trials/t0/a1/one.txt"}


def test_a_trial_goes_on_from_the_url_where_the_worker_s_disk_is_gone(bench, whole, url):
    text = phases("one", "two")
    expected = whole(text, (OUT,))
    runs = bench(epochs=2, results=url)
    first = runs.run(text, (OUT,), stop_at=(1, 3))
    assert f"trials/t0/a1/{FILE}" in files_at(url)
    shutil.rmtree(runs.run_dir)
    second = runs.run(text, (OUT,), number=2, known=(1, 3))
    assert list(second.values()) == [(1, 3), (1, 4)]
    assert first.values() | second.values() == expected.values()
    assert {path.name for path in runs.out(2).iterdir()} == {"one.txt", "two.txt"}
    found = files_at(url)
    assert {"trials/t0/a2/one.txt", "trials/t0/a2/two.txt"} <= found
    assert not [name for name in found if name.endswith(FILE)]


@pytest.mark.parametrize("where", ["nowhere://bucket", "file:///proc/no/such"])
def test_a_url_that_takes_nothing_costs_no_trial(bench, caplog, where):
    heard = bench(epochs=1, results=where).run(phases("one"), (OUT,))
    assert heard.end() is AttemptState.FINISHED
    assert f"{where}: can't put t0/a1/" in caplog.text


def test_an_upload_that_fails_once_is_tried_again(bench, url, monkeypatch, caplog):
    system = type(fsspec.core.url_to_fs(url)[0])
    real, faults = system.put_file, [OSError("a cut line")]

    def put_file(self, *args, **kwargs):
        if faults:
            raise faults.pop()
        return real(self, *args, **kwargs)

    monkeypatch.setattr(system, "put_file", put_file)
    bench(results=url).run(phases("one"), (OUT,))
    assert files_at(url) == {"trials/t0/a1/one.txt"}
    assert not caplog.records
