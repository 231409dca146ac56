"""Small modules under Pylearn2's own names, held against NumPy and their documentation."""

from __future__ import annotations

import io
import logging
from pathlib import Path
from typing import Any

import numpy as np
import pytensor
import pytensor.tensor as pt
import pytest
import scipy.special
import scipy.stats

import pylearn2core.datasets
import pylearn2core.models
from pylearn2core.datasets.dataset import Dataset
from pylearn2core.datasets.dense_design_matrix import DenseDesignMatrix
from pylearn2core.errors import ConfigError
from pylearn2core.expr import activations, basic, coding, information_theory, nnet, normalize
from pylearn2core.models import mlp
from pylearn2core.models.model import Model
from pylearn2core.utils import (
    block_gradient,
    call_check,
    exc,
    logger,
    make_name,
    safe_update,
    serial,
    sharedX,
    shell,
    string_utils,
    subdict,
    timing,
    wraps,
)

X = np.random.RandomState(0).normal(size=(5, 4))
P = scipy.special.expit(X)


def value(output: Any) -> Any:
    return pytensor.function([], output, mode="FAST_COMPILE")()


def test_short_names_are_the_classes_themselves() -> None:
    assert pylearn2core.models.Model is Model
    assert pylearn2core.datasets.Dataset is Dataset
    assert pylearn2core.datasets.DenseDesignMatrix is DenseDesignMatrix
    assert mlp.WeightDecay({"h": 1.0}).coeffs == {"h": 1.0}


# Strings and the like -------------------------------------------------------------------------


def test_names_in_a_path_are_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYLEARN2_DATA_PATH", "/data")
    found = string_utils.preprocess("${PYLEARN2_DATA_PATH}/${SET}", {"SET": "mnist"})
    assert found == "/data/mnist"
    with pytest.raises(ConfigError, match="there is no environment variable of that name"):
        string_utils.preprocess("${NO_SUCH_NAME}")
    monkeypatch.delenv("PYLEARN2_DATA_PATH")
    with pytest.raises(exc.NoDataPathError, match="PYLEARN2_DATA_PATH is not set"):
        string_utils.preprocess("${PYLEARN2_DATA_PATH}/mnist")


def test_numbers_in_names_are_sorted_as_numbers() -> None:
    names = ["h10_W", "h2_W", "h2_b", "a"]
    assert sorted(names, key=string_utils.number_aware_alphabetical_key) == [
        "a",
        "h2_W",
        "h2_b",
        "h10_W",
    ]
    assert string_utils.tokenize_by_number("a3.5b-2") == ["a", 3.5, "b", -2.0]
    assert string_utils.find_number("ab12c") == (2, 4)
    assert string_utils.find_number("abc") is None
    assert string_utils.match("mometum", ["momentum", "monitor"]) == "momentum"


def test_a_command_s_output_and_exit_code_are_given() -> None:
    assert shell.run_shell_command("echo out; echo err >&2; exit 3") == ("out\nerr\n", 3)


def test_a_task_s_time_is_logged_and_added(caplog: pytest.LogCaptureFixture) -> None:
    seconds: list[float] = []
    total = sharedX(1.0)
    task = timing.log_timing(logging.getLogger("x"), "sorting", callbacks=seconds.append)
    with caplog.at_level(logging.INFO), timing.total_seconds(total), task:
        pass
    assert caplog.records[0].getMessage() == "sorting..."
    assert "sorting done" in caplog.text
    assert 0 <= seconds[0] < 60
    assert 1 <= total.get_value() < 61


def test_an_exception_is_raised_anew_with_its_cause() -> None:
    def fail() -> None:
        try:
            raise KeyError("bad")
        except KeyError:
            exc.reraise_as(ValueError("worse"))

    with pytest.raises(ValueError, match="worse") as caught:
        fail()
    assert isinstance(caught.value.__cause__, KeyError)


