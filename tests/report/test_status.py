"""`sweep status` and `sweep show`, as text and as records."""

from __future__ import annotations

import math
import subprocess
import sys
from array import array
from dataclasses import replace

import pytest

from sweeper.records import (
    AttemptEnded,
    AttemptStarted,
    AttemptState,
    Device,
    Ending,
    EndKind,
    Row,
    TrialState,
)
from sweeper.records.errors import InputError
from sweeper.report.render import render
from sweeper.report.show import history, log_lines, show_run, show_trial
from sweeper.report.status import alike, describe, failure_lines, first_line, status


@pytest.fixture
def store(run):
    return run.make(
        [
            ({"lr": 0.1, "seed": 0}, "finished", [0.9, 0.4, 0.5]),
            ({"lr": 0.2, "seed": 0}, "failed", [0.01], "grid.yaml.j2, line 9: \x1b[2Jboom\nmore"),
            ({"lr": 0.3, "seed": 0}, "running", [0.8]),
            ({"lr": 0.4, "seed": 0}, "pending", []),
        ]
    )


def test_status_counts_trials_and_finds_the_best_that_did_not_fail(store):
    found = status(store, now=1020.0, host="elsewhere")
    assert found.counts[TrialState.FINISHED] == found.counts[TrialState.FAILED] == 1
    assert found.best == ("t0", 0.4)
    assert (found.alive, found.silent_s, found.elapsed_s) == (True, 20.0, 20.0)
    assert found.failures == (("t1", "grid.yaml.j2, line 9: \x1b[2Jboom"),)


def test_a_driver_is_alive_by_its_heartbeat_and_its_process(store):
    def alive(now, host, lives):
        return status(store, now=now, host=host, lives=lambda pid: lives).alive

    assert alive(1029.9, "elsewhere", False)  # another host's process can't be seen
    assert not alive(1030.0, "elsewhere", True)
    assert alive(1001.0, "node0", True)
    assert not alive(1001.0, "node0", False)


def test_the_text_says_what_to_do_when_the_driver_is_gone(store):
    text = describe(status(store, now=5020.0, host="elsewhere"), "digits-1")
    assert "its driver is gone (process 77 on node0, last heard 1 h 07 min ago)" in text
    assert "sweep resume digits-1" in text
    assert "4: 1 pending, 1 running, 1 finished, 1 failed" in text
    assert "best      err 0.4 (trial t0)" in text
    assert r"t1  grid.yaml.j2, line 9: \u001b[2Jboom" in text
    assert "\x1b" not in text


def test_the_text_of_a_run_that_ended_gives_its_reason(store):
    store.finish(1, Ending(EndKind.INTERRUPTED, "Ctrl-C"), 1060.0)
    text = describe(status(store, now=9000.0), "r")
    assert text.startswith("digits: interrupted: Ctrl-C (go on: sweep resume r)")
    assert "elapsed   1 min 00 s" in text


def test_a_run_of_which_only_cancelled_trials_are_left_says_nothing_of_going_on(run):
    store = run.make([({"a": 1}, "finished", [1.0]), ({"a": 2}, "cancelled", [])])
    store.finish(1, Ending(EndKind.INTERRUPTED, "Ctrl-C"), 1060.0)
    assert describe(status(store, now=9000.0), "r").startswith("digits: interrupted: Ctrl-C\n")


@pytest.mark.parametrize("mode", ["min", "max"])
def test_trials_that_diverged_or_said_nothing_are_counted_and_named_and_are_not_the_best(run, mode):
    ends = [[0.5, math.nan], [0.25, math.inf], [-math.inf], [math.inf, 0.75], [math.nan, 0.5], []]
    store = run.make([({"a": i}, "finished", one) for i, one in enumerate(ends)], ("err", mode))
    found = status(store, now=1001.0, host="h")
    assert found.best == (("t1", 0.25) if mode == "min" else ("t3", 0.75))
    told = (
        "remark    3 of 6 trials: err is NaN or infinite in their last row (t0, t1, t2)\n"
        "remark    1 of 6 trials: no row (t5)"
    )
    assert told in describe(found, "r")


def test_an_objective_that_no_row_has_is_told_while_the_run_goes_on(run):
    store = run.make([({"a": 1}, "running", [0.5])], ("los", "min"))
    told = "no row has the objective 'los' (did you mean loss?); there are err, loss"
    assert status(store, now=1001.0, host="h").remarks == (told,)
    waiting = run.make([({"a": 1}, "running", [])], ("los", "min"), name="other")
    assert status(waiting, now=1001.0, host="h").remarks == ()


