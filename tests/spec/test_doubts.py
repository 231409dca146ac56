"""What is likely meant otherwise gets the sentence that helps: an error, or a notice."""

import pytest

from sweeper.records.errors import InputError
from sweeper.spec import expand, loads


def spec(header, experiment="!obj:a.B { x: {{ x }} }"):
    return f"sweep:\n{header}\n---\n{experiment}\n"


def notices(text):
    return expand(loads(text, "g.yaml.j2")).notices


def error_of(text):
    with pytest.raises(InputError, match=r"^[^\n]*$") as caught:
        expand(loads(text, "g.yaml.j2"))
    return str(caught.value)


X = "  grid: {x: [1, 2]}"


# ------------------------------------------------------------------ numbers
@pytest.mark.parametrize(
    ("values", "told"),
    [
        ("[2e-4, 10**-3, 1/3]", "10**-3 and 1/3 would be strings among numbers"),
        ("[0.1, 1/3]", "let the template calculate it, as {{ 1 / 3 }}"),
        ("[12:30:45]", "12:30:45 is read as the number 45045"),
        ("[1, {a: -1:30}]", "-1:30 is read as the number -90"),
    ],
)
def test_a_number_that_yaml_reads_as_something_else_is_refused_in_an_axis(values, told):
    message = error_of(spec(f"  grid:\n    x: {values}"))
    assert message.startswith("g.yaml.j2, line 3")
    assert told in message


@pytest.mark.parametrize(
    ("experiment", "told"),
    [
        ("!obj:a.B { x: {{ x }},\n  t: 12:30:45 }", "line 5: 12:30:45 is read as the number 45045"),
        ("!obj:a.B { x: {{ x }},\n  n: 010 }", "line 5: 010 is read as the number 8"),
    ],
)
def test_such_a_number_in_the_experiment_is_a_notice(experiment, told):
    (notice,) = notices(spec(X, experiment))
    assert told in notice
    assert notice.endswith("put it in quotes.")


def test_an_axis_of_octal_numbers_and_one_of_calculations_get_notices():
    assert "010 is read as the number 8" in notices(spec("  grid: {x: [010, 020]}"))[0]
    assert "These are strings" in notices(spec("  grid: {x: [1/3, 2/3]}"))[0]


@pytest.mark.parametrize("word", ["None", "nan", "inf", "-inf"])
def test_python_s_words_for_null_nan_and_infinity_get_a_notice(word):
    (notice,) = notices(spec(X, f"!obj:a.B {{ x: {{{{ x }}}},\n  y: {word} }}"))
    assert f"line 5: {word} is read as a string. YAML writes null, .nan and .inf" in notice
    assert notices(spec(X, f"!obj:a.B {{ x: {{{{ x }}}}, y: '{word}' }}")) == ()


@pytest.mark.parametrize("values", ["['12:30', '010', '1/3']", "[1.5, 2e3, 0, -7]", "[a/b, 1-2]"])
def test_what_stands_in_quotes_or_is_what_it_looks_like_gets_no_word(values):
    assert notices(spec(f"  grid: {{x: {values}}}")) == ()


# ------------------------------------------------------------------ the header
def test_an_objective_without_a_mode_says_which_end_is_the_best():
    (notice,) = notices(spec(f"  objective: {{channel: accuracy}}\n{X}"))
    assert "the LOWEST accuracy is the best. Write `mode: max`" in notice
    assert notices(spec(f"  objective: {{channel: accuracy, mode: max}}\n{X}")) == ()


@pytest.mark.parametrize(
    ("pattern", "told"),
    [
        ("'^valid'", "is a regular expression, and globs are expected"),
        ("'valid.*\\d'", "is a regular expression"),
        ("'valid '", "starts or ends with a space"),
        ("'valid[0'", "has a `[` without its `]`"),
    ],
)
def test_a_pattern_that_can_match_no_channel_is_told(pattern, told):
    message = error_of(spec(f"  channels: [{pattern}]\n{X}"))
    assert "sweep.channels[0]" in message
    assert told in message


def test_a_tab_is_called_a_tab():
    message = error_of("sweep:\n\tgrid: {x: [1]}\n---\n!obj:a.B { x: {{ x }} }\n")
    assert message.startswith("g.yaml.j2, line 2: this is no YAML: a tab stands here")


# ------------------------------------------------------------------ the experiment
def test_braces_in_a_comment_say_how_a_template_s_comment_is_written():
    message = error_of(spec(X, "# was {{ old_name }}\n!obj:a.B { x: {{ x }} }"))
    assert "unknown variable 'old_name'" in message
    assert "It stands in a comment" in message
    assert "write {# and #} around" in message


def test_braces_in_a_comment_at_a_line_s_end_are_told_too():
    message = error_of(spec(X, "!obj:a.B { x: {{ x }} } # was {{ old_name }}"))
    assert "unknown variable 'old_name'" in message
    assert "It stands in a comment" in message
    assert "comment" not in error_of(spec(X, "!obj:a.B { x: {{ y }} } # was {{ x }}"))


def test_an_axis_written_as_a_variable_of_the_environment_is_told():
    message = error_of(spec(X, "!obj:a.B { x: '${x}' }"))
    assert "`${x}` is a variable of the environment: write {{ x }}." in message


def test_an_axis_that_a_comment_alone_uses_says_so():
    message = error_of(
        spec("  grid: {x: [1, 2], y: [1, 2]}", "# y is {{ y }}\n!obj:a.B {x: {{ x }}}")
    )
    assert "What differs (y) changes nothing there. A comment names y (line 4)" in message


@pytest.mark.parametrize(
    "experiment", ["!obj:a.B { x: %(x)i }", "!obj:a.B { x: {{ x }}, y: %(y)f }", "[%(x)d]"]
)
def test_an_older_template_is_called_by_its_name(experiment):
    message = error_of(spec(X, experiment))
    assert "is Pylearn2's older template, which a script fills by Python's `%`" in message
    assert "Write {{ " in message


# ------------------------------------------------------------------ what no trial could be
@pytest.mark.parametrize(
    ("experiment", "found"),
    [
        ("python train.py --x {{ x }}", "the string 'python train.py --x 1'"),
        ("{x: {{ x }}}", "a map"),
        ("[{x: {{ x }}}]", "a list with a map"),
        ("!float {{ x }}", "a number"),
        ("{{ x }}", "the number 1"),
    ],
)
def test_an_experiment_that_is_no_object_is_refused(experiment, found):
    message = error_of(spec(X, experiment))
    assert message.startswith(f"g.yaml.j2, line 4: the experiment is {found}: expected an object")