def test_a_checked_call_names_what_is_wrong() -> None:
    def power(base: int, exponent: int = 2) -> int:
        return base**exponent

    assert call_check.checked_call(power, {"base": 3}) == 9
    with pytest.raises(ConfigError, match=r"power takes no argument expnent.*exponent"):
        call_check.checked_call(power, {"base": 3, "expnent": 1})
    with pytest.raises(ConfigError, match="power needs the argument base"):
        call_check.checked_call(power, {})


def test_the_log_goes_to_two_streams_and_can_be_put_back() -> None:
    out, err = io.StringIO(), io.StringIO()
    ours = logging.getLogger("pylearn2core.x")
    logger.configure_custom(stdout=out, stderr=err)
    try:
        ours.info("plain")
        ours.warning("careful")
    finally:
        logger.restore_defaults()
    ours.error("not there")
    assert (out.getvalue(), err.getvalue()) == ("plain\n", "WARNING: careful\n")


def test_dicts_are_joined_and_cut() -> None:
    assert safe_update({1: 2}, {3: 4}) == {1: 2, 3: 4}
    assert subdict({1: 2, 3: 4}, [3]) == {3: 4}
    with pytest.raises(KeyError, match="already there: 1"):
        safe_update({1: 2}, {1: 3})
    assert make_name(pt.matrix("W")) == "W"
    assert make_name(pt.matrix(), anon="none") == "none"


def test_no_gradient_flows_through_a_block() -> None:
    x = sharedX(3.0)
    assert value(pytensor.grad(x * block_gradient(x), x)) == 3.0


def test_wraps_puts_a_docstring_before_the_wrapped_one_or_in_place_of_its_start() -> None:
    def base() -> None:
        """Old summary.

        Parameters: none.
        """

    def documented(**kwargs: Any) -> str:
        @wraps(base, **kwargs)
        def derived() -> None:
            """New."""

        return derived.__doc__ or ""

    assert documented() == f"New.\n\n{base.__doc__}"
    assert documented(replace_before="Parameters").startswith("New.\n\nParameters: none.")
    with pytest.raises(ValueError, match="replace_before 'Returns' is not in base"):
        documented(replace_before="Returns")


def test_an_array_s_file_may_have_any_name(tmp_path: Path) -> None:
    from pylearn2core.datasets.npy_npz import NpyDataset

    with (tmp_path / "rows.dat").open("wb") as file:
        np.save(file, X)
    np.testing.assert_array_equal(NpyDataset(str(tmp_path / "rows.dat")).X, X)
    (tmp_path / "text").write_text("no array")
    with pytest.raises(ConfigError, match="it is no array of NumPy's"):
        serial.load_npy(tmp_path / "text")


# Expressions ----------------------------------------------------------------------------------


def test_functions_of_neural_networks_are_scipy_s() -> None:
    np.testing.assert_allclose(nnet.softmax_numpy(X), scipy.special.softmax(X, axis=1))
    np.testing.assert_allclose(nnet.sigmoid_numpy(X), P)
    np.testing.assert_allclose(nnet.inverse_sigmoid_numpy(P), X)
    z = nnet.pseudoinverse_softmax_numpy(scipy.special.softmax(X, axis=1))
    np.testing.assert_allclose(z, X - X.mean(axis=1, keepdims=True))


def test_what_an_activation_was_made_from_is_found() -> None:
    z = sharedX(X)
    assert nnet.arg_of_softmax(pt.special.softmax(z, axis=1)) is z
    assert nnet.arg_of_sigmoid(pt.sigmoid(z)) is z
    with pytest.raises(ConfigError, match="expected the output of a sigmoid"):
        nnet.arg_of_sigmoid(z)
    with pytest.raises(ConfigError, match="expected the output of a softmax"):
        nnet.arg_of_softmax(z)


