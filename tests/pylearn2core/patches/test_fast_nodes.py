"""Nodes that PyTensor makes quickly are the nodes that it makes anyway."""

import itertools
import subprocess
import sys

import numpy as np
import pytensor
import pytensor.tensor as pt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytensor.graph.basic import equal_computations
from pytensor.scalar.basic import ScalarOp
from pytensor.tensor.elemwise import DimShuffle, Elemwise
from pytensor.tensor.type import TensorType

from pylearn2core import patches
from pylearn2core.cache import Bounded
from pylearn2core.patches import fast_nodes


@pytest.fixture(scope="module", autouse=True)
def installed():
    patches.install()


dtypes = st.sampled_from(["float32", "float64", "int8", "int64", "bool", "complex64"])
lengths = st.sampled_from([None, 1, 3])
kinds = st.builds(
    lambda dtype, shape: TensorType(dtype, shape=tuple(shape)),
    dtypes,
    st.lists(lengths, max_size=3),
)
OPS = (pt.add, pt.mul, pt.true_div, pt.maximum, pt.eq, pt.pow)


def made(make, op, variables):
    """The node, or the kind of error."""
    try:
        return make(op, *variables)
    except (TypeError, ValueError) as error:
        return type(error)


@given(st.sampled_from(OPS), kinds, kinds)
def test_an_elementwise_node_is_the_one_that_pytensor_makes(op, left, right):
    variables = left(), right()
    expected = made(fast_nodes._plain_make, op, variables)
    for _ in range(2):  # worked out, then remembered
        found = made(fast_nodes._make_elemwise, op, variables)
        if isinstance(expected, type):
            assert found is expected
            continue
        assert [out.type for out in found.outputs] == [out.type for out in expected.outputs]
        assert all(out.owner is found for out in found.outputs)
        assert equal_computations(found.outputs, expected.outputs)


def test_numbers_among_the_inputs_are_constants_as_ever():
    x = pt.matrix("x", dtype="float32")
    for number in (2, 0.5, np.float32(0.25), np.arange(3.0), [1, 2]):
        found, expected = (
            make(pt.add, x, number) for make in (fast_nodes._make_elemwise, fast_nodes._plain_make)
        )
        assert equal_computations(found.outputs, expected.outputs)
        assert [out.type for out in found.outputs] == [out.type for out in expected.outputs]


class Doubled(ScalarOp):
    """Doubles its input; its dtype is a matter of the object, which equality does not look at."""

    nin = 1

    def __init__(self, kind):
        super().__init__(name="doubled")
        self.kind = kind

    def output_types(self, types):
        return [pytensor.scalar.get_scalar_type(self.kind)]

    def impl(self, x):
        return x * 2


def test_two_scalar_ops_that_only_look_equal_are_told_apart():
    x = pt.vector("x", dtype="float32")
    found = [Elemwise(Doubled(kind))(x).dtype for kind in ("float32", "float64") for _ in range(2)]
    assert found == ["float32", "float32", "float64", "float64"]


def test_what_the_flags_say_now_counts():
    found = []
    for policy in ("custom", "numpy+floatX", "custom"):
        with pytensor.config.change_flags(cast_policy=policy, floatX="float32"):
            found.append(pt.add(pt.ivector("x"), pt.fvector("y")).dtype)
    assert found == ["float64", "float32", "float64"]


@pytest.mark.parametrize("shape", [(), (True, False), (1, 0), (None, 1), [3, None], (np.int64(3),)])
def test_a_type_is_the_one_that_pytensor_makes(shape):
    for _ in range(2):
        found, expected = TensorType("float32", shape=shape), TensorType.__new__(TensorType)
        fast_nodes._plain_init(expected, "float32", shape=shape)
        assert vars(found) == vars(expected)


def test_what_pytensor_refuses_it_still_refuses():
    for shape in (("x",), ([1],), (1.5,)):
        with pytest.raises(ValueError, match="must be a boolean, integer or None"):
            TensorType("float32", shape=shape)
    with pytest.raises(ValueError, match="Incompatible Elemwise input shapes"):
        pt.add(pt.constant(np.ones(2)), pt.constant(np.ones(3)))


def test_a_transposition_has_its_own_copy_of_the_c_code():
    first, second = (DimShuffle(input_ndim=2, new_order=(1, 0)) for _ in range(2))
    assert first.func_codes == second.func_codes
    assert first.code_sections == second.code_sections
    assert first.code_sections is not second.code_sections


def test_what_is_remembered_is_bounded(monkeypatch):
    monkeypatch.setattr(fast_nodes, "_elemwise", Bounded(8))
    x = pt.vector("x")
    for count, dtype in itertools.product(range(1, 12), ("float32", "float64")):
        pt.add(x, *[pt.vector(dtype=dtype)] * count)
    assert len(fast_nodes._elemwise) <= 8


# ------------------------------------------------------------------ installing
IN_A_NEW_PROCESS = """
import logging, sys
logging.basicConfig(format="%(message)s", stream=sys.stdout)
import pytensor
from pytensor.tensor.elemwise import Elemwise
from pytensor.tensor.type import TensorType
import pylearn2core.engine, pylearn2core.models.mlp, pylearn2core.train
from pylearn2core import patches
"""


def said_by(code):
    done = subprocess.run(
        [sys.executable, "-c", IN_A_NEW_PROCESS + code], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_no_import_changes_pytensor_and_to_install_does():
    said = said_by("""
print(Elemwise.make_node.__module__)
patches.install()
print(Elemwise.make_node.__module__)
""")
    assert said.split() == ["pytensor.tensor.elemwise", "pylearn2core.patches.fast_nodes"]


OTHERS = {
    "another release": (
        'pytensor.__version__ = "3.1.0"',
        "PyTensor is 3.1.0, expected 3.0.x",
    ),
    "another library's patch": (
        "plain = Elemwise.make_node\n"
        "Elemwise.make_node = lambda self, *inputs: plain(self, *inputs)",
        "is of __main__, expected pytensor.tensor.elemwise",
    ),
    "other fields": (
        "plain = TensorType.__init__\n"
        "def init(self, dtype, shape=None, name=None, broadcastable=None):\n"
        "    plain(self, dtype, shape, name)\n"
        "    self.more = 1\n"
        'init.__module__ = "pytensor.tensor.type"\n'
        "TensorType.__init__ = init",
        "TensorType has other fields",
    ),
    "a thing that is gone": (
        "import pytensor.link.c.op\ndel pytensor.link.c.op.ExternalCOp",
        "cannot import name 'ExternalCOp'",
    ),
}


@pytest.mark.parametrize(("change", "reason"), OTHERS.values(), ids=OTHERS)
def test_what_is_not_as_expected_stays_and_the_log_says_so_once(change, reason):
    said = said_by(f"""
{change}
before = vars(Elemwise)["make_node"], vars(TensorType)["__init__"]
patches.install()
patches.install()
assert before == (vars(Elemwise)["make_node"], vars(TensorType)["__init__"])
""")
    assert len(said.splitlines()) == 1
    assert reason in said
    assert "takes longer and gives the same numbers" in said