def test_without_an_objective_the_objective_channels_tell_what_diverged(run):
    rows = [[(math.nan, 1.0)], [(1.0, math.nan)]]
    names = ("train_objective", "other")
    store = run.make([({}, "finished", one) for one in rows], None, channels=names)
    told = "1 of 2 trials: objectives are NaN or infinite in their last row (t0)"
    assert status(store, now=1001.0, host="h").remarks == (told,)


def test_a_history_shows_nan_and_leaves_blank_what_a_row_lacks():
    shapes = [{"err": math.nan, "loss": -math.inf}, {"loss": 0.5}]
    rows = [
        Row("t0", 1, 0, epoch, 0.0, tuple(one), array("d", one.values()).tobytes())
        for epoch, one in enumerate(shapes)
    ]
    assert render(history(rows)).splitlines() == [
        "epoch  err  loss",
        "    0  nan  -inf",
        "    1        0.5",
    ]


def test_a_reason_that_says_the_state_itself_is_enough(store):
    store.finish(1, Ending(EndKind.INTERRUPTED, "interrupted by Ctrl-C"), 1060.0)
    text = describe(status(store, now=9000.0), "r")
    assert text.startswith("digits: interrupted by Ctrl-C (go on: sweep resume r)")


def test_only_the_last_failures_are_shown_of_many(run):
    store = run.make([({"a": i}, "failed", [], f"boom {i}") for i in range(9)])
    text = describe(status(store, now=1001.0, host="h"), "r")
    assert "failures  9, the last:\n  t4  boom 4\n" in text
    assert text.endswith("  t8  boom 8\n  traceback and history: sweep show r t8")


def test_a_failure_takes_one_short_line(run):
    store = run.make([({}, "failed", [], "a" * 500 + "\nmore")])
    lines = describe(status(store, now=1001.0, host="h"), "r").splitlines()
    assert lines[-3:-1] == ["failures  1:", f"  t0  {'a' * 199}…"]


def test_the_first_line_that_says_something_is_taken():
    assert first_line("\n\n  boom \n more") == "boom"
    assert first_line("") == "no message"


def test_show_gives_a_run_s_facts(run, store):
    text = show_run(store, run.folder / "run")
    for fact in ("grid.yaml.j2", "epochs=3", "err (min)", "lr (4 values), seed (1 value)"):
        assert fact in text


def test_show_gives_a_trial_s_values_attempt_error_and_traceback(run, store):
    text = show_trial(store, run.folder / "run", "t1")
    for fact in (
        "trial t1 (ordinal 1)", "attempt 1: failed", "process 4242 on node1, cores 0, 1, GPU",
        "(2.5 s)", "build_s", "boom", "Traceback:\n  boom", "history (1 row, attempt 1)",
    ):  # fmt: skip
        assert fact in text
    assert "\x1b" not in text


def test_seconds_of_an_attempt_have_four_digits(run, store):
    ended = AttemptEnded("t2", 1, AttemptState.FINISHED, 1050.0, info={"build_s": 0.4742412567})
    store.write(1, [ended])
    assert "\nbuild_s  0.4742\n" in show_trial(store, run.folder / "run", "t2") + "\n"


def test_show_gives_a_trial_s_history_as_a_table(run, store):
    lines = show_trial(store, run.folder / "run", "t0").splitlines()
    at = lines.index("epoch  err  loss")
    assert [line.split() for line in lines[at + 1 : at + 4]] == [
        ["0", "0.9", "1.8"],
        ["1", "0.4", "0.8"],
        ["2", "0.5", "1"],
    ]


def test_a_long_history_is_thinned_and_keeps_its_ends(run):
    store = run.make([({}, "finished", [float(i) for i in range(500)])])
    text = show_trial(store, run.folder / "run", "t0")
    assert "history (500 rows, attempt 1)" in text
    assert "\n    0    0     0\n" in text
    assert "\n  499  499   998" in text
    assert len(text.splitlines()) < 50


