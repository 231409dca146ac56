"""config.nodes: text to a tree with lines, tokens to values, values to text."""

import math
import subprocess
import sys
import time

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from pylearn2core.config import nodes
from pylearn2core.errors import ConfigError


def values(text: str, tokens: tuple[object, ...] = ()) -> object:
    (node,) = nodes.parse(text)
    return nodes.value_of(node, tokens)


# A tutorial's shape: trailing commas, tags that hold a colon, an anchor, numbers of every spelling.
TUTORIAL = """!obj:pylearn2.train.Train {
    dataset: &train !obj:a.DenseDesignMatrix {
        X: !pkl: 'mnist_train_X.pkl',
        y_labels: 10,
    },
    algorithm: !obj:a.SGD {
        learning_rate: 1e-3,
        momentum: .1,
        decay: 0.,
        monitoring_dataset: { 'train' : *train, },
        cost: !obj:log_reg.LogisticRegressionCost {},
    },
}
"""


def pairs(node: nodes.Node) -> dict[object, nodes.Node]:
    body = node.body if isinstance(node, nodes.Tagged) else node
    assert isinstance(body, nodes.Mapping)
    return {nodes.fill(key): value for key, value in body.pairs}


def test_a_tutorials_yaml_keeps_tags_lines_and_numbers():
    (train,) = nodes.parse(TUTORIAL)
    assert isinstance(train, nodes.Tagged)
    assert (train.tag, train.line) == ("obj:pylearn2.train.Train", 1)
    dataset, sgd = pairs(train)["dataset"], pairs(pairs(train)["algorithm"])
    pickle = pairs(dataset)["X"]
    assert isinstance(pickle, nodes.Tagged)
    assert (pickle.tag, nodes.fill(pickle.body), pickle.line) == ("pkl:", "mnist_train_X.pkl", 3)
    assert [nodes.fill(sgd[k]) for k in ("learning_rate", "momentum", "decay")] == [0.001, 0.1, 0.0]
    cost = sgd["cost"]
    assert isinstance(cost, nodes.Tagged)
    assert isinstance(cost.body, nodes.Mapping)
    assert cost.body.pairs == ()


def test_an_alias_is_the_same_node_as_its_anchor():
    (train,) = nodes.parse(TUTORIAL)
    monitored = pairs(pairs(pairs(train)["algorithm"])["monitoring_dataset"])
    assert monitored["train"] is pairs(train)["dataset"]


@pytest.mark.parametrize(
    "text",
    [
        "1",
        "01",
        "0x1F",
        "1_000",
        "1:30",
        "1.5",
        "-.inf",
        "yes",
        "off",
        "~",
        "null",
        "x",
        "2024-01-02",
    ],
)
def test_plain_scalars_are_typed_as_the_safe_loader_types_them(text):
    expected = yaml.safe_load(text)
    found = nodes.plain_scalar(text)
    assert (type(found), found) == (type(expected), expected)


@pytest.mark.parametrize("text", ["1e-3", "1e-05", "3e-7", "1E5", "+2e3", "-.5", "1.5e3", ".5e1"])
def test_what_python_reads_as_a_float_with_an_exponent_is_one(text):
    found = nodes.plain_scalar(text)
    assert (type(found), found) == (float, float(text))


@pytest.mark.parametrize("text", ["e5", "1e", "1e5x", "-", ".", "0b_", "2024-99-99", "=", "<<"])
def test_what_only_looks_like_a_number_is_a_string(text):
    assert nodes.plain_scalar(text) == text


def test_tokens_are_typed_when_whole_and_text_when_not():
    text = (
        "[__sweep_token_0__, '__sweep_token_0__', a-__sweep_token_0__, 1__sweep_token_1__, "
        "'1__sweep_token_1__']"
    )
    assert values(text, (1e-05, "2")) == [1e-05, "1e-05", "a-1e-05", 12, "12"]


def test_a_token_may_stand_in_a_tag_and_in_a_key():
    (node,) = nodes.parse("__sweep_token_0__: !obj:a.__sweep_token_1__ {}")
    assert isinstance(node, nodes.Mapping)
    ((key, value),) = node.pairs
    assert isinstance(key, nodes.Token)
    assert isinstance(value, nodes.Tagged)
    assert isinstance(value.tag, nodes.Text)
    assert nodes.fill(value.tag, ("k", "B")) == "obj:a.B"


def test_a_tagged_scalar_is_the_string_as_written():
    (node,) = nodes.parse("[!pkl: 01, !float 1e-3, !obj:a.B , !import: 'a']")
    assert isinstance(node, nodes.Sequence)
    bodies = [item.body for item in node.items if isinstance(item, nodes.Tagged)]
    assert [nodes.fill(body) for body in bodies] == ["01", "1e-3", None, "a"]


def test_merge_keys_give_way_to_a_maps_own():
    text = "base: &b {x: 1, y: 2}\nuse: {<<: *b, y: 3, z: 4}"
    assert values(text) == yaml.safe_load(text)


