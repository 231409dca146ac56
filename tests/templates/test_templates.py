"""The templates do what their headers say, in real sweeps, beside other implementations."""

from __future__ import annotations

import csv
import importlib.util
import io
import json
import shutil
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import BernoulliRBM
from sklearn.svm import SVC

from sweeper.report.summary import values
from sweeper.runs.open import open_to_read

ROOT = Path(__file__).parents[2]
TRIALS = {
    "digits-conv": 6,
    "digits-halving": 27,
    "digits-kmeans": 12,
    "digits-logistic-regression": 24,
    "digits-maxout-dropout": 6,
    "digits-mlp": 24,
    "digits-stacked-denoising": 4,
    "tied-autoencoder": 9,
    "plain-python": 24,
    "digits-rbm": 12,
    "digits-vae": 12,  # more of it in tests/pylearn2core/vae
    "patches-grbm": 9,
    "search-tpe": 48,
}
N_TRAIN, N_VALID = 1000, 400


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A user's folder with the templates in it."""
    path = tmp_path_factory.mktemp("user")
    shutil.copytree(ROOT / "templates", path, dirs_exist_ok=True)
    return path


def sweep(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "sweeper", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=280,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def launched(folder: Path, name: str) -> list[dict[str, str]]:
    """The table of a finished sweep of one template, best trial first."""
    sweep(folder, "launch", f"{name}.yaml.j2", "--out", name)
    table = list(csv.DictReader(io.StringIO(sweep(folder, "report", name, "--format", "csv"))))
    assert [row["state"] for row in table] == ["finished"] * TRIALS[name]
    return table


def halves() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Training images and digits, validation images and digits."""
    images, digits = load_digits(return_X_y=True)
    train, valid = slice(0, N_TRAIN), slice(N_TRAIN, N_TRAIN + N_VALID)
    return images[train] / 16, digits[train], images[valid] / 16, digits[valid]


def logistic_regression_error() -> float:
    """The validation error of scikit-learn's own logistic regression."""
    images, digits, unseen, answers = halves()
    return 1 - LogisticRegression(max_iter=1000).fit(images, digits).score(unseen, answers)


def autoencoder_cost(nhid: int, learning_rate: float, epochs: int = 15, batch: int = 50) -> float:
    """Validation cost of the tied autoencoder after training, by hand in NumPy and float64."""
    images, _, unseen, _ = halves()
    weights = np.random.RandomState(0).uniform(size=(64, nhid))
    hidden_bias, visible_bias = np.zeros(nhid), np.zeros(64)
    order = np.random.RandomState([2012, 10, 5])  # Pylearn2's default for SGD

    def logits(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        hidden = np.tanh(x @ weights + hidden_bias)
        return hidden, hidden @ weights.T + visible_bias

    for _ in range(epochs):
        rows = np.arange(N_TRAIN)
        order.shuffle(rows)
        for start in range(0, N_TRAIN, batch):
            x = images[rows[start : start + batch]]
            hidden, z = logits(x)
            d_z = (1 / (1 + np.exp(-z)) - x) / batch
            d_hidden = (d_z @ weights) * (1 - hidden**2)
            weights -= learning_rate * (d_z.T @ hidden + x.T @ d_hidden)
            hidden_bias -= learning_rate * d_hidden.sum(axis=0)
            visible_bias -= learning_rate * d_z.sum(axis=0)
    _, z = logits(unseen)
    return float((np.logaddexp(0, z) - unseen * z).sum(axis=1).mean())


@pytest.mark.parametrize("name", TRIALS)
def test_the_number_of_trials_is_the_one_that_its_comments_say(folder: Path, name: str) -> None:
    assert sweep(folder, "expand", f"{name}.yaml.j2", "--count") == f"{TRIALS[name]} trials\n"


def test_every_template_is_tested() -> None:
    found = {path.name.removesuffix(".yaml.j2") for path in (ROOT / "templates").glob("*.j2")}
    assert found == set(TRIALS)


@pytest.mark.slow
def test_the_logistic_regression_is_as_good_as_scikit_learns(folder: Path) -> None:
    table = launched(folder, "digits-logistic-regression")
    assert float(table[0]["best"]) == pytest.approx(logistic_regression_error(), abs=0.01)
    head, *lines = sweep(folder, "report", "digits-logistic-regression").splitlines()
    assert head.split()[-1] == "seconds"
    assert len(lines) == TRIALS["digits-logistic-regression"], "one block, 100 columns wide"


@pytest.mark.slow
def test_halving_trains_one_of_27_to_the_end_and_it_is_as_good_as_scikit_learns(
    folder: Path,
) -> None:
    sweep(folder, "launch", "digits-halving.yaml.j2", "--out", "halving")
    table = list(csv.DictReader(io.StringIO(sweep(folder, "report", "halving", "--format", "csv"))))
    lengths = [int(row["epochs"]) for row in table if row["state"] == "stopped"]
    assert [lengths.count(rung) for rung in (1, 3, 9)] == [27 - 9, 9 - 3, 3 - 1]
    (last,) = (row for row in table if row["state"] == "finished")
    assert int(last["epochs"]) == 27
    assert float(last["best"]) == pytest.approx(logistic_regression_error(), abs=0.015)
    assert "stopped   26 by halving" in sweep(folder, "status", "halving")


@pytest.mark.slow
def test_the_perceptron_beats_logistic_regression_and_keeps_its_best_model(folder: Path) -> None:
    table = launched(folder, "digits-mlp")
    assert float(table[0]["best"]) < logistic_regression_error()
    kept = list((folder / "digits-mlp" / "trials").glob("*/a1/best.pkl"))
    assert len(kept) == TRIALS["digits-mlp"]


@pytest.mark.slow
def test_the_convolutional_net_is_as_good_as_a_support_vector_machine(folder: Path) -> None:
    images, digits, unseen, answers = halves()
    error = 1 - SVC().fit(images, digits).score(unseen, answers)
    best = float(launched(folder, "digits-conv")[0]["best"])
    assert best == pytest.approx(error, abs=0.01)
    assert best < logistic_regression_error()


@pytest.mark.slow
def test_the_autoencoder_ends_where_numpy_ends(folder: Path) -> None:
    for row in launched(folder, "tied-autoencoder"):
        alone = autoencoder_cost(int(row["nhid"]), float(row["learning_rate"]))
        assert float(row["last"]) == pytest.approx(alone, rel=1e-3)


def user_module(folder: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("sgd_classifier", folder / "sgd_classifier.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.slow
def test_the_plain_loop_gives_what_it_gives_without_a_sweep(folder: Path) -> None:
    launched(folder, "plain-python")
    best = json.loads(sweep(folder, "report", "plain-python", "--format", "json"))[0]
    values = {name: best[name] for name in ("alpha", "l1_ratio", "eta0", "seed")}
    alone = user_module(folder).DigitsClassifier(**values, epochs=10)
    errors = [row["valid_error"] for row in alone]
    assert (best["best"], best["last"]) == (min(errors), errors[-1])


@pytest.mark.slow
def test_the_rbm_tells_a_pixel_from_the_others_as_scikit_learns_does(folder: Path) -> None:
    images, _, unseen, _ = halves()
    black, black_unseen = images >= 0.5, unseen >= 0.5
    theirs = BernoulliRBM(n_components=64, batch_size=50, n_iter=20, random_state=0)
    expected = theirs.fit(black).score_samples(black_unseen).mean()
    alone = np.clip(black.mean(axis=0), 1 / N_TRAIN, 1 - 1 / N_TRAIN)
    without = np.where(black_unseen, np.log(alone), np.log(1 - alone)).sum(axis=1).mean()
    best = float(launched(folder, "digits-rbm")[0]["best"])
    assert best > without + 3, "pixels that know nothing of one another"
    assert best > expected - 1


@pytest.mark.slow
def test_the_rbm_of_patches_learns_in_every_trial(folder: Path) -> None:
    table = launched(folder, "patches-grbm")
    with closing(open_to_read(folder / "patches-grbm")) as store:
        for line in table:
            rows = [
                dict(zip(r.channels, values(r), strict=True)) for r in store.rows(line["trial"])
            ]
            objective = [row["valid_objective"] for row in rows]
            assert min(objective) < objective[0] - 0.05 * abs(objective[0])


@pytest.mark.slow
def test_the_search_proposes_better_perceptrons_once_it_knows_some_results(folder: Path) -> None:
    errors = {row["trial"]: float(row["best"]) for row in launched(folder, "search-tpe")}
    with closing(open_to_read(folder / "search-tpe")) as store:
        found = [errors[trial.id] for trial in store.trials()]
    # The batches 0 to 2 are proposed before ten results are known, and so drawn at random.
    assert np.mean(found[24:]) < np.mean(found[:24])
