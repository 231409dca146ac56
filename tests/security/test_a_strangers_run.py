"""Reading a run that somebody else made starts no program, reaches no address, loads no code."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from sweeper import driver
from sweeper import spec as specs
from sweeper.host.folders import state_folder
from sweeper.launchers.remote.driver import remote_dir_in
from sweeper.records import Placed
from sweeper.records.errors import DamageError, InputError
from sweeper.runs.folder import RunFolder
from sweeper.runs.placed import read_placed, write_placed

HOOKED = Path(__file__).with_name("hooked.py")
SPEC = "sweep:\n  name: s\n  grid: {x: [1, 2]}\n---\n!obj:evil.Trial { x: {{ x }} }\n"
RAY_UP = "cluster_name: j\nprovider: {type: external, module: evil.Provider}\nauth: {ssh_user: u}\n"
CLOUD = "kind: cloud\nprovider: aws\nregion: r\n"
ADDRESS = "http://127.0.0.1:9"  # nobody listens there
# What such a folder may say, with every field that once led out of it.
STRANGERS = {
    "cloud": {"kind": "cloud", "job": "j", "cluster_file": CLOUD, "facts": {"ray_up": RAY_UP}},
    "token": {
        "kind": "ray",
        "job": "j",
        "address": ADDRESS,
        "cluster_file": f"kind: ray\naddress: {ADDRESS}\ntoken_path: /etc/hostname\n",
    },
    "results": {"kind": "ray", "job": "j", "facts": {"results": f"{ADDRESS}/results"}},
    "kubernetes": {"kind": "kubernetes", "job": "j", "cluster_file": "kind: kubernetes\n"},
    "slurm": {"kind": "slurm", "job": "7", "cluster_file": "kind: slurm\n"},
    "unknown": {"kind": "nosuch", "job": "j", "cluster_file": "kind: nosuch\n"},
    "local": {"kind": "local", "job": "1", "cluster_file": f"kind: local\ndata: {ADDRESS}/d\n"},
}
COMMANDS = (["status"], ["report"], ["show"], ["watch"], ["stop"], ["fetch"], ["down"])


def made(folder: Path) -> Path:
    """A run that no driver has driven, with a module beside it that must not be loaded."""
    folder.mkdir()
    spec_path = folder / "grid.yaml.j2"
    spec_path.write_text(SPEC)
    (folder / "evil.py").write_text("raise SystemExit('loaded')\n")
    spec = specs.load(spec_path, {})
    run_dir = folder / "run"
    driver.create(spec, specs.expand(spec), run_dir)
    return run_dir


def hooked(cwd: Path, *commands: list[str]) -> tuple[list[dict[str, object]], str]:
    """What the hook saw of each command, and all that they printed."""
    done = subprocess.run(
        [sys.executable, str(HOOKED), str(cwd), json.dumps(commands)],
        cwd=cwd,
        capture_output=True,
        text=True,
        check=True,
        timeout=250,
    )
    return json.loads(done.stdout.splitlines()[-1]), done.stdout + done.stderr


@pytest.mark.parametrize("stranger", STRANGERS)
def test_looking_at_a_stranger_s_run_runs_nothing_and_sends_nothing(tmp_path, stranger):
    run_dir = made(tmp_path / "s")
    note = {"started": 5.0, "run": "0" * 32, **STRANGERS[stranger]}
    RunFolder(run_dir).placed.write_text(json.dumps(note))
    found, _ = hooked(run_dir.parent, *([*command, str(run_dir)] for command in COMMANDS))
    assert [(one["seen"], one["loaded"]) for one in found] == [([], [])] * len(COMMANDS)
    codes = {words[0]: one["code"] for words, one in zip(COMMANDS, found, strict=True)}
    assert [codes[name] for name in ("status", "report", "show", "watch")] == [0, 0, 0, 3]


def test_what_would_reach_out_is_refused_for_a_stranger_s_run(tmp_path):
    run_dir = made(tmp_path / "s")
    note = {"started": 5.0, "tasks": 0, **STRANGERS["slurm"]}
    RunFolder(run_dir).placed.write_text(json.dumps(note))
    words = ["stop"], ["down"], ["resume"], ["status"]
    found, said = hooked(run_dir.parent, *([*one, str(run_dir)] for one in words))
    assert [one["code"] for one in found] == [2, 2, 2, 0]
    assert [one["seen"] for one in found] == [[]] * 4
    refusal = "slurm job 7: not asked, for this run was not launched from here by you"
    assert said.count(refusal) == 4  # status says it, and tells what the files say all the same
    assert "2 pending" in said


def test_the_hook_sees_what_is_asked_of_one_s_own_run(tmp_path):
    run_dir = made(tmp_path / "s")
    text = f"kind: ray\naddress: {ADDRESS}\n"
    write_placed(run_dir, Placed("ray", "j", ADDRESS, cluster_file=text, started=5.0))
    ((found,), _) = hooked(run_dir.parent, ["status", str(run_dir)])
    assert any("127.0.0.1" in event for event in found["seen"])  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "job", ["--kubeconfig=/x", "-f", "a b", "../../x", "", "a\n", "x" * 300, 7, None, ["a"]]
)
def test_a_job_that_is_no_name_is_told_and_goes_nowhere(tmp_path, job):
    note = {"kind": "kubernetes", "job": job, "started": 5.0}
    RunFolder(tmp_path).placed.write_text(json.dumps(note))
    with pytest.raises(DamageError, match=r"placed\.json: damaged.*\(job is not a name\)"):
        read_placed(tmp_path)


OWN = Placed("slurm", "7", cluster_file="kind: slurm\n", started=5.0)


def test_a_note_that_names_another_job_than_the_user_s_record_is_not_believed(tmp_path):
    write_placed(tmp_path, OWN)
    note = json.loads(RunFolder(tmp_path).placed.read_text())
    RunFolder(tmp_path).placed.write_text(json.dumps({**note, "job": "8"}))
    found = read_placed(tmp_path)
    assert found is not None
    assert (found.job, found.is_own, found.cluster_file) == ("8", False, "")


def test_a_copied_note_is_not_the_run_and_a_moved_folder_is(tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "copy").mkdir()
    write_placed(tmp_path / "run", OWN)
    note = RunFolder(tmp_path / "run").placed.read_text()
    RunFolder(tmp_path / "copy").placed.write_text(note)
    copied = read_placed(tmp_path / "copy")
    assert copied is not None
    assert (copied.is_own, copied.cluster_file) == (False, "")
    (tmp_path / "run").rename(tmp_path / "moved")
    assert read_placed(tmp_path / "moved") == OWN


@pytest.mark.parametrize(
    ("kind", "job"), [("MyCloud", "1"), ("slurm", "projects/x"), ("ray", "-f")]
)
def test_a_launcher_s_job_that_could_not_be_found_again_is_refused(tmp_path, kind, job):
    with pytest.raises(InputError, match="no kind and job to find a run again by"):
        write_placed(tmp_path, Placed(kind, job))
    assert not RunFolder(tmp_path).placed.exists()


def test_a_confined_run_of_this_machine_is_not_let_loose_without_its_record(tmp_path):
    write_placed(tmp_path, Placed("local", "1", cluster_file="kind: local\ncpus: 1\n"))
    found = read_placed(tmp_path)
    assert found is not None
    assert (found.is_own, found.cluster_file) == (True, "kind: local\ncpus: 1\n")
    note = json.loads(RunFolder(tmp_path).placed.read_text())
    RunFolder(tmp_path).placed.write_text(json.dumps({**note, "run": "0" * 32}))
    found = read_placed(tmp_path)
    assert found is not None
    assert not found.is_own


@pytest.mark.parametrize("started", ["1" * 400, '"x"', "null", "[]", "1e999"])
def test_a_start_that_is_no_time_is_told(tmp_path, started):
    text = f'{{"kind": "slurm", "job": "7", "started": {started}}}'
    RunFolder(tmp_path).placed.write_text(text)
    with pytest.raises(DamageError, match=r"placed\.json: damaged, .*can't be read"):
        read_placed(tmp_path)


def test_the_folder_of_a_run_keeps_nothing_that_leads_to_a_program_or_an_address(tmp_path):
    run_dir = made(tmp_path / "s")
    write_placed(
        run_dir,
        Placed("cloud", "j", "aws r", "~/x", CLOUD, started=5.0, facts={"ray_up": RAY_UP}),
    )
    kept = json.loads(RunFolder(run_dir).placed.read_text())
    assert set(kept) == {"run", "kind", "job", "started", "tasks", "has_record"}
    again = read_placed(run_dir)
    assert again is not None
    assert again.facts["ray_up"] == RAY_UP
    assert again.is_own


def test_a_damaged_note_keeps_status_from_nothing_that_the_store_says(tmp_path):
    run_dir = made(tmp_path / "s")
    RunFolder(run_dir).placed.write_bytes(b"\xff")
    ((found,), said) = hooked(run_dir.parent, ["status", str(run_dir)])
    assert (found["code"], found["seen"]) == (0, [])
    assert "trials    2: 2 pending" in said
    assert "placed.json: damaged" in said


@pytest.mark.parametrize("odd", ["fifo", "too large", "folder"])
def test_a_note_that_is_no_small_plain_file_is_told_at_once(tmp_path, odd):
    path = RunFolder(tmp_path).placed
    if odd == "fifo":
        os.mkfifo(path)
    elif odd == "folder":
        path.mkdir()
    else:
        path.write_bytes(b" " * (2 << 20))
    with pytest.raises(DamageError, match=r"not a plain file|more than 1048576 bytes"):
        read_placed(tmp_path)


def test_a_damaged_record_of_the_user_s_own_is_told_by_its_own_name(tmp_path):
    write_placed(tmp_path, OWN)
    run = json.loads(RunFolder(tmp_path).placed.read_text())["run"]
    record = state_folder() / "runs" / f"{run}.json"
    record.write_text(json.dumps({**json.loads(record.read_text()), "facts": {"tasks": 3}}))
    with pytest.raises(DamageError, match=rf"{run}\.json: damaged.*no text where one is expected"):
        read_placed(tmp_path)


# ------------------------------------------------------------------ adopting
SLURM = "kind: slurm\nform: allocation\nnodes: 1\n"


def strangers(run_dir: Path, **note: object) -> None:
    """The folder's note, as another user's launch left it."""
    told = {"started": 5.0, "run": "0" * 32, "has_record": True, **note}
    RunFolder(run_dir).placed.write_text(json.dumps(told))


def test_a_run_is_adopted_by_the_user_s_own_file_and_nothing_of_the_folder_but_the_job(tmp_path):
    run_dir = made(tmp_path / "s")
    strangers(run_dir, kind="slurm", job="7", cluster_file="kind: evil", address=ADDRESS)
    (tmp_path / "mine.yaml").write_text(SLURM)
    words = ["adopt", str(run_dir), "--on", str(tmp_path / "mine.yaml")]
    found, said = hooked(run_dir.parent, words, words)
    assert [(one["code"], one["seen"], one["loaded"]) for one in found] == [(0, [], [])] * 2
    assert "is asked about as slurm job 7 from now on" in said
    assert "is yours already" in said
    placed = read_placed(run_dir)
    assert placed is not None
    assert (placed.is_own, placed.job, placed.cluster_file) == (True, "7", SLURM)
    assert (placed.address, dict(placed.facts)) == ("", {"form": "allocation"})


def test_a_run_in_parts_is_adopted_with_its_parts(tmp_path):
    run_dir = made(tmp_path / "s")
    strangers(run_dir, kind="slurm", job="7", tasks=3)
    (tmp_path / "mine.yaml").write_text(SLURM)
    hooked(run_dir.parent, ["adopt", str(run_dir), "--on", str(tmp_path / "mine.yaml")])
    placed = read_placed(run_dir)
    assert placed is not None
    assert dict(placed.facts) == {"tasks": "3", "form": "array"}


@pytest.mark.parametrize(
    ("kind", "on", "told"),
    [
        ("slurm", None, "Name your own cluster file for it"),
        ("slurm", "kind: local\ncpus: 1\n", "is of kind local, and the run is slurm job 7"),
        ("kubernetes", "kind: kubernetes\nimage: x\n", "can't be found again by a cluster file"),
    ],
)
def test_what_can_t_be_adopted_is_told_and_stays_a_stranger_s(tmp_path, capsys, kind, on, told):
    run_dir = made(tmp_path / "s")
    strangers(run_dir, kind=kind, job="7")
    words = ["adopt", str(run_dir)]
    if on is not None:
        (tmp_path / "mine.yaml").write_text(on)
        words += ["--on", str(tmp_path / "mine.yaml")]
    found, said = hooked(run_dir.parent, words)
    assert (found[0]["code"], found[0]["seen"]) == (2, [])
    assert told in said
    noted = read_placed(run_dir)
    assert noted is not None
    assert not noted.is_own


def test_a_copy_of_one_s_own_run_is_adopted_without_a_file_and_the_first_stays_too(tmp_path):
    run_dir = made(tmp_path / "s")
    write_placed(run_dir, OWN)
    copy = tmp_path / "s" / "copy"
    shutil.copytree(run_dir, copy)
    ((found,), _) = hooked(tmp_path / "s", ["adopt", str(copy)])
    assert found["code"] == 0
    assert read_placed(copy) == read_placed(run_dir) == OWN


def test_a_confined_run_of_this_machine_is_adopted_without_a_file(tmp_path):
    run_dir = made(tmp_path / "s")
    strangers(run_dir, kind="local", job="1")
    ((found,), _) = hooked(run_dir.parent, ["adopt", str(run_dir)])
    assert found["code"] == 0
    placed = read_placed(run_dir)
    assert placed is not None
    assert placed.is_own


@pytest.mark.parametrize(
    ("command", "folder"),
    [
        (
            "python -m sweeper launch g.yaml.j2 -D a=1 --workers 2 --out '/h/my sweeps/j'",
            "/h/my sweeps/j",
        ),
        ("fetch && python -m sweeper resume /h/j --workers 2", "/h/j"),
        ("python -m sweeper.launchers.remote.on_head send /h/j", ""),
        ("rm -rf /h", ""),
        ("python -m sweeper", ""),
        ("'", ""),
    ],
)
def test_a_driver_s_command_says_where_its_run_is(command, folder):
    assert remote_dir_in(command) == folder
