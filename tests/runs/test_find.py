"""Which run, which trial."""

from __future__ import annotations

import os

import pytest

from sweeper.records.errors import InputError
from sweeper.runs.find import find_run, find_trial, short_name
from sweeper.store.memory import MemoryBackend
from sweeper.testing.stores import made


@pytest.fixture
def cwd(tmp_path):
    for number, name in enumerate(("digits-mlp-1", "digits-mlp-2", "mnist-1")):
        folder = tmp_path / "runs" / name
        folder.mkdir(parents=True)
        (folder / "sweep.db").touch()
        os.utime(folder, (number, number))
    (tmp_path / "runs" / "latest").symlink_to("digits-mlp-2")
    (tmp_path / "runs" / "notes").mkdir()
    return tmp_path


@pytest.fixture
def make():
    """Makes a store with so many trials: t0, t1, ..."""
    return lambda number: MemoryBackend().create("run", made.sweep(), made.trials(number))


@pytest.mark.parametrize(
    ("run", "name"),
    [
        (None, "digits-mlp-2"),
        ("latest", "digits-mlp-2"),
        ("mnist-1", "mnist-1"),
        ("m", "mnist-1"),
        ("runs/mnist-1", "mnist-1"),
        ("runs/mnist-1/", "mnist-1"),
        ("runs/mnist-1/sweep.db", "mnist-1"),
    ],
)
def test_a_run_is_found_by_name_path_or_beginning(cwd, run, name):
    assert find_run(run, cwd) == (cwd / "runs" / name).resolve()


def test_a_run_is_found_by_its_absolute_path(cwd, tmp_path):
    assert find_run(str(cwd / "runs" / "mnist-1"), tmp_path / "elsewhere").name == "mnist-1"


def test_a_run_of_which_only_a_snapshot_is_here_is_a_run(cwd):
    (cwd / "runs" / "mnist-1" / "sweep.db").rename(cwd / "runs" / "mnist-1" / "snapshot.db")
    assert find_run("mnist-1", cwd).name == "mnist-1"


def test_without_the_link_the_newest_folder_is_the_latest(cwd):
    (cwd / "runs" / "latest").unlink()
    assert find_run(None, cwd).name == "mnist-1"


def test_a_beginning_of_two_names_is_refused_with_both(cwd):
    with pytest.raises(InputError, match=r"2 runs in .* begin so: digits-mlp-1, digits-mlp-2"):
        find_run("digits", cwd)


def test_a_misspelt_run_is_refused_with_a_suggestion(cwd):
    with pytest.raises(InputError, match=r"RUN minst-1: no such run, did you mean mnist-1\?"):
        find_run("minst-1", cwd)


def test_a_folder_that_is_no_run_is_refused(cwd):
    with pytest.raises(InputError, match=r"RUN notes: no such run\. Expected a run's folder"):
        find_run("notes", cwd)


def test_no_run_at_all_says_to_launch(tmp_path):
    with pytest.raises(InputError, match="Launch one first"):
        find_run(None, tmp_path)


def test_a_trial_is_found_by_its_beginning_in_any_case(make):
    store = make(12)
    assert find_trial(store, "T11").id == "t11"
    assert find_trial(store, "t1").id == "t1"  # exact, though t10 and t11 begin so too


def test_an_ambiguous_or_unknown_trial_is_refused(make):
    store = make(3)
    with pytest.raises(InputError, match="3 trials begin so: t0, t1, t2"):
        find_trial(store, "t")
    with pytest.raises(InputError, match=r"TRIAL tt0: no such trial .*, did you mean t0\?"):
        find_trial(store, "tt0")
    with pytest.raises(InputError, match="TRIAL : no such trial"):
        find_trial(store, "")


def test_the_short_name_of_a_run_finds_it_again(cwd, tmp_path):
    for folder in ("runs/mnist-1", "elsewhere/mnist-1"):
        (cwd / folder).mkdir(parents=True, exist_ok=True)
        (cwd / folder / "sweep.db").touch()
        assert find_run(short_name(cwd / folder, cwd), cwd) == (cwd / folder).resolve()
    assert short_name(cwd / "runs" / "mnist-1", cwd) == "mnist-1"
