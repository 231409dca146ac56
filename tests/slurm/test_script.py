"""The batch script as text, and what is refused before SLURM is asked. No SLURM is needed."""

from __future__ import annotations

import shlex
import socket
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from sweeper.launchers.base import DriverOrder
from sweeper.launchers.cluster_file import loads
from sweeper.launchers.slurm import SlurmLauncher, checks, host, progress, queue, script
from sweeper.launchers.slurm.config import SlurmConfig
from sweeper.records import Checkpointing, Placed, Resources, SweepSpec
from sweeper.records.errors import InputError
from sweeper.runs.control import take_control
from sweeper.runs.placed import TASKS, write_placed

ODD = Path("/shared/it's a %folder $(touch x)/run")


def order(folder: Path = Path("/shared/run"), workers: int | None = None, **header) -> DriverOrder:
    return DriverOrder(
        run_dir=folder,
        spec_path=Path("/shared/grid.yaml.j2"),
        defines={},
        header=SweepSpec(**{"name": "digits", **header}),
        trials=12,
        workers=workers,
        has_folder=True,
    )


def config(**keys) -> SlurmConfig:
    return SlurmConfig(path=Path("slurm.yaml"), text="kind: slurm\n", **keys)


def asked(text: str) -> list[str]:
    """What sbatch makes of the script's lines: it reads quotes as a shell does."""
    lines = [line.removeprefix("#SBATCH ") for line in text.splitlines() if "#SBATCH" in line[:7]]
    return [word for line in lines for word in shlex.split(line)]


def test_every_key_of_the_cluster_file_is_asked_of_slurm():
    made = loads(
        "kind: slurm\nnodes: 2\ngpus_per_node: 4\ncpus_per_node: 8\nmemory_per_node: 16G\n"
        'time: "1-12:30:00"\npartition: gpu\naccount: vision\nqos: high\nconstraint: a100|h100\n',
        "slurm.yaml",
    )
    found = asked(script.text(order(), made))
    assert found == [
        "--job-name=digits",
        "--output=/shared/run/logs/slurm-%j.log",
        "--open-mode=append",
        "--signal=B:USR1@120",
        "--nodes=2",
        "--ntasks-per-node=1",
        "--cpus-per-task=8",
        "--gres=gpu:4",
        "--mem=16384M",
        "--time=1-12:30:00",
        "--partition=gpu",
        "--account=vision",
        "--qos=high",
        "--constraint=a100|h100",
        "--requeue",
        "--no-kill",
    ]


def test_an_array_asks_for_one_node_a_task():
    found = asked(script.text(order(), config(form="array", tasks=3)))
    assert "--array=0-2" in found
    assert "--nodes=1" in found
    assert "--no-kill" not in found


def test_an_array_has_no_more_tasks_than_trials_and_is_divided_as_before_where_it_goes_on():
    wide = config(form="array", tasks=5000)
    text = script.text(order(), wide)  # of 12 trials
    assert "--array=0-11" in asked(text)
    assert '--part "$SLURM_ARRAY_TASK_ID/12"' in text
    assert "# 12 tasks, not 5000: there are no more trials to share." in text
    before = Placed("slurm", "7", facts={TASKS: "12", "form": "array"})
    again = script.text(replace(order(), trials=3, before=before), wide)
    assert "--array=0-11" in asked(again)  # whose trials are left is not known here


@pytest.mark.parametrize(
    ("said", "most"),
    [("MaxArraySize            = 4\n", 4), ("MaxArraySize = 12\n", None), ("nothing\n", None)],
)
def test_an_array_above_the_site_s_limit_is_refused_with_the_number(monkeypatch, said, most):
    monkeypatch.setattr(queue, "call", lambda *words: f"Configuration data\n{said}SlurmUser = x\n")
    made = order(), config(form="array", tasks=12)
    if most is None:
        checks.check_site(*made)
        return
    with pytest.raises(
        InputError, match=rf"array of 12 tasks .* at most {most} .*tasks: {most} or"
    ):
        checks.check_site(*made)


