import numpy as np
import pytensor
import pytest
from sklearn.datasets import load_digits

from pylearn2core.datasets import digits
from pylearn2core.datasets.digits import Digits
from pylearn2core.space import CompositeSpace, IndexSpace, VectorSpace


def test_the_three_parts_are_the_file_in_order():
    parts = [Digits(which) for which in ("train", "valid", "test")]
    assert [part.get_num_examples() for part in parts] == [1000, 400, 397]
    raw = load_digits()
    assert np.array_equal(np.vstack([part.X for part in parts]) * 16, raw.data)
    assert np.array_equal(np.vstack([part.y for part in parts])[:, 0], raw.target)


def test_digits_have_labels_and_images():
    train = Digits("train")
    specs = (CompositeSpace([VectorSpace(64), IndexSpace(10, 1)]), ("features", "targets"))
    assert train.get_data_specs() == specs
    assert train.get_topological_view().shape == (1000, 8, 8, 1)
    assert np.array_equal(train.get_topological_view()[0, :, :, 0] * 16, load_digits().images[0])


def test_datasets_share_their_arrays_which_no_one_can_write_to():
    one, other = Digits("valid"), Digits("valid")
    assert one.X is other.X
    assert one.y is other.y
    with pytest.raises(ValueError, match="read-only"):
        one.X[0, 0] = 5


def test_values_are_exact_in_single_precision():
    with pytensor.config.change_flags(floatX="float32"):
        single = Digits("test").X
    assert single.dtype == "float32"
    assert np.array_equal(single, Digits("test").X)


def test_an_unknown_part_is_refused():
    with pytest.raises(ValueError, match="one of train, valid, test, got 'training'"):
        Digits("training")


def test_images_are_shown_from_black_to_white():
    test = Digits("test")
    values = np.array([0.0, 0.5, 1.0, 2.0])
    assert test.adjust_for_viewer(values).tolist() == [-1, 0, 1, 1]
    assert test.adjust_to_be_viewed_with(values, 9 * values).tolist() == [-1, 0, 1, 1]


def test_where_the_file_lies_elsewhere_scikit_learn_is_asked_for_it(monkeypatch):
    read = digits._table.__wrapped__
    found = read()
    monkeypatch.setattr(digits, "find_spec", lambda name: None)
    assert np.array_equal(read(), found)
