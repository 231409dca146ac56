import pytest

from pylearn2core.space import CompositeSpace, NullSpace, VectorSpace
from pylearn2core.utils.data_specs import (
    DataSpecsMapping,
    is_flat_source,
    is_flat_space,
    is_flat_specs,
)

A, B = VectorSpace(2), VectorSpace(3)
SPECS = (
    CompositeSpace([A, CompositeSpace([B, A]), NullSpace(), A]),
    ("x", ("y", "x"), "", "z"),
)
NESTED = ("x of A", ("y of B", "x of A"), None, "z of A")
FLAT = ("x of A", "y of B", "z of A")


def test_pairs_that_repeat_are_one_element():
    mapping = DataSpecsMapping(SPECS)
    assert mapping.unique == ((A, "x"), (B, "y"), (A, "z"))
    assert mapping.n_unique_specs == 3


def test_nesting_is_the_inverse_of_flattening():
    mapping = DataSpecsMapping(SPECS)
    assert mapping.flatten(NESTED) == FLAT
    assert mapping.nest(FLAT) == NESTED


def test_the_space_and_the_source_are_flattened_too():
    mapping = DataSpecsMapping(SPECS)
    assert mapping.flatten(SPECS[0], return_tuple=True) == (A, B, A)
    assert mapping.flatten(SPECS[0]) == CompositeSpace([A, B, A])
    assert mapping.flatten(SPECS[1]) == ("x", "y", "z")


def test_a_space_is_nested_like_the_data_specs():
    mapping = DataSpecsMapping(SPECS)
    assert mapping.nest(CompositeSpace([A, B, A])) == SPECS[0]
    assert DataSpecsMapping((A, "x")).nest(B) == B


def test_a_single_element_stands_alone_unless_a_tuple_is_asked_for():
    mapping = DataSpecsMapping((A, "x"))
    assert mapping.flatten("batch") == "batch"
    assert mapping.flatten("batch", return_tuple=True) == ("batch",)
    assert mapping.nest("batch") == "batch"
    assert mapping.nest(("batch",)) == "batch"


def test_no_data_has_no_elements():
    mapping = DataSpecsMapping((NullSpace(), ""))
    assert mapping.flatten(None, return_tuple=True) == ()
    assert mapping.nest(()) is None


def test_sources_must_fit_the_space():
    with pytest.raises(ValueError, match="needs a tuple of 2 sources, got 'x'"):
        DataSpecsMapping((CompositeSpace([A, B]), "x"))
    with pytest.raises(ValueError, match="needs one name, got"):
        DataSpecsMapping((A, ("x", "y")))
    with pytest.raises(ValueError, match="needs no source"):
        DataSpecsMapping((NullSpace(), "x"))


def test_a_tuple_of_one_stands_for_its_element():
    mapping = DataSpecsMapping((A, ("x",)))
    assert mapping.unique == ((A, "x"),)
    assert mapping.flatten(("batch",)) == "batch"
    assert mapping.flatten(CompositeSpace([A])) == A


def test_one_source_with_two_names_is_refused():
    mapping = DataSpecsMapping((CompositeSpace([A, A]), ("x", "x")))
    assert mapping.flatten(("x", "x")) == "x"
    with pytest.raises(ValueError, match="stands in two places, with 'x' and 'y'"):
        mapping.flatten(("x", "y"))


def test_what_is_nested_otherwise_is_refused():
    mapping = DataSpecsMapping((CompositeSpace([A, B]), ("x", "y")))
    with pytest.raises(ValueError, match="a tuple of 2 parts"):
        mapping.flatten(("only one",))
    with pytest.raises(ValueError, match="expected 2 elements to nest"):
        mapping.nest(("only one",))


def test_flat_specs_are_told_from_nested_ones():
    assert is_flat_specs((CompositeSpace([A, B]), ("x", "y")))
    assert not is_flat_space(SPECS[0])
    assert not is_flat_source(SPECS[1])
    with pytest.raises(TypeError, match="expected a Space, got 'x'"):
        is_flat_space("x")
    with pytest.raises(TypeError, match="expected a name, or a tuple of names, got 3"):
        is_flat_source(3)
