"""Against scikit-learn, SciPy and formulas; "real" is Pylearn2 af81e5c on Theano 1.0.5, on the
digits' rows 0..999 (training) and 1000..1399 (validation)."""

import numpy as np
import pytest
import scipy.signal
from sklearn import decomposition
from sklearn.preprocessing import StandardScaler

from pylearn2core.datasets import preprocessing as pp
from pylearn2core.datasets.dense_design_matrix import DenseDesignMatrix
from pylearn2core.datasets.digits import Digits

TRAIN, VALID = Digits("train").X, Digits("valid").X


def both(preprocessor):
    """Training set, on which it is fitted, and validation set after it."""
    train, valid = Digits("train"), Digits("valid")
    train.apply_preprocessor(preprocessor, can_fit=True)
    valid.apply_preprocessor(preprocessor)
    return train, valid


def norm(X):
    return float(np.sqrt((X**2).sum()))


@pytest.mark.parametrize(
    ("preprocessor", "train_norm", "valid_norm"),  # real
    [
        (pp.Standardize(), 245.78739810302375, 310.13218997579565),
        (pp.Standardize(True, True), 252.91501892569096, 158.86009081054905),
        (pp.RemoveMean(), 68.1800693705646, 43.95516801597396),
        (pp.GlobalContrastNormalization(), 31.622776601683793, 20.0),
        (
            pp.GlobalContrastNormalization(sqrt_bias=10.0, use_std=True),
            29.77875939180761,
            18.697860251559312,
        ),
        (
            pp.GlobalContrastNormalization(scale=55.0, subtract_mean=False),
            1739.2527130926087,
            1100.0,
        ),
        (pp.ZCA(), 123.33375848800017, 82.21017454847832),
        (pp.PCA(num_components=20), 64.63976303320177, 41.132310626086166),
        (pp.ExtractPatches((5, 5), 50), 20.7047699818182, 19.87637573854952),
        (
            pp.Pipeline([pp.GlobalContrastNormalization(sqrt_bias=10.0, use_std=True), pp.ZCA()]),
            58.678609377715084,
            38.070585032445464,
        ),
    ],
)
def test_norms_are_those_of_the_real_one(preprocessor, train_norm, valid_norm):
    train, valid = both(preprocessor)
    assert norm(train.X) == pytest.approx(train_norm, rel=1e-10)
    assert norm(valid.X) == pytest.approx(valid_norm, rel=1e-10)


def test_standardize_is_scikit_learns_scaler_but_for_the_epsilon():
    _, valid = both(pp.Standardize(std_eps=1e-12))
    scaler = StandardScaler().fit(TRAIN)
    varies = scaler.var_ > 0
    assert np.allclose(valid.X[:, varies], scaler.transform(VALID)[:, varies])


def test_pca_is_scikit_learns_but_for_signs():
    for whiten in (False, True):
        train, valid = both(pp.PCA(num_components=12, whiten=whiten))
        other = decomposition.PCA(12, whiten=whiten, svd_solver="full").fit(TRAIN)
        assert np.allclose(np.abs(train.X), np.abs(other.transform(TRAIN)))
        assert np.allclose(np.abs(valid.X), np.abs(other.transform(VALID)))


def test_pca_keeps_components_with_enough_of_the_variance():
    train, _ = both(pp.PCA(min_variance=0.05))
    shares = decomposition.PCA().fit(TRAIN).explained_variance_ratio_
    assert train.X.shape[1] == (shares > 0.05).sum()


def test_rows_after_a_pca_still_have_images():
    train, _ = both(pp.PCA())
    assert np.allclose(train.get_topological_view()[..., 0], TRAIN.reshape(-1, 8, 8))
    weights = train.get_weights_view(np.eye(train.X.shape[1]))
    directions = decomposition.PCA().fit(TRAIN).components_
    assert np.allclose(np.abs(weights[0]).ravel(), np.abs(directions[0]))
    back = train.get_design_matrix(train.get_topological_view())
    assert np.allclose(back, train.X)
    array, space = train.resident_sources(("features",), (train.X_topo_space,))[0]
    assert np.allclose(space.np_format_as(array, train.X_topo_space), train.get_topological_view())


