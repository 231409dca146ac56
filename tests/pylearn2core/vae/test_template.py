"""templates/digits-vae.yaml.j2 in a real sweep: the figures in its header are what comes out."""

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
from sklearn.datasets import load_digits

TEMPLATE = Path(__file__).parents[3] / "templates" / "digits-vae.yaml.j2"


def stated() -> tuple[float, float]:
    """(nats of the best trial, nats of independent pixels) in the header."""
    header = " ".join(line.lstrip("# ") for line in TEMPLATE.read_text().splitlines()[:5])
    best, independent = re.findall(r"\d+\.\d", header)
    return float(best), float(independent)


def sweep(folder: Path, *arguments: str) -> str:
    command = [sys.executable, "-m", "sweeper", *arguments]
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, check=False, timeout=280
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_figure_for_independent_pixels_is_numpys() -> None:
    pixels = load_digits().data / 16
    p = np.clip(pixels[:1000].mean(axis=0), 1e-3, 1 - 1e-3)
    unseen = pixels[1000:1400]
    nats = -(unseen * np.log(p) + (1 - unseen) * np.log(1 - p)).sum(axis=1).mean()
    assert stated()[1] == pytest.approx(nats, abs=0.05)


@pytest.mark.slow
def test_the_best_trial_reaches_what_the_header_says(tmp_path: Path) -> None:
    shutil.copy(TEMPLATE, tmp_path)
    sweep(tmp_path, "launch", TEMPLATE.name, "--out", "run")
    table = list(csv.DictReader(io.StringIO(sweep(tmp_path, "report", "run", "--format", "csv"))))
    assert [row["state"] for row in table] == ["finished"] * 12
    best, independent = stated()
    reached = [float(row["best"]) for row in table]
    assert min(reached) == pytest.approx(best, abs=0.1)
    assert max(reached) < independent
    saved = sorted((tmp_path / "run" / "trials").glob("*/*/vae.pkl"))
    assert len(saved) == 12