def test_documents_are_phases_with_anchors_of_their_own():
    first, second = nodes.parse("a: &x 1\n---\nb: &x 2\nc: *x\n")
    assert nodes.value_of(first) == {"a": 1}
    assert nodes.value_of(second) == {"b": 2, "c": 2}


def test_lines_are_mapped_to_the_users_own():
    with pytest.raises(ConfigError, match=r"^f\.yaml, line 30, b: .*first in line 20"):
        nodes.parse("b: 1\nb: 2\n", source="f.yaml", lines=(20, 30))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: {b: 1\nc: 2\n", r"line 2: this is no YAML: while parsing a flow mapping that starts "),
        ("a: [1,\n2", r"line 2: this is no YAML: .* did not find expected ',' or ']'"),
        ("\ta: 1", r"line 1: this is no YAML: a tab stands here, .*Write spaces for each tab"),
        ("a:\n\tb: 1", r"line 2: this is no YAML: a tab stands here"),
        ("a: 1\n  \tb: 2", r"line 2: this is no YAML: a tab stands here"),
        ("a: %(dim)i", r"line 1: this is no YAML: no value starts with '%'. Put the value in quo"),
        ("a: @x", r"line 1: this is no YAML: no value starts with '@'"),
        ("a: 1\nb: {c: 1, c: 2}", r"line 2, b\.c: this key stands twice in one map"),
        ("1: a\ntrue: b", r"line 2, True: this key stands twice"),
        ("a: [&trian 1, *train]", r"line 1, a\[1\]: no anchor &train .*did you mean trian"),
        ("a: &x [*x]", r"line 1, a\[0\]: the alias \*x stands inside its own anchor"),
        ("a: &x 1\nb: &x 2", r"line 2, b: the anchor &x is set twice"),
        ("a: 1\nb: \x00", r"line 2: the character '\\x00' can't stand in YAML"),
        ("a: '\ud800'", r"line 1: the character '\\ud800' can't stand in YAML"),
        ("a: !!python/object:os.system {}", r"the tag !!python/object:os.system is not supported"),
        ("a: !!int x", r"line 1, a: 'x' is no value for the tag !!int"),
        ("a: !!float __sweep_token_0__", r"the tag !!float is not supported here"),
        ("a: {<<: 3}", r"`<<` merges maps"),
        ("[" * 200 + "]" * 200, r"nested more than 100 deep"),
        ("&a__sweep_token_0__ 1", r"a value can't be part of an anchor's"),
    ],
)
def test_bad_yaml_is_told_with_its_line_and_key_path(text, message):
    with pytest.raises(ConfigError, match=message):
        nodes.parse(text)


LAUGHS = "\n".join(
    ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    + [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 12)]
)
MERGES = "a0: &a0 {" + ", ".join(f"k{i}: 1" for i in range(100)) + "}\n"
MERGES += "".join(
    f"a{j}: &a{j} {{<<: [{', '.join([f'*a{j - 1}'] * 50)}], z{j}: 1}}\n" for j in range(1, 9)
)
CHAIN = "- &a0 [1]\n" + "".join(f"- &a{i} [*a{i - 1}]\n" for i in range(1, 10_000))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (LAUGHS, "more than 500,000 values, those that aliases repeat counted each time"),
        (MERGES, "more than 500,000 values"),
        ("[" + "1, " * 600_000 + "]", "more than 500,000 values"),
        (CHAIN, "nested more than 100 deep"),
        ("[" * 50_000, "nested more than 100 deep"),
        ("- " * 20_000 + "x", "nested more than 100 deep"),
        ("{a: " * 50_000 + "}" * 50_000, "nested more than 100 deep"),
        ("? " * 20_000 + "x", "nested more than 100 deep"),
        ("a: " + "9" * 301, r"line 1, a: the number 9999999999… has more than 300 digits"),
        ("a: 0x" + "f" * 300, r"line 1, a: the number 0xffffffff… has more than 300 digits"),
        ("a: !!int " + "9" * 301, r"line 1, a: the number 9999999999… has more than 300 digits"),
        ("a: " + "9" * 5000, r"line 1, a: a number of 5,000 characters.* quotes for a string"),
        ("a: 0x" + "f" * 1_000_000, r"a number of 1,000,002 characters"),
        ("a: " + "1:" * 400 + "1.5", r"the number 1:1:1:1:1:… has more than 300 digits"),
        ("a: " + "1:" * 100_000 + "1", r"a number of 200,001 characters"),
        ("a: " + "x" * 16_000_000, "16,000,003 characters: at most 16,000,000 are read"),
        ("&" + "a" * 9000 + " [1, *" + "b" * 9000 + "]", "no anchor &bbb.*…b* stands above"),
        ("a" * 900 + ": !!int " + "x" * 900, r"aaa…a*: .x+…x*. is no value for the tag !!int"),
    ],
    ids=range(18),
)
def test_a_text_that_comes_to_more_than_memory_holds_is_refused_in_a_paragraph(text, message):
    begin = time.process_time()
    with pytest.raises(ConfigError, match=message) as caught:
        nodes.parse(text)
    assert len(str(caught.value)) < 1000
    assert time.process_time() - begin < 30