@pytest.mark.parametrize("form", ["allocation", "array"])
def test_whatever_the_names_are_bash_reads_one_word_each(form, tmp_path):
    text = script.text(
        order(ODD, name="a 'b' $(touch x)"),
        config(form=form, data="/data/my $set", setup=("module load cuda  # verbatim",)),
        python="/opt/my python/bin/python",
    )
    assert "--job-name=a 'b' $(touch x)" in asked(text)
    assert f"--output={str(ODD).replace('%', '%%')}/logs/slurm-%j.log" in asked(text)
    assert "\nmodule load cuda  # verbatim\n" in text
    (tmp_path / "job.sh").write_text(text)
    subprocess.run(["bash", "-n", str(tmp_path / "job.sh")], check=True)
    values = text[: text.index("# `setup`")] + '\nprintf "%s\\n" "$run" "$python" "$data"'
    shown = subprocess.run(
        ["bash", "-c", values], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    assert shown.stdout.splitlines() == [str(ODD), "/opt/my python/bin/python", "/data/my $set"]
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize(
    ("resources", "gpus", "expected"),
    [
        (Resources(cpus=2, gpus=1), 4, ["--cpus-per-task=8"]),
        (Resources(cpus=3), 0, ["--cpus-per-task=3"]),
        (Resources(), 0, []),
    ],
)
def test_without_cpus_per_node_every_worker_has_its_cores(resources, gpus, expected):
    found = asked(script.text(order(resources=resources), config(gpus_per_node=gpus)))
    assert [word for word in found if word.startswith("--cpus")] == expected


def test_the_users_own_sbatch_lines_come_last_and_as_they_are():
    text = script.text(order(), config(sbatch=("--mail-type=END  --exclusive", "--time=5")))
    assert "\n#SBATCH --mail-type=END  --exclusive\n#SBATCH --time=5\n" in text
    assert asked(text)[-3:] == ["--mail-type=END", "--exclusive", "--time=5"]


def test_the_script_says_what_is_saved():
    assert "no checkpoint_every" in script.text(order(), config())
    saved = script.text(order(checkpoint=Checkpointing(epochs=5)), config())
    assert "saved every 5 epochs." in saved.splitlines()[1]


@pytest.mark.parametrize(
    ("time_s", "expected"), [(None, 120), (60, 12), (30, 10), (300, 60), (86_400, 120)]
)
def test_slurm_warns_in_time(time_s, expected):
    assert script.warning_s(config(time_s=time_s)) == expected


def test_only_an_order_with_workers_passes_them_on():
    assert "\noptions=(--workers 3)\n" in script.text(order(workers=3), config())
    assert "\noptions=()\n" in script.text(order(), config())


def test_that_changed_code_is_fine_reaches_the_driver_in_the_job():
    allowed = replace(order(), code_changed_ok=True)
    assert "\noptions=(--code-changed-ok)\n" in script.text(allowed, config())


# ------------------------------------------------------------------ refused before SLURM is asked
@pytest.mark.parametrize(
    ("header", "keys", "message"),
    [
        (
            {"resources": Resources(gpus=2)},
            {"gpus_per_node": 1},
            "gpus_per_node is 1, but a worker",
        ),
        (
            {"resources": Resources(cpus=8)},
            {"cpus_per_node": 4},
            "cpus_per_node is 4, but a worker",
        ),
        ({"workers": 9}, {"cpus_per_node": 4, "nodes": 2}, "9 were asked for, but .* room for 8"),
        (
            {"max_failures": 3},
            {"form": "array", "tasks": 2},
            "max_failures: .*no task of a job array sees",
        ),
    ],
)
def test_an_order_that_can_not_be_met_is_refused_at_once(header, keys, message):
    with pytest.raises(InputError, match=message):
        SlurmLauncher(config(**keys)).describe(order(**header))


def test_without_sbatch_on_this_machine_the_user_is_told_where_to_go(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(InputError, match=r"there is no `sbatch` on this machine.* login node"):
        SlurmLauncher(config()).submit(order(tmp_path))


def test_a_job_inherits_neither_the_job_of_its_shell_nor_what_would_override_the_file():
    environ = {
        "SLURM_JOB_ID": "1",
        "SLURM_CONF": "/c",
        "SBATCH_PARTITION": "p",
        "SBATCH_TIMELIMIT": "1",
        "SBATCH_ACCOUNT": "a",
        "HOME": "/h",
    }
    given = [name for name, _ in script.asked(order(), config(partition="gpu", time_s=60))]
    kept = queue.submission_environ(environ, given)
    assert kept == {"SLURM_CONF": "/c", "SBATCH_ACCOUNT": "a", "HOME": "/h"}


# ------------------------------------------------------------------ what SLURM says
PENDING = queue.Line("PENDING", "Resources", "", "0")
RUNNING = queue.Line("RUNNING", "None", "node[1-2]", "0")
FAILED = queue.Line("FAILED", "NonZeroExitCode", "node1", "3")


@pytest.mark.parametrize(
    ("lines", "state", "words"),
    [
        ([PENDING], "waiting", "SLURM's job 7 waits in the queue (Resources)"),
        ([RUNNING], "running", "SLURM's job 7 runs on node[1-2]"),
        ([FAILED], "over", "SLURM's job 7 is over (FAILED, exit code 3)"),
        ([PENDING, RUNNING], "running", "SLURM's job 7 runs on node[1-2]; waiting tasks: 1"),
        ([], "over", "SLURM no longer knows job 7"),
    ],
)
def test_a_job_is_summed_up_with_slurms_own_reason(lines, state, words):
    job = queue.sum_up("7", lines)
    assert (job.state, job.words) == (state, words)


def test_slurms_complaints_become_one_line():
    said = (
        "sbatch: error: invalid partition specified: x\nsbatch: error: Batch job submission failed"
    )
    assert queue.own_words(said) == "invalid partition specified: x; Batch job submission failed"


# ------------------------------------------------------------------ inside of the job
def test_ports_for_ray_are_free_and_different():
    ports = host.free_ports(8)
    assert len(set(ports)) == 8
    for port in ports:
        with socket.socket() as one:
            one.bind(("", port))


def test_a_run_goes_back_into_the_queue_until_three_starts_reach_nothing_new():
    note = progress.fruitless({}, 10)
    note = progress.fruitless(note, 12)
    for count in (1, 2, 3):
        note = progress.fruitless(note, 12)
        assert note == {"reached": 12, "fruitless": count}
    assert progress.FRUITLESS_STARTS == 3
    assert progress.fruitless(note, 13)["fruitless"] == 0


def test_the_first_start_counts_where_it_reached_nothing():
    assert progress.fruitless({}, 0) == {"reached": 0, "fruitless": 1}
    assert progress.fruitless({}, 5) == {"reached": 5, "fruitless": 0}


def test_trials_of_an_array_are_told_to_every_task_and_the_answer_names_them(tmp_path, monkeypatch):
    running = [queue.Line("RUNNING", "None", "n1", ""), queue.Line("PENDING", "Resources", "", "")]
    monkeypatch.setattr(queue, "look", lambda job: running)
    placed = Placed("slurm", "7", facts={"form": "array", TASKS: "2"})
    write_placed(tmp_path, placed)
    said = SlurmLauncher(config(form="array", tasks=2)).stop(placed, tmp_path, ("ab", "cd"))
    assert said == "SLURM's job 7: the drivers were asked to end ab, cd"
    for number in "01":
        (asked,) = take_control(tmp_path / "parts" / number)
        assert asked.trials == ("ab", "cd")
