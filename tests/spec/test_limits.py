"""A spec may be a stranger's: whatever it makes, memory and time are bounded, in a paragraph."""

import json
import resource
import time
from pathlib import Path

import pytest

from sweeper.records.errors import InputError
from sweeper.spec import count, expand, load, loads

HEADER = "sweep:\n  grid: {x: [1]}\n"
GIB = 1 << 30


@pytest.fixture(autouse=True)
def two_gibibytes():
    """An allocation past that is a MemoryError, which no message below speaks of."""
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    now = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (now + 2 * GIB, hard))
    yield
    resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def refused(text, message, what=expand):
    """`what` refuses the spec in a paragraph that holds `message`, within a minute of one core."""
    __tracebackhide__ = True
    begin = time.process_time()
    with pytest.raises(InputError, match=r"^[^\n]{1,2500}$") as caught:
        what(loads(text, "g.yaml.j2"))
    assert message in str(caught.value)
    assert caught.value.exit_code == 2
    assert time.process_time() - begin < 60


def experiment(expression):
    return f"{HEADER}---\n!obj:mine.E {{ x: {{{{ x }}}}, y: {expression} }}\n"


TOO_LARGE = "would come to more than 4,000,000 characters or 1,000,000 items"
LONG = "a whole number would have more than 3,000 digits"
EXPRESSIONS = [
    ("'a' * 10**10", f"`*` {TOO_LARGE}"),
    ("3000000000 * 'a'", f"`*` {TOO_LARGE}"),
    ("[0] * 10**9", f"`*` {TOO_LARGE}"),
    ("[[0] * 1000] * 1001", f"`*` {TOO_LARGE}"),
    ("(0,) * 10**9", f"`*` {TOO_LARGE}"),
    ("'é' * 3000000 + 'é' * 3000000", TOO_LARGE),
    ("('a' * 3000000) ~ ('a' * 3000000)", TOO_LARGE),
    ("10**(10**8)", LONG),
    ("2**10001 // 2", LONG),
    ("2**4000 * 2**8000", LONG),
    ("range(10**12) | list", "Range too big"),
    ("'x' | center(10**10)", f"`center` {TOO_LARGE}"),
    ("'x'.center(10**10)", f"`.center` {TOO_LARGE}"),
    ("'x'.zfill(3 * 10**9)", f"`.zfill` {TOO_LARGE}"),
    ("'x'.ljust(width=3) or 'x'.ljust(3 * 10**9)", "takes no keyword arguments"),
    ("'x\ny' | indent(10**10)", f"`indent` {TOO_LARGE}"),
    ("'%3000000000d' % 1", f"`%` {TOO_LARGE}"),
    ("'%*d' % (3000000000, 1)", f"`%` {TOO_LARGE}"),
    ("'%.9999999f' % 0.5", f"`%` {TOO_LARGE}"),
    ("'%3000000000s' | format('x')", f"`format` {TOO_LARGE}"),
    ("'{:>3000000000}'.format(1)", f"`.format` {TOO_LARGE}"),
    ("'{:>{}}'.format(1, 3000000000)", f"`.format` {TOO_LARGE}"),
    ("'{0:>9999}'.format(1) * 401", f"`*` {TOO_LARGE}"),
    ("('{0:>9999}' * 401).format(1)", f"`.format` {TOO_LARGE}"),
    ("'{a:>4000001}'.format_map({'a': 1})", f"`.format` {TOO_LARGE}"),
    ("('a' * 10**5).replace('a', 'b' * 10**5)", f"`.replace` {TOO_LARGE}"),
    ("('a' * 10**5) | replace('a', 'b' * 10**5)", f"`replace` {TOO_LARGE}"),
    ("('\\t' * 10**5).expandtabs(10**5)", f"`.expandtabs` {TOO_LARGE}"),
    ("('b' * 10**5).join('a' * 10**5)", f"`.join` {TOO_LARGE}"),
    ("range(9999) | map('string') | join('b' * 10**5)", f"`join` {TOO_LARGE}"),
    ("('b' * 10**5).join(range(9999) | map('string'))", f"`.join` {TOO_LARGE}"),
    ("('a' * 10**5).translate({97: 'b' * 10**5})", f"`.translate` {TOO_LARGE}"),
    ("(5).to_bytes(10**10, 'big')", f"`.to_bytes` {TOO_LARGE}"),
    ("[[[[1]]]] | tojson(indent=10**9)", f"`tojson` {TOO_LARGE}"),
    ("[1] | batch(10**9, 0) | list", f"`batch` {TOO_LARGE}"),
    ("[1] | slice(10**9) | list", f"`slice` {TOO_LARGE}"),
    ("('x ' * 10**6) | wordwrap(1, wrapstring='b' * 10**5)", f"`wordwrap` {TOO_LARGE}"),
    ("('a.com ' * 10**4) | urlize(rel='b' * 10**5)", f"`urlize` {TOO_LARGE}"),
    ("2.5 | round(10**9, 'ceil')", f"`round` {TOO_LARGE}"),
    ("range(99999) | map('list') | sum(start=[])", "an expression failed"),
    ("([[1]] * 99999) | sum(start=[])", f"`sum` {TOO_LARGE}"),
    ("('f' * 10**6) | int(0, 16)", LONG),
    ("10**400", "a whole number of more than 300 digits can't be printed"),
    ("9" * 5000, "this is no template"),
    ("(" * 3000 + "1" + ")" * 3000, "nested too deep, or one of its expressions is too long"),
    ("+".join(["1"] * 20000), "nested too deep, or one of its expressions is too long"),
    ("x" + ".a" * 20000, "nested too deep, or one of its expressions is too long"),
    ("not " * 20000 + "1", "nested too deep, or one of its expressions is too long"),
    ("dict(a=" * 2000 + "1" + ")" * 2000, "nested too deep"),
    ("'\\ud800'", "holds half a character"),
    ("namespace()", "a Namespace can't be printed"),
]


