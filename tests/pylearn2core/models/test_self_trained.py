"""Models that train themselves: Gaussians, PCA, support vector machines."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytensor
import pytest
import scipy.sparse
import scipy.stats
from sklearn import decomposition
from sklearn.mixture import GaussianMixture
from sklearn.multiclass import OneVsRestClassifier
from sklearn.svm import SVC

from pylearn2core.datasets.dense_design_matrix import DenseDesignMatrix
from pylearn2core.datasets.digits import Digits
from pylearn2core.datasets.iris import Iris
from pylearn2core.datasets.sparse_dataset import SparseDataset
from pylearn2core.datasets.transformer_dataset import TransformerDataset
from pylearn2core.engine import evaluate
from pylearn2core.errors import ConfigError, NonFiniteError, UnsupportedError
from pylearn2core.models.mnd import MND, DiagonalMND, kl_divergence
from pylearn2core.models.pca import PCA, SVDPCA, CovEigPCA, SparseMatPCA
from pylearn2core.models.svm import DenseMulticlassSVM
from pylearn2core.train import Train
from pylearn2core.utils import sharedX

TRAIN, VALID = Digits("train"), Digits("valid")
IRIS = Iris()
BOTH = {"train": TRAIN, "valid": VALID}


def value(expression: Any) -> Any:
    return evaluate([expression])[0]


def channels(dataset: Any, model: Any) -> dict[str, float]:
    """The last value of each channel of a Train without an algorithm."""
    Train(dataset, model).main_loop()
    assert model.monitor.get_epochs_seen() == 1
    return {name: channel.val_record[-1] for name, channel in model.monitor.channels.items()}


# ------------------------------------------------------------------ Gaussians
def test_a_gaussian_is_as_likely_as_scikit_learns() -> None:
    other = GaussianMixture(1, reg_covar=1e-3).fit(TRAIN.X)
    model = MND(nvis=64, min_variance=1e-3, monitoring_dataset=BOTH)
    found = channels(TRAIN, model)
    assert found["train_nll"] == pytest.approx(-other.score(TRAIN.X), rel=1e-9)
    assert found["valid_nll"] == pytest.approx(-other.score(VALID.X), rel=1e-9)
    np.testing.assert_allclose(model.covariance(), other.covariances_[0], atol=1e-10)
    np.testing.assert_allclose(model.mu.get_value(), TRAIN.X.mean(axis=0), rtol=1e-12)


def test_a_diagonal_gaussian_has_the_features_own_variances_within_bounds() -> None:
    X = np.random.RandomState(0).normal(size=(30, 3)) * [0.01, 1, 100]
    model = DiagonalMND(nvis=3, init_beta=1.0, init_mu=0.0, min_beta=0.01, max_beta=5.0)
    found = channels(DenseDesignMatrix(X=X), model)
    variances = np.clip(X.var(axis=0), 1 / 5.0, 1 / 0.01)
    np.testing.assert_allclose(1 / model.beta.get_value(), variances)
    normal = scipy.stats.norm(X.mean(axis=0), np.sqrt(variances))
    assert found == {"nll": pytest.approx(-normal.logpdf(X).sum(axis=1).mean())}


def test_free_energy_is_minus_the_log_density_up_to_a_constant() -> None:
    model = MND(nvis=4)
    model.train_all(DenseDesignMatrix(X=IRIS.X))
    rows = sharedX(IRIS.X[:9])
    energies = value(model.free_energy(rows))
    other = scipy.stats.multivariate_normal(IRIS.X.mean(axis=0), model.covariance())
    differences = energies + other.logpdf(IRIS.X[:9])
    np.testing.assert_allclose(differences, differences[0])
    # Source: score is the derivative of the log density, -inverse covariance (x - mean).
    scores = value(model.score(rows))
    expected = -(IRIS.X[:9] - IRIS.X.mean(axis=0)) @ np.linalg.inv(model.covariance())
    np.testing.assert_allclose(scores, expected, rtol=1e-6)


def test_the_closed_form_is_where_the_gradient_of_the_likelihood_vanishes() -> None:
    dataset = DenseDesignMatrix(X=IRIS.X)
    for model in (MND(nvis=4, min_variance=0.0), DiagonalMND(4, 1.0, 0.0, 1e-3, 1e3)):
        slope = pytensor.grad(model.nll(sharedX(IRIS.X)), model.get_params())
        assert max(abs(gradient).max() for gradient in evaluate(slope)) > 0.1
        model.train_all(dataset)
        for gradient in evaluate(slope):
            np.testing.assert_allclose(gradient, 0, atol=1e-9)
        assert model.get_default_cost().get_data_specs(model)[1] == "features"


def test_the_divergence_of_two_gaussians() -> None:
    q = DiagonalMND(2, init_beta=4.0, init_mu=1.0, min_beta=0.1, max_beta=10.0)
    p = DiagonalMND(2, init_beta=0.25, init_mu=-1.0, min_beta=0.1, max_beta=10.0)
    # A dimension: log(s_p / s_q) + (s_q^2 + (m_q - m_p)^2) / (2 s_p^2) - 1/2.
    expected = 2 * (np.log(2 / 0.5) + (0.25 + 4) / 8 - 0.5)
    assert float(value(kl_divergence(q, p))) == pytest.approx(expected)
    assert float(value(kl_divergence(q, q))) == pytest.approx(0)
    with pytest.raises(ValueError, match="q has 2 features, p has 3"):
        kl_divergence(q, DiagonalMND(3, 1.0, 0.0, 0.1, 1.0))


def test_gaussians_refuse_what_they_cant_learn_from() -> None:
    flat = DenseDesignMatrix(X=np.ones((5, 2)))
    with pytest.raises(ConfigError, match=r"can't be inverted .*Give min_variance above 0"):
        MND(nvis=2, min_variance=0.0).train_all(flat)
    with pytest.raises(ConfigError, match="nvis is 3, the data has 2 features"):
        MND(nvis=3).train_all(flat)
    with pytest.raises(NonFiniteError, match="NaN or infinite values in the data"):
        MND(nvis=1).train_all(DenseDesignMatrix(X=np.array([[np.nan]])))
    with pytest.raises(ConfigError, match=r"0 < min_beta <= max_beta is needed, got 2\.0"):
        DiagonalMND(2, 1.0, 0.0, 2.0, 1.0)


# ------------------------------------------------------------------ PCA
@pytest.mark.parametrize("cls", [CovEigPCA, SVDPCA])
@pytest.mark.parametrize("whiten", [False, True])
def test_pca_projects_as_scikit_learns_up_to_signs(cls: type[PCA], whiten: bool) -> None:
    other = decomposition.PCA(20, whiten=whiten, svd_solver="full").fit(TRAIN.X)
    model = cls(num_components=20, whiten=whiten, monitoring_dataset=BOTH)
    found = channels(TRAIN, model)
    projected = model.perform(VALID.X)
    # SVDPCA's variances are not divided by n - 1.
    scale = np.sqrt(999) if whiten and cls is SVDPCA else 1.0
    np.testing.assert_allclose(abs(projected) * scale, abs(other.transform(VALID.X)), atol=1e-9)
    residues = VALID.X - other.inverse_transform(other.transform(VALID.X))
    expected = np.square(residues).sum(axis=1).mean()
    assert found["valid_mean_squared_error"] == pytest.approx(expected, rel=1e-9)
    assert not model.continue_learning()


def test_covariance_in_parts_is_the_covariance() -> None:
    whole, parts = CovEigPCA(num_components=5), CovEigPCA(cov_batch_size=7, num_components=5)
    whole.train(IRIS.X[:, :3])
    parts.train(IRIS.X[:, :3])
    np.testing.assert_allclose(parts.v.get_value(), whole.v.get_value(), rtol=1e-12)
    expected = np.linalg.eigvalsh(np.cov(IRIS.X[:, :3], rowvar=False))[::-1]
    np.testing.assert_allclose(whole.v.get_value(), expected)


def test_components_with_little_variance_are_left_out() -> None:
    shares = decomposition.PCA().fit(IRIS.X).explained_variance_ratio_
    model = CovEigPCA(min_variance=0.03)
    model.train_all(IRIS)
    assert model.get_output_space().dim == (shares > 0.03).sum() == 2
    assert [param.name for param in model.get_params()] == ["mean", "W", "v"]
    with pytest.raises(ConfigError, match=r"no component has a share .* above min_variance=0\.99"):
        CovEigPCA(min_variance=0.99).train_all(IRIS)


def test_a_sparse_pca_is_the_dense_one_over_n() -> None:
    dataset = SparseDataset(from_scipy_sparse_dataset=scipy.sparse.csr_matrix(TRAIN.X))
    model = SparseMatPCA(num_components=3, batch_size=300)
    model.train_all(dataset)
    covariance = np.cov(TRAIN.X, rowvar=False, bias=True)
    np.testing.assert_allclose(model.v.get_value(), np.linalg.eigvalsh(covariance)[:-4:-1])
    with pytest.raises(TypeError, match="needs a scipy sparse matrix, got ndarray"):
        model.train(TRAIN.X)


def test_a_trained_pca_is_a_block_and_survives_a_pickle() -> None:
    model = CovEigPCA(num_components=2, whiten=True)
    with pytest.raises(UnsupportedError, match="get_weights before it is trained"):
        model.get_weights()
    model.train_all(IRIS)
    model.perform(IRIS.X)
    again = pickle.loads(pickle.dumps(model))
    rows = next(TransformerDataset(IRIS, again).iterator("sequential", 150))
    np.testing.assert_allclose(rows, (IRIS.X - IRIS.X.mean(axis=0)) @ model.get_weights())
    np.testing.assert_allclose(rows.std(axis=0, ddof=1), 1)


# ------------------------------------------------------------------ support vector machines
@pytest.mark.parametrize(
    "options",
    [
        {"kernel": "rbf", "gamma": 0.3},
        {"kernel": "linear"},
        {"kernel": "poly", "degree": 2, "gamma": 0.5, "coef0": 0.7},
        {"kernel": "sigmoid", "gamma": 0.01, "coef0": -0.2},
    ],
)
def test_a_machine_decides_as_scikit_learns(options: dict[str, Any]) -> None:
    other = OneVsRestClassifier(SVC(C=2.0, **options)).fit(IRIS.X, IRIS.y.argmax(axis=1))
    model = DenseMulticlassSVM(C=2.0, **options)
    found = channels(IRIS, model)
    decisions = other.decision_function(IRIS.X)
    np.testing.assert_allclose(model.decision_function(IRIS.X), decisions, atol=1e-9)
    wrong = decisions.argmax(axis=1) != IRIS.y.argmax(axis=1)
    assert found == {"misclass": pytest.approx(wrong.mean())}


def test_a_machine_learns_from_labels_and_survives_a_pickle() -> None:
    train = DenseDesignMatrix(X=TRAIN.X[:200], y=TRAIN.y[:200], y_labels=10)
    model = DenseMulticlassSVM(C=1.0, gamma=0.1, monitoring_dataset={"valid": VALID})
    found = channels(train, model)
    other = OneVsRestClassifier(SVC(C=1.0, gamma=0.1)).fit(train.X, train.y.ravel())
    wrong = other.decision_function(VALID.X).argmax(axis=1) != VALID.y.ravel()
    assert found == {"valid_misclass": pytest.approx(wrong.mean())}
    again = pickle.loads(pickle.dumps(model))
    assert again.monitoring_dataset is None
    assert np.array_equal(again.predict(VALID.X), model.predict(VALID.X))
    assert [param.name for param in again.get_params()] == [
        "support_vectors",
        "dual_coef",
        "intercept",
    ]


def test_a_class_without_examples_is_never_chosen() -> None:
    model = DenseMulticlassSVM(C=1.0).fit(IRIS.X, 2 * IRIS.y[:, 2].astype(int))
    assert not model.continue_learning()
    assert set(model.predict(IRIS.X)) == {0, 2}
    assert model.decision_function(IRIS.X).shape == (150, 3)


def test_machines_refuse_what_they_cant_learn_from() -> None:
    with pytest.raises(ConfigError, match="kernel must be one of linear, poly, rbf, sigmoid"):
        DenseMulticlassSVM(C=1.0, kernel="gauss")  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="C must be above 0, got 0"):
        DenseMulticlassSVM(C=0)
    with pytest.raises(ConfigError, match="no targets to learn from"):
        DenseMulticlassSVM(C=1.0).train_all(DenseDesignMatrix(X=IRIS.X))
    with pytest.raises(ConfigError, match="must be integer labels or one-hot rows, got float64"):
        DenseMulticlassSVM(C=1.0).train_all(DenseDesignMatrix(X=IRIS.X, y=IRIS.X[:, 0]))
    with pytest.raises(UnsupportedError, match="decision_function before it is trained"):
        DenseMulticlassSVM(C=1.0).decision_function(IRIS.X)
