import numpy as np
import pytensor
import pytensor.tensor as T
import pytest

from pylearn2core.rng import copy_rng, make_np_rng
from pylearn2core.utils import (
    as_floatX,
    constantX,
    contains_inf,
    contains_nan,
    isfinite,
    safe_izip,
    safe_union,
    safe_zip,
    sharedX,
    wraps,
)


def test_shared_variables_are_of_the_float_type_of_now():
    assert sharedX([1, 2], "x").name == "x"
    assert sharedX(0.1).dtype == "float64"
    with pytensor.config.change_flags(floatX="float32"):
        assert sharedX(np.zeros(3)).dtype == "float32"
        assert sharedX(0.1).get_value().shape == ()
    assert sharedX([1], dtype="int32").dtype == "int32"
    assert sharedX(np.zeros((1, 3)), shape=(1, None)).type.shape == (1, None)


def test_borrowed_memory_is_shared_and_other_is_not():
    array = np.zeros(3)
    kept, lent = sharedX(array), sharedX(array, borrow=True)
    array[0] = 5
    assert kept.get_value()[0] == 0
    assert lent.get_value()[0] == 5


def test_numbers_arrays_and_variables_become_floatX():
    with pytensor.config.change_flags(floatX="float32"):
        assert as_floatX(3).dtype == "float32"
        assert as_floatX(3).shape == ()
        assert as_floatX(np.arange(3)).dtype == "float32"
        assert as_floatX(T.lvector()).dtype == "float32"
        assert constantX(0.1).dtype == "float32"


def test_safe_zip_refuses_unequal_lengths():
    assert safe_zip([1, 2], iter("ab")) == [(1, "a"), (2, "b")]
    assert list(safe_izip([1], [2])) == [(1, 2)]
    with pytest.raises(ValueError, match=r"one length, got \[2, 1\]"):
        safe_zip([1, 2], [3])


def test_safe_union_keeps_the_order():
    assert safe_union([3, 1], [2, 3]) == [3, 1, 2]


def test_values_that_are_not_finite_are_found():
    assert contains_nan(np.array([1, np.nan]))
    assert not contains_nan(np.array([np.inf, 1.0]))
    assert contains_inf(np.array([np.inf]))
    assert isfinite(np.zeros(3))
    assert not isfinite(np.array([np.nan]))


def test_wraps_takes_the_docstring_over():
    def base():
        """Base."""

    @wraps(base, append=True)
    def derived():
        """Derived."""

    assert derived.__doc__ == "Base.\n\nDerived."
    assert derived.__name__ == "base"


def test_a_generator_is_itself_and_a_seed_becomes_one():
    rng = np.random.RandomState(1)
    assert make_np_rng(rng, 5, which_method="uniform") is rng
    assert make_np_rng(rng) is rng
    for given, default, seed in (([1, 2], 5, [1, 2]), (None, 5, 5), (None, None, 42)):
        found = make_np_rng(given, default, which_method=["uniform"]).uniform(size=3)
        assert found.tolist() == np.random.RandomState(seed).uniform(size=3).tolist()


def test_a_copied_generator_moves_on_its_own():
    rng = np.random.RandomState(1)
    first = copy_rng(rng).uniform()
    assert rng.uniform() == first