@pytest.mark.parametrize(("expression", "message"), EXPRESSIONS, ids=range(len(EXPRESSIONS)))
def test_an_expression_makes_no_more_than_memory_holds(expression, message):
    refused(experiment(f"{{{{ {expression} }}}}"), message)


@pytest.mark.parametrize(
    "expression",
    [
        "'a' * 10**10",
        "range(10**12) | list",
        "10**(10**8)",
        "('a' * 10**5).replace('a', 'b' * 10**5)",
    ],
)
def test_where_makes_no_more_than_memory_holds(expression):
    where = json.dumps(f"({expression}) is defined")
    refused(f"{HEADER}  where: {where}\n---\n!obj:mine.E {{ x: {{{{ x }}}} }}\n", "failed for x=1")


WORK = "too much work: at most 2,500,000 operations are done for one trial"
INNER = "{% for j in range(99999) %}{body}{% endfor %}"
LOOP = f"{{% for i in range(99999) %}}{INNER}{{% endfor %}}"


def sixty_times(start, step):
    assign = f"{{% set ns.s = {step} %}}"
    return f"{{% set ns = namespace(s={start}) %}}{{% for i in range(60) %}}{assign}{{% endfor %}}"


STATEMENTS = [
    (LOOP.replace("{body}", ""), WORK),
    (LOOP.replace("{body}", "x, "), WORK),
    (LOOP.replace("{body}", "{% if 1 %}{% endif %}" * 50), WORK),
    (LOOP.replace("{body}", "{{ 1 }}"), "more than 500,000 values would be printed"),
    ("{% for i in range(99999) if (range(99999) | list | length) == 0 %}{% endfor %}", WORK),
    ("{% for i in [[1]] recursive %}{{ loop([[1]]) }}{% endfor %}", "calls itself too often"),
    ("{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}", "calls itself too often"),
    ("{% macro f(n) %}{{ f(n - 1) ~ f(n - 1) if n }}{% endmacro %}{{ f(60) }}", WORK),
    ("{% for i in [1] recursive %}{{ loop([1, 1]) if loop.depth < 60 }}{% endfor %}", WORK),
    (sixty_times("'a'", "ns.s ~ ns.s"), TOO_LARGE),
    (sixty_times("'a'", "ns.s + ns.s"), TOO_LARGE),
    (sixty_times("3", "ns.s * ns.s"), LONG),
    (sixty_times("1", "[ns.s, ns.s]"), TOO_LARGE),
    (sixty_times("1", "(ns.s, ns.s)"), TOO_LARGE),
    (sixty_times("1", "{'a': ns.s, 'b': ns.s}"), TOO_LARGE),
    (sixty_times("1", "dict(a=ns.s, b=ns.s)"), TOO_LARGE),
    (sixty_times("1", "[ns.s]").replace("range(60)", "range(999)"), "nested more than 100 deep"),
    ("{% set a = namespace() %}{% set a.a = a %}{{ a ~ '' }}", "nested more than 100 deep"),
    ("{% set a %}" + "x" * 99 + "{% endset %}{{ (a * 40000) ~ (a * 40000) }}", TOO_LARGE),
    ("{% if 1 %}" * 4000 + "{% endif %}" * 4000, "nested too deep"),
    ("{% for i in [1] %}" * 500 + "{% endfor %}" * 500, "nested too deep"),
    ("{{ 1 }}, " * 20_000, "more than 10,000 `{{` and `{%`. Write a loop."),
]