def test_zca_gives_uncorrelated_features_and_is_inverted():
    zca = pp.ZCA(filter_bias=1e-3)
    train, _ = both(zca)
    covariance = np.cov(TRAIN, rowvar=False, bias=True) + 1e-3 * np.eye(64)
    assert np.allclose(zca.P_ @ covariance @ zca.P_, np.eye(64))
    assert np.allclose(zca.inverse(train.X), TRAIN)
    unkept = pp.ZCA(filter_bias=1e-3, store_inverse=False)
    unkept.fit(TRAIN)
    assert np.allclose(unkept.inverse(train.X), TRAIN)
    with pytest.raises(ValueError, match="has not been fitted"):
        pp.ZCA(store_inverse=False).inverse(TRAIN)


def test_zca_in_float32_takes_rows_back_to_the_components_it_kept():
    rows = np.random.RandomState(0).normal(size=(200, 12)) * np.linspace(1, 3, 12)
    zca = pp.ZCA(n_components=6, filter_bias=1e-3, store_inverse=False)
    dataset = DenseDesignMatrix(X=rows.astype("float32"))
    zca.apply(dataset, can_fit=True)
    centred = rows - rows.mean(axis=0)
    kept = np.linalg.svd(centred, full_matrices=False)[2][:6]
    expected = centred @ kept.T @ kept + rows.mean(axis=0)
    assert zca.P_.dtype == "float32"
    assert np.allclose(zca.inverse(dataset.X), expected, atol=1e-4)


def test_zca_leaves_components_out():
    for options in ({"n_components": 10}, {"n_drop_components": 54}):
        zca = pp.ZCA(**options)
        both(zca)
        assert np.linalg.matrix_rank(zca.P_) == 10
    with pytest.raises(ValueError, match="no component of 64"):
        both(pp.ZCA(n_drop_components=64))


@pytest.mark.parametrize("kind", [pp.Standardize, pp.RemoveMean, pp.ZCA, pp.PCA])
def test_what_is_not_fitted_says_so(kind):
    with pytest.raises(ValueError, match="has not been fitted"):
        Digits("valid").apply_preprocessor(kind())


def test_means_are_removed_by_feature_by_example_or_altogether():
    for axis in (0, 1, None):
        train, _ = both(pp.RemoveMean(axis))
        assert np.allclose(train.X, TRAIN - TRAIN.mean(axis=axis, keepdims=True))
    with pytest.raises(ValueError, match="axis must be"):
        pp.RemoveMean(2)


def test_unit_norm_keeps_zeros():
    dataset = DenseDesignMatrix(X=np.array([[3.0, 4.0], [0.0, 0.0]]))
    dataset.apply_preprocessor(pp.MakeUnitNorm())
    assert np.array_equal(dataset.X, [[0.6, 0.8], [0.0, 0.0]])


def test_contrast_normalisation_in_parts_is_the_same():
    whole, _ = both(pp.GlobalContrastNormalization())
    parts, _ = both(pp.GlobalContrastNormalization(batch_size=300))
    assert np.array_equal(whole.X, parts.X)
    flat = pp.global_contrast_normalize(np.full((2, 4), 7.0))
    assert np.array_equal(flat, np.zeros((2, 4)))


def test_extracted_patches_lie_where_the_generator_says_at_every_apply():
    extract = pp.ExtractPatches((3, 4), 20, rng=[4, 5])
    train, _ = both(extract)
    rng, images = np.random.RandomState([4, 5]), TRAIN.reshape(-1, 8, 8)
    for patch in train.get_topological_view():
        image, top, left = rng.randint(1000), rng.randint(6), rng.randint(5)
        assert np.array_equal(patch[..., 0], images[image, top : top + 3, left : left + 4])
    assert not train.has_targets()
    assert train.get_data_specs()[1] == "features"
    again, _ = both(extract)
    assert np.array_equal(again.X, train.X)
    with pytest.raises(ValueError, match=r"patches of \(9, 3\) do not fit"):
        both(pp.ExtractPatches((9, 3), 1))


@pytest.mark.parametrize("axes", [("b", 0, 1, "c"), ("c", 0, 1, "b")])
def test_grid_patches_run_row_by_row_and_are_reassembled(axes):
    images = np.random.RandomState(0).rand(3, 6, 8, 2)
    order = [("b", 0, 1, "c").index(axis) for axis in axes]
    dataset = DenseDesignMatrix(topo_view=images.transpose(order), axes=axes)
    original = dataset.X
    dataset.apply_preprocessor(pp.ExtractGridPatches((3, 4), (3, 4)))
    patches = dataset.get_topological_view().transpose([axes.index(a) for a in ("b", 0, 1, "c")])
    assert len(patches) == 12
    assert np.array_equal(patches[1], images[0, :3, 4:])
    assert np.array_equal(patches[6], images[1, 3:, :4])
    dataset.apply_preprocessor(pp.ReassembleGridPatches((6, 8), (3, 4)))
    assert np.array_equal(dataset.X, original)


