"""A driver that is told to end while Ray starts, whose own handler of SIGTERM exits by it."""

from __future__ import annotations

import signal
from contextlib import closing

import pytest

from sweeper import driver
from sweeper import spec as specs
from sweeper.records import EndKind
from sweeper.runs.open import open_to_read

SPEC = "sweep:\n  name: s\n  grid: {x: [1, 2]}\n---\n!obj:mine.Trial { x: {{ x }} }\n"


class Starting:
    """A cluster that a signal meets as it starts, as Ray's own handler has it."""

    workers, cores, scratch = 1, (), ""

    def __init__(self, code):
        self._code = code

    def __enter__(self):
        raise SystemExit(self._code)

    def __exit__(self, *_):
        raise AssertionError("it was never entered")


def drive(tmp_path, code, **terms):
    (tmp_path / "grid.yaml.j2").write_text(SPEC)
    spec = specs.load(tmp_path / "grid.yaml.j2", {})
    driver.create(spec, specs.expand(spec), tmp_path / "run")
    return driver.resume(tmp_path / "run", driver.Terms(cluster=Starting(code), **terms))


@pytest.mark.parametrize(
    ("placed", "kind", "code"),
    [(False, EndKind.INTERRUPTED, 130), (True, EndKind.TIME_SHORT, 75)],
)
def test_sigterm_while_ray_starts_ends_the_run_as_it_does_later(tmp_path, placed, kind, code):
    outcome = drive(tmp_path, int(signal.SIGTERM), placed=placed)
    assert (outcome.ending.kind, outcome.exit_code) == (kind, code)
    with closing(open_to_read(tmp_path / "run")) as store:
        assert store.sweep().state == outcome.ending
        assert len(store.unfinished()) == 2


def test_any_other_exit_is_what_it_was(tmp_path):
    with pytest.raises(SystemExit, match=r"^7$"):
        drive(tmp_path, 7)