@pytest.mark.parametrize(("statement", "message"), STATEMENTS, ids=range(len(STATEMENTS)))
def test_a_statement_does_no_more_than_takes_some_seconds(statement, message):
    refused(experiment(f"[{statement}]"), message)


@pytest.mark.parametrize("number", [0, 6, 9, 19])
def test_a_statement_in_the_header_does_no_more_either(number):
    statement, message = STATEMENTS[number]
    header = f"sweep: {{grid: {{y: [1]}}}}\n# {statement}\n"
    refused(f"{header}---\n!obj:a.B {{y: {{{{ y }}}}}}\n", message)


def test_a_where_of_some_work_is_not_done_for_more_points_than_take_some_seconds():
    header = "sweep:\n  grid: {x: {range: [0, 100000]}}\n"
    where = "  where: (range(99999) | list | length) > 0\n"
    refused(f"{header}{where}---\n!obj:a.B {{x: {{{{ x }}}}}}\n", "12,500,000 for all", count)


def test_what_trials_print_and_build_is_bounded_over_all_of_them():
    grid = "sweep:\n  grid: {a: {range: [0, 10000]}}\n---\n"
    kept = "what all trials print comes to more than 10,000,000 values"
    refused(f"{grid}!obj:a.B {{ x: {{{{ 'x' * 3000000 ~ a }}}} }}\n", kept)
    shared = "{a: [[" + "1, " * 5000 + "]], b: {range: [0, 10000]}}"
    large = f"sweep:\n  grid: {shared}\n---\n!obj:a.B {{ a: {{{{ a }}}}, b: {{{{ b }}}} }}\n"
    refused(large, kept)
    shapes = "{% for i in range(a) %}k{{ i | safe }}: 1, {% endfor %}"
    refused(f"{grid}!obj:a.B {{ a: {{{{ a }}}}, {shapes} }}\n", "experiments of other shapes")


