"""`-D name=value` is typed as YAML types it."""

import pytest

from sweeper.records.errors import InputError
from sweeper.spec import expand, loads

ONE = "sweep: {}\n---\n!obj:a.B { x: {{ x }} }\n"
AXIS = "sweep: {grid: {lr: {{ lrs }}}}\n---\n!obj:a.B { x: {{ lr }} }\n"


def value_of(text):
    (trial,) = expand(loads(ONE, "g.yaml.j2", {"x": text})).trials
    return trial.tokens[0]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("3", 3),
        ("1e-5", 1e-5),
        ("true", True),
        ("null", None),
        ("", None),
        ("relu", "relu"),
        ("a, b", "a, b"),
        ("a: b", "a: b"),
        ("2024-01-02", "2024-01-02"),
        ("'3'", "3"),
        ('"01"', "01"),
        ("[0.1, 0.2]", [0.1, 0.2]),
        (" [0.1, [x, '2']]", [0.1, ["x", "2"]]),
        ("{a: 1, b: [2]}", {"a": 1, "b": [2]}),
        ("[]", []),
    ],
)
def test_a_define_is_what_yaml_makes_of_it(text, value):
    found = value_of(text)
    assert (found, type(found)) == (value, type(value))


def test_an_axis_can_be_given_on_the_command_line():
    found = expand(loads(AXIS, "g.yaml.j2", {"lrs": "[0.1, 0.2, 1e-3]"}))
    assert [trial.values for trial in found.trials] == [{"lr": 0.1}, {"lr": 0.2}, {"lr": 1e-3}]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[0.1, 0.2", "-D lrs: this is no YAML"),
        ("{a: 1", "put it in quotes that the shell leaves"),
        ("0.1, 0.2", "Write it as a list: [0.1, 0.2]."),
        ("[0.1, 1/3]", "1/3 would be a string among numbers"),
        ("[2024-01-02]", "is read as a date"),
        ("[" * 200, "-D lrs: "),
    ],
)
def test_a_define_that_is_no_list_says_what_to_write(text, told):
    with pytest.raises(InputError, match=r"^[^\n]*$") as caught:
        expand(loads(AXIS, "g.yaml.j2", {"lrs": text}))
    assert told in str(caught.value)


@pytest.mark.parametrize("name", ["seed", "trial", "loop", "a-b", "1x"])
def test_a_name_that_no_variable_can_have_is_told(name):
    with pytest.raises(InputError, match=rf"^-D {name}: no variable can be named so: .* Rename"):
        loads(ONE, "g.yaml.j2", {name: "1"})