def test_divergences_and_ratios() -> None:
    y = (X > 0).astype(float)
    each = -(y * np.log(P) + (1 - y) * np.log(1 - P))
    np.testing.assert_allclose(value(nnet.kl(sharedX(y), pt.sigmoid(sharedX(X)), 0)), each.mean(1))
    a, b = (pt.special.softmax(sharedX(z), axis=1) for z in (X, 2 * X))
    ratio = scipy.special.softmax(X, axis=1) / scipy.special.softmax(2 * X, axis=1)
    np.testing.assert_allclose(value(nnet.softmax_ratio(a, b)), ratio)
    precision = nnet.compute_precision(sharedX(6.0), sharedX(2.0))
    recall = nnet.compute_recall(sharedX(np.ones(8)), sharedX(6.0))
    assert value([precision, recall]) == [0.75, 0.75]
    assert value(nnet.compute_f1(precision, recall)) == pytest.approx(0.75)


def test_basic_expressions() -> None:
    x = sharedX(X)
    assert value([basic.full_min(x), basic.full_max(x)]) == [X.min(), X.max()]
    sums = [scipy.special.logsumexp(X), scipy.special.logsumexp(X, axis=1)]
    for found, expected in zip([None, 1], sums, strict=True):
        np.testing.assert_allclose(value(basic.log_sum_exp(x, found)), expected)
    picked = basic.multiple_switch(x > 1, 1.0, x < -1, -1.0, 0.0)
    np.testing.assert_array_equal(value(picked), np.where(X > 1, 1, np.where(X < -1, -1, 0)))
    with pytest.raises(ValueError, match="pairs of condition and value"):
        basic.multiple_switch(x > 1, 1.0)
    assert basic.is_binary(np.array([0, 1, 1]))
    assert not basic.is_binary(X)
    c, s, d = value(list(basic.symGivens2(sharedX(3.0), sharedX(4.0))))
    np.testing.assert_allclose([[c, s], [s, -c]] @ np.array([3.0, 4.0]), [d, 0], atol=1e-15)
    np.testing.assert_array_equal(value(activations.relu(x)), np.maximum(X, 0))
    assert activations.identity(x) is x


def test_norms_of_columns_have_a_gradient_at_zero() -> None:
    W = X * [1, 0, 1, 1]
    norms = np.sqrt(1e-8 + np.square(W).sum(axis=0))
    np.testing.assert_allclose(basic.numpy_norms(W), norms)
    shared = sharedX(W)
    found = basic.theano_norms(shared)
    np.testing.assert_allclose(value(found), norms)
    np.testing.assert_allclose(value(pytensor.grad(found.sum(), shared)), W / norms)


def test_the_entropy_of_bits_is_scipy_s() -> None:
    probabilities = np.concatenate([P, np.zeros((5, 1)), np.ones((5, 1))], axis=1)
    expected = [sum(scipy.stats.bernoulli(p).entropy() for p in row) for row in probabilities]
    found = information_theory.entropy_binary_vector(sharedX(probabilities))
    np.testing.assert_allclose(value(found), expected)


def test_the_triangle_code_is_that_of_its_paper() -> None:
    centroids = X[:2] + 1
    distances = np.linalg.norm(X[:, None] - centroids[None], axis=2)
    expected = np.maximum(0, distances.mean(axis=1, keepdims=True) - distances)
    found = value(coding.triangle_code(sharedX(X), sharedX(centroids)))
    np.testing.assert_allclose(found, expected)


@pytest.mark.parametrize(
    ("kind", "axis"),
    [(normalize.CrossChannelNormalization, 0), (normalize.CrossChannelNormalizationBC01, 1)],
)
def test_responses_are_normalised_across_neighbouring_channels(kind: Any, axis: int) -> None:
    images = np.random.RandomState(1).normal(size=(6, 6, 2, 3))
    channels = np.moveaxis(images, axis, 0)
    expected = np.empty_like(channels)
    for c in range(6):
        around = np.square(channels[max(0, c - 1) : c + 2]).sum(axis=0)
        expected[c] = channels[c] / (2 + 0.5 * around) ** 0.75
    found = value(kind(alpha=0.5, n=3)(sharedX(images)))
    np.testing.assert_allclose(np.moveaxis(found, axis, 0), expected)
    with pytest.raises(ConfigError, match="n must be odd, got 4"):
        kind(n=4)