AXES = [
    ("grid: {x: {range: [0, 1" + "0" * 400 + ", 1]}}", "has more than 300 digits"),
    (
        "grid: {x: {range: [0, 1" + "0" * 299 + ", 1]}}",
        "more than 10^299 values: at most 1,000,000",
    ),
    ("grid: {x: {range: [0, 1, 1.0e-300]}}", "more than 10^300 values: at most 1,000,000"),
    ("grid: {x: {linspace: [0, 1, 1000001]}}", "1,000,001 values: at most 1,000,000 are made"),
    ("grid: {x: {logspace: [1, 2, 100001]}}", "100,001 values: at most 100,000 are made"),
    ("grid: {x: [" + "9" * 5000 + "]}", "a number of 5,000 characters"),
    ("grid: {x: [" + "9" * 301 + "]}", "more than 300 digits"),
    ("grid: {x: " + "[" * 50_000 + "]" * 50_000 + "}", "nested more than 100 deep"),
    (
        "grid: {x: {range: [100000]}, y: {range: [100000]}, z: {range: [100000]}}",
        "1,000,000,000,000,000",
    ),
    ("grid: {" + ", ".join(f"a{i}: [1, 2]" for i in range(1000)) + "}", "more than 10^301 points"),
    (
        "grid: {" + ", ".join(f"a{i}: [1]" for i in range(99)) + ", x: {range: [99999]}}",
        "9,999,900 values",
    ),
    (
        "random: {samples: 1000000, axes: {x: {uniform: [0, 1]}, y: {uniform: [0, 1]}}}",
        "2,000,000 draws",
    ),
    ("random: {samples: 9" + "9" * 200 + ", axes: {x: {uniform: [0, 1]}}}", "at most 1,000,000"),
    ("random: {samples: 999, axes: {x: {normal: [0, 1.0e+308]}}}", "a number that is not finite"),
    ("union:\n" + "    - grid: {x: {range: [400000]}}\n" * 60, "1,200,000 points"),
    (
        "grid: {x: {range: [2000]}}\n  repeat: 1000000",
        "2,000 points by 1,000,000 seeds are 2,000,000,000",
    ),
    (
        "grid: {x: {range: [2000]}}\n  repeat: 1000\n  where: x >= 0",
        "`where` leaves more than can be run",
    ),
    ("g" * 1000 + ": 1", "unknown key. The keys here are name, objective"),
    ("grid: {" + ", ".join(f"a{i}: [1]" for i in range(20_000)) + "}", "never uses the axis a0"),
]


@pytest.mark.parametrize(("axes", "message"), AXES, ids=range(len(AXES)))
def test_a_header_asks_for_no_more_than_can_be_run(axes, message):
    refused(f"sweep:\n  {axes}\n---\n!obj:a.B {{ x: {{{{ x }}}}, b: {{{{ seed }}}} }}\n", message)


def test_anchors_that_multiply_are_refused_in_the_header_and_in_the_experiment():
    laughs = ["l0: &l0 [x, x, x, x, x, x, x, x, x]"]
    laughs += [f"l{i}: &l{i} [{', '.join([f'*l{i - 1}'] * 9)}]" for i in range(1, 9)]
    grid = "".join(f"    {line}\n" for line in laughs)
    message = "more than 500,000 values, those that aliases repeat counted each time"
    refused(f"sweep:\n  grid:\n{grid}---\n!obj:a.B {{}}\n", message)
    refused(experiment("{" + ", ".join(laughs) + "}"), message)


def test_a_where_that_keeps_few_of_many_points_works_within_the_limits():
    text = (
        "sweep:\n  grid: {a: {range: [0, 300]}, b: {range: [0, 300]}}\n  repeat: 100\n"
        "  where: a == b and a % 100 == 0\n---\n!obj:m.E { a: [{{ a }}, {{ b }}, {{ seed }}] }\n"
    )
    found = count(loads(text, "g.yaml.j2"))
    assert (found.trials, found.dropped) == (300, 90_000 - 3)


def test_a_file_without_an_end_is_refused(tmp_path):
    path = tmp_path / "zero.yaml.j2"
    path.symlink_to("/dev/zero")
    with pytest.raises(InputError, match="more than 16,000,000 bytes"):
        load(path)


def test_a_spec_as_large_as_people_write_them_is_read():
    text = (
        "sweep:\n  points:\n"
        + "".join(f"  - {{x: {i}, name: a{i}, values: [1, 2, {i}]}}\n" for i in range(3000))
        + "---\n!obj:a.B {\n  layers: [{% for i in range(20) %}\n"
        + "    !obj:a.L { dim: {{ x + i }}, name: {{ 'h%d' % i }} },\n{% endfor %}],\n"
        + "  of: {{ values | sum }}, x: {{ x }}, name: {{ name | upper }}, }\n"
    )
    found = expand(loads(text, "g.yaml.j2"))
    assert len(found.trials) == 3000
    assert found.trials[-1].tokens[-3:] == (1 + 2 + 2999, 2999, "A2999")