def test_grid_patches_may_overlap():
    dataset = DenseDesignMatrix(topo_view=np.arange(16.0).reshape(1, 4, 4, 1))
    dataset.apply_preprocessor(pp.ExtractGridPatches((2, 2), (1, 2)))
    assert dataset.X[:, 0].tolist() == [0, 2, 4, 6, 8, 10]


def test_patches_that_do_not_tile_are_refused():
    with pytest.raises(ValueError, match="must be a multiple"):
        pp.ReassembleGridPatches((7, 8), (3, 4))
    with pytest.raises(ValueError, match="expected patches"):
        both(pp.ReassembleGridPatches((8, 8), (4, 4)))
    with pytest.raises(ValueError, match="patch_shape must be two positive sizes"):
        pp.ExtractPatches((3,), 5)


def test_local_contrast_is_that_of_a_convolution_by_scipy_signal():
    paper, _ = both(pp.LeCunLCN((8, 8), kernel_size=5, batch_size=300, paper=True))
    train, _ = both(pp.LeCunLCN((8, 8), kernel_size=5, batch_size=300))
    offsets = np.arange(5) - 2
    window = np.exp(-(offsets[:, None] ** 2 + offsets**2) / 8.0)
    window /= window.sum()
    image = TRAIN[17].reshape(8, 8)
    centred = image - scipy.signal.convolve2d(image, window, mode="same")
    for found, squares in ((train, image**2), (paper, centred**2)):
        deviation = np.sqrt(scipy.signal.convolve2d(squares, window, mode="same"))
        expected = centred / np.maximum(np.maximum(deviation, deviation.mean()), 1e-4)
        assert np.allclose(found.X[17].reshape(8, 8), expected)
    with pytest.raises(ValueError, match="must be odd"):
        pp.LeCunLCN((8, 8), kernel_size=4)
    with pytest.raises(ValueError, match=r"expected images of \(9, 9\)"):
        both(pp.LeCunLCN((9, 9)))


@pytest.mark.parametrize(
    ("channels", "paper", "changed"),
    [([1], False, [1]), (2, False, [2]), (None, False, [0]), ([1, 2], True, [1, 2])],
)
def test_local_contrast_can_leave_channels_alone(channels, paper, changed):
    images = np.random.RandomState(0).rand(2, 6, 6, 3)
    dataset = DenseDesignMatrix(topo_view=images)
    dataset.apply_preprocessor(pp.LeCunLCN((6, 6), channels=channels, paper=paper))
    found = dataset.get_topological_view()
    differ = [c for c in range(3) if not np.allclose(found[..., c], images[..., c])]
    assert differ == changed


class Doubler:
    def perform(self, X):
        return 2 * X


def test_a_block_is_mapped_over_the_rows():
    train, _ = both(pp.BlockPreprocessor(Doubler()))
    assert np.array_equal(train.X, 2 * TRAIN)


def test_shuffle_and_split_keeps_examples_with_their_targets():
    rows = np.arange(20.0).reshape(10, 2)
    parts = []
    for start, stop in ((0, 7), (7, 10)):
        dataset = DenseDesignMatrix(X=rows, y=np.arange(10))
        dataset.apply_preprocessor(pp.ShuffleAndSplit(3, start, stop))
        assert np.array_equal(dataset.X[:, 0], 2 * dataset.y)
        parts.append(dataset.y)
    assert sorted(np.concatenate(parts)) == list(range(10))
    assert np.concatenate(parts).tolist() != list(range(10))
    assert np.array_equal(rows, np.arange(20.0).reshape(10, 2))
    with pytest.raises(ValueError, match="beyond the dataset's 1000"):
        both(pp.ShuffleAndSplit(3, 0, 1001))


def test_shared_arrays_are_left_as_they_were():
    before = TRAIN.copy()
    for preprocessor in (pp.Standardize(), pp.ZCA(), pp.GlobalContrastNormalization()):
        both(preprocessor)
    assert np.array_equal(Digits("train").X, before)
    assert Digits("train").X is TRAIN
