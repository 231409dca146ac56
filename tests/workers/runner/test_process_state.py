"""What a trial sets for its whole process ends with it."""

import io
import logging
import os
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest

from pylearn2core.paths import Places
from sweeper.workers.logs import TaggedStream
from sweeper.workers.runner.isolation import Isolation


def another_folder():
    os.chdir("/")


def variables():
    os.environ["POLLUTED"] = "1"
    os.environ["HOME"] = "/nowhere"
    del os.environ["KEPT"]


def strict_warnings():
    warnings.simplefilter("error")


def strict_numbers():
    np.seterr(all="raise")


def another_path():
    sys.path.insert(0, "/nowhere")
    sys.argv.append("--more")


def no_streams():
    sys.stderr = None
    sys.stdout = io.StringIO()


def another_log():
    logging.basicConfig(level=logging.DEBUG, force=True, stream=io.StringIO())


SETTERS = [
    another_folder,
    variables,
    strict_warnings,
    strict_numbers,
    another_path,
    no_streams,
    another_log,
]


def seen():
    """What the next trial finds, by the calls that it would make."""
    root = logging.getLogger()
    return {
        "environ": dict(os.environ),
        "folder": Path.cwd(),
        "path": list(sys.path),
        "arguments": list(sys.argv),
        "streams": (sys.stdin, sys.stdout, sys.stderr),
        "warnings": list(warnings.filters),
        "numbers": np.geterr(),
        "log": (root.level, list(root.handlers)),
    }


@pytest.fixture(autouse=True)
def kept(monkeypatch, tmp_path):
    monkeypatch.setenv("KEPT", "\udcff is no UTF-8")
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("change", SETTERS)
def test_what_a_trial_sets_for_its_process_does_not_reach_the_next_one(change):
    before = seen()
    trial = Isolation("one", Places(Path()), 1)
    with trial:
        change()
        assert seen() != before
    trial.leave()
    assert seen() == before


def test_a_warning_is_shown_again_once_a_trial_that_made_it_an_error_is_over():
    trial = Isolation("one", Places(Path()), 1)
    with trial:
        warnings.simplefilter("error")
    trial.leave()
    with warnings.catch_warnings(record=True) as shown:
        warnings.simplefilter("always")
        warnings.warn("so", stacklevel=1)
    assert [str(one.message) for one in shown] == ["so"]


def test_nothing_is_put_back_while_another_trial_runs():
    first, second = (Isolation(name, Places(Path()), 1) for name in ("one", "two"))
    with first:
        os.environ["POLLUTED"] = "1"
    first.leave()
    assert os.environ["POLLUTED"] == "1"  # `second` may be the one that set it
    second.leave()
    assert "POLLUTED" not in os.environ


def test_a_trial_that_closes_its_output_closes_no_other_s(tmp_path):
    with (tmp_path / "log").open("wb") as file:
        stream = TaggedStream(file.fileno(), lambda: "t1")
        print("half", end="", file=stream)
        stream.close()
        print("whole", file=stream, flush=True)
        assert not stream.closed
    assert (tmp_path / "log").read_text() == "t1| half\nt1| whole\n"
