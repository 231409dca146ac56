"""The bounded sandbox gives what Jinja's own gives."""

import jinja2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jinja2.sandbox import SandboxedEnvironment

from sweeper.records.errors import InputError
from sweeper.spec import expand, loads
from sweeper.spec.printing import environment
from sweeper.spec.sandbox import Program
from sweeper.spec.work import Work

NAMES = {"x": 3, "s": "ab cd", "l": [3, 1, 2], "d": {"b": 2, "a": [1]}, "f": 0.5, "n": None}
atoms = st.sampled_from([*NAMES, "1", "-2", "0.25", "'q'", "true", "[1, x]", "(2, s)", "{'k': l}"])
operators = st.sampled_from(
    [*("+", "-", "*", "/", "//", "%", "**", "~"), *("==", "!=", "<", ">=", "in", "and", "or")]
)
filters = st.sampled_from(
    [
        *(
            "length",
            "list",
            "sort",
            "first",
            "last",
            "sum",
            "upper",
            "string",
            "int",
            "float",
            "abs",
        ),
        *(
            "join('-')",
            "default(7)",
            "replace('a', 'b')",
            "center(9)",
            "round(1)",
            "tojson",
            "title",
        ),
        *(
            "batch(2) | list",
            "map('string') | list",
            "select('odd') | list",
            "unique | list",
            "max",
        ),
        *("indent(2)", "format(x)", "dictsort", "items | list", "reverse | list", "wordcount"),
    ]
)
tests = st.sampled_from(["defined", "odd", "string", "in l", "eq(3)", "none", "mapping", "lower"])
methods = st.sampled_from(
    [
        *(
            ".upper()",
            ".split()",
            ".join(['a', 'b'])",
            ".replace('a', 'zz')",
            ".items()",
            ".index(1)",
        ),
        *("[0]", "[:2]", "[::-1]", ".a", "['b']", ".center(7)", ".format(x)", ".bit_length()"),
    ]
)


def grown(inner):
    return st.one_of(
        st.tuples(inner, operators, inner).map(lambda t: f"({t[0]} {t[1]} {t[2]})"),
        st.tuples(inner, filters).map(lambda t: f"({t[0]} | {t[1]})"),
        st.tuples(inner, tests).map(lambda t: f"({t[0]} is {t[1]})"),
        st.tuples(inner, methods).map(lambda t: f"({t[0]}){t[1]}"),
        st.tuples(inner, inner, inner).map(lambda t: f"({t[0]} if {t[1]} else {t[2]})"),
        st.tuples(inner, inner).map(lambda t: f"[{t[0]}, {t[1]}]"),
    )


expressions = st.recursive(atoms, grown, max_leaves=6)


def outcome(run):
    """The value as text, "an error" where there is none."""
    try:
        return repr(run())
    except Exception:
        return "an error"


@settings(deadline=None, max_examples=400)
@given(expressions)
def test_a_small_expression_has_the_value_that_jinja_gives_it(expression):
    plain = SandboxedEnvironment(undefined=jinja2.StrictUndefined)
    template = f"{{% set result = {expression} %}}"

    def bounded():
        return Program(environment(Work(), tokens=False), template).run(NAMES)[1]["result"]

    def plainly():
        return plain.from_string(template).make_module(NAMES).result

    assert outcome(bounded) == outcome(plainly)


@pytest.mark.parametrize(
    "text",
    [
        "{% for a, b in d.items() if b is not mapping %}{{ loop.index }}{{ a }};{% endfor %}",
        "{% for i in [1, [2, 3]] recursive %}{{ loop(i) if i is iterable else i }},{% endfor %}",
        "{% macro m(a, b=2) %}{{ a }}-{{ b }}{% endmacro %}{{ m(1) }}{{ m(b=3, a=4) }}",
        "{% macro m() %}[{{ caller() }}]{% endmacro %}{% call m() %}!{% endcall %}",
        "{% set n = namespace(t=0) %}{% for i in l %}{% set n.t = n.t + i %}{% endfor %}{{ n.t }}",
        "{% set a %}x{{ x }}{% endset %}{{ a | upper }}{% filter upper %}ab{{ s }}{% endfilter %}",
        "{{ 'a' ~ x ~ none ~ 0.5 }}{{ [1, 2][1:] }}{{ (1, 2)[0] }}{{ {'a': 1}.a }}{{ 1 < 2 < 3 }}",
        "{% with a = 1, b = 2 %}{{a + b}}{% endwith %}{{ range(3) | list }}{{ cycler(1).next() }}",
        "{{ '%s-%05.1f' % (s, f) }}{{ '{:>5}{}'.format(x, f) }}{{ '{a}'.format(a=1) }}",
        "{% for i in l %}{{ loop.cycle('a', 'b') }}{{ loop.last }}{% else %}no{% endfor %}",
    ],
)
def test_statements_print_what_jinja_prints(text):
    plain = SandboxedEnvironment(undefined=jinja2.StrictUndefined).from_string(text).render(NAMES)
    assert Program(environment(Work(), tokens=False), text).run(NAMES)[0] == plain


def test_a_template_that_only_prints_variables_gives_the_same_trials_as_one_that_does_more():
    header = "sweep: {grid: {a: [1, x, null, [1, 2], {b: 0.5}]}, repeat: 2}\n---\n"
    body = "!obj:a.B { a: {{ a }}, s: '{{ seed }}', out: {{ out }}, q: '{{ trial }}/{{ a }}' }\n"
    simple = expand(loads(header + body, "g.yaml.j2"))
    other = expand(loads(f"{header}{body}{{% if a == 77 %}}x{{% endif %}}", "g.yaml.j2"))
    assert [(t.id, t.values, t.tokens) for t in simple.trials] == [
        (t.id, t.values, t.tokens) for t in other.trials
    ]
    (text,) = simple.texts.values()
    assert text.text == next(iter(other.texts.values())).text


def test_a_variable_that_is_missing_is_told_by_a_template_that_only_prints_variables():
    text = "sweep: {grid: {a: [1, 2]}}\n---\n!obj:a.B {\n  a: {{ a }},\n  b: {{ aa }} }\n"
    with pytest.raises(InputError, match=r"line 5: unknown variable 'aa'.*did you mean a\?"):
        expand(loads(text, "g.yaml.j2"))
