"""The templates of deeper networks: their figures, and those of scikit-learn's MLPClassifier."""

from __future__ import annotations

import csv
import io
import re
import shutil
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.special import expit
from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier

from pylearn2core.utils import serial

TEMPLATES = Path(__file__).parents[2] / "templates"
IMAGES, DIGITS = load_digits(return_X_y=True)
TRAIN, VALID = slice(0, 1000), slice(1000, 1400)
# What each template's comment says of scikit-learn's net.
OTHERS: dict[str, dict[str, Any]] = {
    "digits-maxout-dropout": {
        "hidden_layer_sizes": (100,),
        "activation": "relu",
        "learning_rate_init": 0.1,
        "max_iter": 60,
    },
    "digits-stacked-denoising": {
        "hidden_layer_sizes": (100, 100),
        "activation": "logistic",
        "learning_rate_init": 0.2,
        "max_iter": 40,
    },
}
TRIALS = {"digits-maxout-dropout": 6, "digits-stacked-denoising": 4}


def stated(name: str) -> tuple[float, float]:
    """(the template's error, scikit-learn's), as the template's comment has them."""
    lines = (TEMPLATES / f"{name}.yaml.j2").read_text().splitlines()
    found = [re.search(r": +([\d.]+) %$", line) for line in lines]
    ours, theirs = (float(match[1]) / 100 for match in found if match)
    return ours, theirs


def scikit_learns_error(**kwargs: Any) -> float:
    errors = []
    for seed in range(3):
        net = MLPClassifier(
            solver="sgd",
            momentum=0.9,
            batch_size=50,
            alpha=0,
            tol=0,
            n_iter_no_change=1000,
            random_state=seed,
            **kwargs,
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            net.fit(IMAGES[TRAIN] / 16, DIGITS[TRAIN])
        errors.append(1 - net.score(IMAGES[VALID] / 16, DIGITS[VALID]))
    return float(np.mean(errors))


def sweep(folder: Path, *arguments: str) -> str:
    command = [sys.executable, "-m", "sweeper", *arguments]
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, check=False, timeout=280
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.slow
@pytest.mark.parametrize("name", OTHERS)
def test_the_figure_in_its_comment_is_scikit_learns(name: str) -> None:
    assert scikit_learns_error(**OTHERS[name]) == pytest.approx(stated(name)[1], abs=0.005)


@pytest.mark.slow
@pytest.mark.parametrize("name", OTHERS)
def test_it_reaches_the_error_in_its_comment(name: str, tmp_path: Path) -> None:
    shutil.copytree(TEMPLATES, tmp_path, dirs_exist_ok=True)
    sweep(tmp_path, "launch", f"{name}.yaml.j2", "--out", "run")
    table = list(csv.DictReader(io.StringIO(sweep(tmp_path, "report", "run", "--format", "csv"))))
    assert [row["state"] for row in table] == ["finished"] * TRIALS[name]
    ours, theirs = stated(name)
    assert float(table[0]["best"]) == pytest.approx(ours, abs=0.0075)
    assert max(float(row["last"]) for row in table) < theirs + 0.01
    assert float(table[0]["best"]) < theirs


@pytest.mark.slow
def test_the_last_phase_starts_from_what_the_first_two_saved(tmp_path: Path) -> None:
    shutil.copytree(TEMPLATES, tmp_path, dirs_exist_ok=True)
    options = ["-D", "pretraining_epochs=2", "-D", "max_epochs=0"]
    sweep(tmp_path, "launch", "digits-stacked-denoising.yaml.j2", *options, "--out", "run")
    table = sweep(tmp_path, "report", "run", "--format", "csv")
    errors = {row["trial"]: float(row["last"]) for row in csv.DictReader(io.StringIO(table))}
    assert len(errors) == TRIALS["digits-stacked-denoising"]
    # Pylearn2's first weights of a softmax, by the seed that an MLP has by default.
    above = np.random.RandomState([2013, 1, 4]).uniform(-0.01, 0.01, (100, 10))
    for trial, error in errors.items():
        hidden = IMAGES[VALID] / 16
        for name in ("first", "second"):
            saved = serial.load(tmp_path / "run" / "trials" / trial / "a1" / f"{name}.pkl")
            hidden = expit(hidden @ saved.get_weights() + saved.hidbias.get_value())
        wrong = np.argmax(hidden @ above, axis=1) != DIGITS[VALID]
        assert error == pytest.approx(wrong.mean(), abs=0.006)  # two digits in 400, for float32