def test_many_channels_stand_below_one_another(run):
    names = tuple(f"channel_{i}" for i in range(94))
    rows = [tuple(float(i + epoch) for i in range(94)) for epoch in range(30)]
    store = run.make([({}, "finished", rows)], ("channel_0", "min"), channels=names)
    lines = show_trial(store, run.folder / "run", "t0").splitlines()
    (line,) = [line for line in lines if line.startswith("channel_93 ")]
    assert line.split()[1] == "93"
    assert line.split()[-1] == "122"
    assert max(map(len, lines)) <= 100


def test_history_shows_phases_and_a_channel_named_epoch():
    def row(phase, epoch, value):
        return Row("t", 1, phase, epoch, 1.0, ("epoch",), array("d", [value]).tobytes())

    table = history([row(0, 1, 7.0), row(1, 1, 8.0)])
    assert table.to_dict("list") == {"phase": [0, 1], "epoch": [1, 1], "channel.epoch": [7.0, 8.0]}


def test_attempts_before_the_newest_are_shown_too(run, store):
    device = Device("node2", 5)
    lost = AttemptEnded("t2", 1, AttemptState.LOST, 1020.0, message="its worker died")
    store.write(1, [lost, AttemptStarted("t2", 2, 3, device, 1021.0)])
    text = show_trial(store, run.folder / "run", "t2")
    assert "attempt 1: lost" in text
    assert "attempt 2: running" in text
    assert "its worker died" in text


def test_log_lines_are_the_trial_s_own(run, store):
    logs = run.folder / "run" / "logs"
    logs.mkdir()
    (logs / "worker-10.log").write_text("t1.a2| later\nt1.a2|\n")
    (logs / "worker-2.log").write_bytes(
        b"from C\nt1.a1| first\nt10.a1| not mine\nxt1.a1| nor this\nt1.a1| \xff\x1b[2J\n"
    )
    assert list(log_lines(run.folder / "run", "t1")) == [
        "a1| first",
        "a1| \ufffd\x1b[2J",
        "a2| later",
        "a2|",
    ]
    text = show_trial(store, run.folder / "run", "t1")
    assert "log (its last 4 lines)\na1| first\n" in text
    assert "\x1b" not in text


def test_show_of_an_unknown_trial_is_refused(run, store):
    with pytest.raises(InputError, match="TRIAL zz: no such trial"):
        show_trial(store, run.folder / "run", "zz")


def test_status_needs_no_pandas():
    code = "import sys, sweeper.report.status, sweeper.runs.find; print('pandas' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_the_time_in_which_no_driver_ran_is_not_counted(run):
    store = run.make([({"a": 1}, "pending", [0.5]), ({"a": 2}, "pending", [])])
    store.finish(
        1, Ending(EndKind.INTERRUPTED), 1020.0
    )  # after 20 s, an attempt from 1010 to 1012.5
    again = store.claim("node1", 78, 9000.0)
    device = Device("node1", 78)
    store.write(again, [AttemptStarted("t1", 1, 0, device, 9005.0)])
    found = status(store, now=9025.0, host="node1", lives=lambda pid: True)
    assert found.elapsed_s == pytest.approx(9025.0 - 1000.0 - (9005.0 - 1012.5))


def test_failures_that_say_the_same_are_one_line():
    failures = [("a", "dim is 0"), ("b", "oops"), ("c", "dim is 0"), ("d", "dim is 0")]
    assert failure_lines(alike(failures), "runs/one").splitlines() == [
        "  a and 2 more  dim is 0",
        "  b  oops",
        "  traceback and history: sweep show runs/one b",
    ]


def test_stopped_trials_are_counted_by_rule_and_show_says_why(run):
    why = "threshold: epoch 2: err is 9, above 5"
    store = run.make([({"lr": 1}, "stopped", [1.0, 9.0], why), ({"lr": 2}, "finished", [0.5])])
    assert "\nstopped   1 by a rule\n" in describe(status(store), "run")  # this one tells no name
    assert f"stopped  {why}" in show_trial(store, run.folder / "run", "t0")


@pytest.mark.parametrize("kind", [EndKind.INTERRUPTED, EndKind.CLUSTER])
def test_a_run_to_which_trials_are_still_to_come_says_how_to_go_on(run, kind):
    store = run.make([({"a": 1}, "finished", [1.0])])
    store.finish(1, Ending(kind, "no more"), 1060.0)
    found = replace(status(store, now=9000.0), to_come=3)
    assert ": sweep resume r)" in describe(found, "r").splitlines()[0]
    assert "sweep resume" not in describe(replace(found, to_come=0), "r")
