"""templates/digits-kmeans.yaml.j2 against scikit-learn's KMeans."""

from __future__ import annotations

import csv
import io
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from sklearn.cluster import KMeans
from sklearn.datasets import load_digits

TEMPLATES = Path(__file__).parents[2] / "templates"
IMAGES = load_digits().data / 16
TRAIN, VALID = IMAGES[:1000], IMAGES[1000:1400]


def unseen(centres: np.ndarray) -> float:
    """Mean squared distance of validation digits to the nearest centre."""
    squares = np.square(VALID[:, None, :] - centres[None]).sum(axis=2)
    return float(squares.min(axis=1).mean())


def sweep(folder: Path, *arguments: str) -> str:
    command = [sys.executable, "-m", "sweeper", *arguments]
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, check=False, timeout=280
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_figures_in_its_comments_are_scikit_learns() -> None:
    text = (TEMPLATES / "digits-kmeans.yaml.j2").read_text()
    stated = {int(k): float(figure) for k, figure in re.findall(r"k = (\d+): ([\d.]+)", text)}
    assert list(stated) == [5, 10, 20, 40]
    for k, figure in stated.items():
        best = KMeans(k, n_init=20, random_state=0).fit(TRAIN)
        assert unseen(best.cluster_centers_) == pytest.approx(figure, abs=0.03)


@pytest.mark.slow
def test_each_trial_ends_where_scikit_learn_ends_from_the_same_centres(tmp_path: Path) -> None:
    shutil.copytree(TEMPLATES, tmp_path, dirs_exist_ok=True)
    sweep(tmp_path, "launch", "digits-kmeans.yaml.j2", "--out", "run")
    table = list(csv.DictReader(io.StringIO(sweep(tmp_path, "report", "run", "--format", "csv"))))
    assert [row["state"] for row in table] == ["finished"] * 12
    for row in table:
        k, rng = int(row["k"]), np.random.RandomState(int(row["seed"]))
        start = TRAIN[rng.randint(len(TRAIN), size=k)]
        other = KMeans(k, init=start, n_init=1, tol=0.0, max_iter=1000, algorithm="lloyd")
        other.fit(TRAIN)
        assert float(row["last"]) == pytest.approx(unseen(other.cluster_centers_), rel=1e-3)
