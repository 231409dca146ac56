"""The files by which a run is found again and its driver is asked."""

from __future__ import annotations

import os

import pytest

from sweeper.records import Placed
from sweeper.records.errors import DamageError, InputError
from sweeper.runs.control import Asked, send_control, take_control
from sweeper.runs.folder import RunFolder
from sweeper.runs.placed import TASKS, read_placed, write_placed


def test_where_a_run_was_put_comes_back_as_it_was_and_is_the_user_s_alone(tmp_path):
    placed = Placed(
        "slurm", "12", "here", "/there", "kind: slurm\n", started=5.5, facts={"form": "array"}
    )
    write_placed(tmp_path, placed)
    assert read_placed(tmp_path) == placed
    assert RunFolder(tmp_path).placed.stat().st_mode & 0o077 == 0


def test_a_run_that_was_put_nowhere_has_no_place(tmp_path):
    assert read_placed(tmp_path) is None


@pytest.mark.parametrize("text", ["", "[]", '{"kind": "slurm"}', '{"nosuch": 1}'])
def test_a_damaged_note_is_told(tmp_path, text):
    RunFolder(tmp_path).placed.write_text(text)
    with pytest.raises(DamageError, match=r"placed\.json: damaged.*can't be read.*sweep launch"):
        read_placed(tmp_path)


def test_what_is_asked_is_taken_once_and_in_order(tmp_path):
    send_control(tmp_path, "stop", ("b", "a"))
    send_control(tmp_path, "stop")
    assert take_control(tmp_path) == [
        Asked("stop", ("b", "a")),
        Asked("stop", ()),
    ]
    assert take_control(tmp_path) == []


def test_what_cannot_be_read_is_dropped(tmp_path):
    send_control(tmp_path, "stop")
    (tmp_path / "control" / "0.json").write_text("{")
    (tmp_path / "control" / "1.json").write_text('{"command": "stop"}')
    assert take_control(tmp_path) == [Asked("stop", ())]
    assert list((tmp_path / "control").iterdir()) == []


def test_every_part_of_a_run_is_asked(tmp_path):
    for number in "01":
        (tmp_path / "parts" / number).mkdir(parents=True)
    send_control(tmp_path, "stop")
    for number in "01":
        assert take_control(tmp_path / "parts" / number) == [Asked("stop", ())]
    assert take_control(tmp_path) == []


def test_a_part_whose_task_still_waits_is_asked_too(tmp_path):
    (tmp_path / "parts" / "0").mkdir(parents=True)
    (tmp_path / "parts" / ".1-new").mkdir()
    write_placed(tmp_path, Placed("slurm", "12", facts={TASKS: "3"}))
    send_control(tmp_path, "stop", ("a",))
    assert sorted(path.name for path in (tmp_path / "parts").iterdir()) == [".1-new", *"012"]
    for number in "012":
        assert take_control(tmp_path / "parts" / number) == [Asked("stop", ("a",))]


def test_a_folder_that_cannot_be_written_is_told(tmp_path):
    (tmp_path / "control").write_text("")
    with pytest.raises(InputError, match="the driver can't be asked"):
        send_control(tmp_path, "stop")


def test_what_is_asked_by_something_that_is_no_file_is_dropped(tmp_path):
    send_control(tmp_path, "stop", ("a",))
    control = RunFolder(tmp_path).control
    os.mkfifo(control / "a.json")
    (control / "b.json").mkdir()
    (control / "c.json").write_bytes(b"[" * 100_000)
    assert take_control(tmp_path) == [Asked("stop", ("a",))]