def test_aliases_within_the_limits_mean_what_they_say():
    shared = "a: &a {x: [1, 2]}\nb: &b [*a, *a]\nc: {<<: *a, y: *b}\n"
    assert values(shared) == yaml.safe_load(shared)
    deep = "- &a0 [1]\n" + "".join(f"- &a{i} [*a{i - 1}]\n" for i in range(1, 98))
    assert values(deep) == yaml.safe_load(deep)


@pytest.mark.parametrize("text", ["9" * 300, "-" + "9" * 300, "'" + "9" * 5000 + "'", "1e400"])
def test_a_number_of_three_hundred_digits_and_a_string_of_any_are_read(text):
    assert values(text) == yaml.safe_load(text) if "e" not in text else values(text) == math.inf


def test_a_plain_scalar_keeps_its_text_and_a_quoted_one_does_not():
    (node,) = nodes.parse("[12:30:45, '12:30:45', !float 1, 010, x]")
    texts = [getattr(item, "text", None) for item in node.items]
    assert texts == ["12:30:45", None, None, "010", "x"]


def test_values_refuse_a_tag_a_map_as_a_key_and_keys_that_become_equal():
    with pytest.raises(ConfigError, match=r"line 2: the tag !obj:a\.B can't stand here"):
        values("a:\n  - !obj:a.B {}")
    with pytest.raises(ConfigError, match=r"can't be a key. Put a value that starts with \{"):
        values("a: {{ x }}")
    with pytest.raises(ConfigError, match="the key 'x' stands twice in one map"):
        values("__sweep_token_0__: 1\n__sweep_token_1__: 2", ("x", "x"))


def test_a_token_without_a_value_is_told():
    with pytest.raises(ConfigError, match="no value was given for it"):
        values("__sweep_token_3__", (1,))


def test_bind_reaches_into_lists_maps_and_keys_and_leaves_numbers():
    tokens = (1, f"{nodes.OUT}/m.pkl", [nodes.TRIAL, {nodes.TRIAL: f"x{nodes.OUT}"}], None)
    assert nodes.bind(tokens, trial="t1", out="/r") == (
        1,
        "/r/m.pkl",
        ["t1", {"t1": "x/r"}],
        None,
    )


def test_resolve_writes_values_into_scalars_tags_and_comments():
    text = (
        "a: !obj:m.__sweep_token_0__ { x: __sweep_token_1__, } # __sweep_token_2__\n"
        "b: |\n  one __sweep_token_2__\n   two\n"
        "c: >-\n  __sweep_token_2__\n\nd: !pkl: 0__sweep_token_3__\n"
    )
    tokens = ("Relu", 1e-05, 'a: "b"\n#', 1)
    found = nodes.resolve(text, tokens, trial="t", out="o")
    assert found == (
        'a: !obj:m.Relu { x: 1.0e-05, } # "a: \\"b\\"\\n#"\n'
        'b: "one a: \\"b\\"\\n#\\n two\\n"\n'
        'c: "a: \\"b\\"\\n#"\nd: !pkl: "01"\n'
    )


plain_data = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(st.characters(exclude_categories=["Cs"]))
    | st.sampled_from(
        ["01", "yes", "1e3", "null", "a: b", "# c", "- x", "'", '"', "\n", "é", "1_0"]
    ),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text("ab: '\n", max_size=4), inner)
    ),
    max_leaves=6,
)


def same(a: object, b: object) -> bool:
    """Equal, and of one type all the way down."""
    return repr(a) == repr(b)


@settings(deadline=None)
@given(plain_data, plain_data)
def test_any_value_written_out_is_read_back_by_another_yaml_reader(a, b):
    text = (
        "x: __sweep_token_0__\ny: [__sweep_token_1__, 'z-__sweep_token_0__'] # __sweep_token_1__\n"
    )
    written = nodes.resolve(text, (a, b), trial="t", out="o")
    read = yaml.safe_load(written)
    assert same(read["x"], a)
    assert same(read["y"][0], b)
    assert same(values(written), values(text, (a, b)))


def test_what_is_not_a_number_is_written_and_read_back():
    written = nodes.flow([math.inf, -math.inf, math.nan])
    assert written == "[.inf, -.inf, .nan]"
    assert [str(x) for x in yaml.safe_load(written)] == ["inf", "-inf", "nan"]


def test_the_tree_needs_neither_pytensor_nor_jax_nor_numpy():
    code = (
        "import sys, pylearn2core.config.nodes\n"
        "print({'pytensor', 'jax', 'numpy', 'ray'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
