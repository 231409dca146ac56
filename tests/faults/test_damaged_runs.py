"""Damaged runs, by seed: every reading command ends soon, in one paragraph at most.

`SWEEP_FUZZ_S=600 SWEEP_FUZZ_SEED=7 pytest -m faults tests/faults/test_damaged_runs.py` looks longer
and elsewhere.
"""

from __future__ import annotations

import math
import os
import random
import re
import resource
import shutil
import signal
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from sweeper.cli import run as sweep
from sweeper.runs.create import copy_spec, make_folder
from sweeper.runs.open import create_store
from sweeper.testing.stores import made

sys.path.append(str(Path(__file__).parent))
import damages

SECONDS = float(os.environ.get("SWEEP_FUZZ_S", "40"))
SEED = int(os.environ.get("SWEEP_FUZZ_SEED", "1"))
pytestmark = [pytest.mark.faults, pytest.mark.timeout(SECONDS + 120)]

HANG_S, MOST_GROWTH = 20, 1 << 30
CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
COMMANDS = (
    ["status"], ["report"], ["report", "--format", "csv"], ["report", "--over", "seed"],
    ["report", "--all-channels", "--format", "json"], ["show"], ["show", "t1"], ["fetch"],
    ["stop"], ["stop", "t2"], ["retry"], ["down"],
)  # fmt: skip


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A run with a trial of each kind."""
    run_dir = tmp_path_factory.mktemp("whole") / "run"
    make_folder(run_dir)
    copy_spec(run_dir, made.sweep().spec_text)
    (run_dir / "logs" / "worker-0.log").write_text("t1.a1| trained\n")
    with closing(create_store(run_dir, made.sweep(), made.trials(4))) as store:
        generation = store.claim("node0", 1, 1000.0)
        begun = [made.started(key) for key in ("t0", "t1", "t2")]
        rows = [made.row(key, epoch) for key in ("t0", "t1") for epoch in range(30)]
        ends = [made.ended("t0"), made.changed("t0", "finished"), made.changed("t2", "failed")]
        again = [made.started("t1", 2), made.row("t1", 9, (math.nan, 1.0), attempt=2)]
        store.write(generation, [*begun, *rows, *ends, *again])
    return run_dir


def test_no_damage_makes_a_reading_command_fail_by_itself_hang_or_steer_the_terminal(
    whole, tmp_path, monkeypatch, capfd
):
    monkeypatch.chdir(tmp_path)
    signal.signal(signal.SIGALRM, hung)
    chance, end, tried = random.Random(SEED), time.monotonic() + SECONDS, 0
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    while time.monotonic() < end:
        shutil.rmtree("run", ignore_errors=True)
        shutil.copytree(whole, "run")
        what = damages.damage(chance, Path("run"))
        for command in chance.sample(COMMANDS, 4):
            signal.alarm(HANG_S)
            code = sweep([command[0], "run", *command[1:]])
            signal.alarm(0)
            out, err = capfd.readouterr()
            said = f"seed {SEED}, {what}, sweep {' '.join(command)}: {code}\n{out[-500:]}{err}"
            assert code in (0, 2, 3), said
            assert "internal error" not in err, said
            assert not CONTROL.search(out + err), said
            tried += 1
    assert tried > SECONDS
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown * 1024 < MOST_GROWTH


def hung(*_):
    raise TimeoutError(f"took longer than {HANG_S} s")
