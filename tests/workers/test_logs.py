"""A worker's log and its tags."""

from __future__ import annotations

import os
import subprocess
import sys

from sweeper.records.text import LINE
from sweeper.workers.logs import LONGEST_LINE, TaggedStream


def stream(tmp_path):
    descriptor = os.open(tmp_path / "log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    tag = ["abc.a1"]
    return TaggedStream(descriptor, lambda: tag[0]), tag, tmp_path / "log"


def test_each_line_carries_the_tag_of_the_trial_that_printed_it(tmp_path):
    out, tag, log = stream(tmp_path)
    print("one\ntwo", file=out)
    tag[0] = ""
    print("between trials", file=out)
    assert log.read_text() == "abc.a1| one\nabc.a1| two\nbetween trials\n"


def test_a_line_printed_in_pieces_is_one_line(tmp_path):
    out, _, log = stream(tmp_path)
    out.write("loss ")
    out.write("0.5")
    out.flush()
    assert log.read_text() == ""
    out.write("\n")
    assert log.read_text() == "abc.a1| loss 0.5\n"


def test_a_progress_bar_that_never_ends_its_line_is_written_as_it_comes(tmp_path):
    out, _, log = stream(tmp_path)
    for percent in (0, 50, 100):
        out.write(f"\r{percent} %")
    assert log.read_text() == "abc.a1| 0 %\nabc.a1| 50 %\n"
    out.write("\n")
    print("one\r\n\r\ntwo", file=out)
    assert log.read_text().splitlines()[2:] == [
        f"abc.a1| {end}" for end in ("100 %", "one", "", "two")
    ]


def test_text_without_line_ends_does_not_gather(tmp_path):
    out, _, log = stream(tmp_path)
    for _ in range(1000):
        out.write("." * 100)
    out.flush_line()
    lines = log.read_text().splitlines()
    assert sum(line.count(".") for line in lines) == 100_000 + len(lines)  # and one in each tag
    assert max(map(len, lines)) <= LONGEST_LINE + 100 + len("abc.a1| ")


def test_a_line_without_measure_keeps_its_head_and_its_tail_and_says_so(tmp_path):
    out, _, log = stream(tmp_path)
    print("head" + "x" * 20_000_000 + "tail", file=out)
    out.write("y" * 20_000_000)
    first, _, second = log.read_text().splitlines()
    assert first.startswith("abc.a1| headxxx")
    assert first.endswith("xtail")
    assert "characters left out" in first
    assert max(len(first), len(second)) < LINE + 100


def test_bytes_written_to_the_buffer_are_lines_too(tmp_path):
    out, _, log = stream(tmp_path)
    word = "é\n".encode()
    out.buffer.write(word[:1])
    out.buffer.write(word[1:])
    out.buffer.write(b"\xff no text\n")
    out.buffer.flush()
    assert log.read_text() == "abc.a1| é\nabc.a1| \\xff no text\n"


def test_a_line_without_an_end_keeps_its_own_trial_s_tag(tmp_path):
    out, tag, log = stream(tmp_path)
    out.write("no end")
    out.flush_line()
    tag[0] = "def.a1"
    print("next", file=out)
    assert log.read_text() == "abc.a1| no end\ndef.a1| next\n"


def test_text_that_is_no_unicode_does_not_stop_a_trial(tmp_path):
    out, _, log = stream(tmp_path)
    print("\ud800 é", file=out)
    assert log.read_text() == "abc.a1| \\ud800 é\n"


def test_a_disk_that_is_full_does_not_stop_a_trial():
    descriptor = os.open("/dev/full", os.O_WRONLY)
    print("lost", file=TaggedStream(descriptor, lambda: "abc.a1"))


def test_a_process_s_whole_output_goes_to_its_log(tmp_path):
    code = """
import logging, os, sys
from pathlib import Path
from sweeper.records.text import LINE
from sweeper.workers.logs import WorkerLog
log = WorkerLog()
log.take_over(Path(sys.argv[1]))
log.tag = "abc.a1"
print("from Python")
logging.getLogger("x").warning("from logging")
os.write(2, b"from C\\n")
print("no end", end="")
log.tag = ""
print("after")
os.system("echo from a child")
"""
    path = tmp_path / "logs" / "worker-0.log"
    done = subprocess.run(
        [sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True
    )
    assert done.stdout == done.stderr == ""
    lines = path.read_text().splitlines()
    assert lines == [
        "abc.a1| from Python",
        "abc.a1| from logging",
        "from C",
        "abc.a1| no end",
        "after",
        "from a child",
    ]
