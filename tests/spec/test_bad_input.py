"""Each mistake in a spec is one paragraph with file, line or key path, and what to do."""

import pytest

from sweeper.records.errors import InputError
from sweeper.spec import expand, loads

GRID = "sweep:\n  grid:\n    lr: [0.1, 0.2]\n    m: [1, 2]\n"  # lines 1 to 4
USES = "---\n!obj:a.B { lr: {{ lr }}, m: {{ m }} }\n"  # `---` is line 5, `!obj` line 6


def error_of(text, defines=None):
    with pytest.raises(InputError, match=r"\S") as caught:
        expand(loads(text, "g.yaml.j2", defines))
    assert caught.value.exit_code == 2
    assert "\n" not in str(caught.value)
    return str(caught.value)


def check(text, message, defines=None):
    __tracebackhide__ = True
    found = error_of(text, defines)
    for part in message.split(" ... "):
        assert part in found


def over_m(header):
    return f"sweep:\n{header}\n{USES.replace('lr: {{ lr }}, ', '')}"


@pytest.mark.parametrize(
    ("experiment", "message"),
    [
        ("[{{ lr }}, {{ m }},\n {{ momentun }}]", "line 7: unknown variable 'momentun' ... lr=0.1"),
        ("[{{ lr }}, {{ m }},\n {{ seeed }}]", "line 7 ... (did you mean seed?)"),
        ("{{ lr }}\n# {{ m.x }}", "line 7: an expression failed ... 'int object' has no attribute"),
        ("{{ lr }}\n\n# {{ m + 'a' }}", "line 8: an expression failed ... TypeError: unsupported"),
        ("{{ lr }}{{ m }}\n\n\n# {{ 1 / 0 }}", "line 9: ... ZeroDivisionError"),
        ("{{ lr }}\n\n{% if m %}", "line 8: this is no template: Unexpected end of template"),
        ("{{ lr }}\n{{ m | nope }}", "line 7: this is no template: No filter named 'nope'."),
        ("{{ lr }}\n{{ [m] | random }}", "line 7: this is no template: No filter named 'random'."),
        ("{{ lr }}{{ m }}\n{% include 'x' %}", "line 7: `include` of another file ... one file"),
        ("{{ lr }}\n# {{ m.__class__.__mro__ }}", "line 7: ... access to attribute '__class__'"),
        ("{{ lr }}\n# {{ [m].append(3) }}", "line 7: ... access to attribute 'append'"),
        ("{{ lr }}\n# {{ [m] | map('int') }}", "line 7: ... a generator can't be printed ... list"),
        (
            "{% macro f() %}{{ lr }}{{ m }}{% endmacro %}{{ f() | upper }}",
            "a filter changed the text of a macro",
        ),
        (
            "{% set f %}{{ lr }}{% endset %}{{ m }}{{ f ~ 'a&b' }}",
            "a value was joined ... Print the two one after the other",
        ),
        ("{% if lr and m %}{% endif %}", "line 6: the experiment is empty"),
    ],
)
def test_a_mistake_in_the_template_is_told_with_its_line_in_the_file(experiment, message):
    check(f"{GRID}---\n{experiment}\n", message)


def test_a_misspelt_axis_is_an_unknown_variable_first_and_an_unused_axis_too():
    found = error_of(f"{GRID}---\n[{{{{ m }}}},\n {{{{ lrr }}}}]\n")
    assert found.startswith("g.yaml.j2, line 7: unknown variable 'lrr' (did you mean lr?).")
    assert found.endswith("And it never uses the axis lr (g.yaml.j2, line 3, sweep.grid.lr).")


def test_an_unknown_variable_with_a_default_does_not_hide_an_unused_axis():
    found = error_of(f"{GRID}---\n[{{{{ m }}}}, {{{{ lrr | default(3) }}}}]\n")
    assert found.startswith("g.yaml.j2, line 3, sweep.grid.lr: the experiment never uses this axis")


def test_a_yaml_error_is_told_with_the_line_of_the_users_file_not_of_the_rendered_text():
    experiment = (
        "{% set x = 1 %}\n{% for i in [1, 2, 3] %}\n# a comment of {{ i }}\n{% endfor %}\n"
        "!obj:a.B {\n  lr: {{ lr }}\n  m: {{ m }}\n}\n"
    )
    check(f"{GRID}---\n{experiment}", "g.yaml.j2, line 12: this is no YAML ... starts in line 10")


def test_a_duplicate_key_in_the_experiment_is_told():
    check(
        f"{GRID}---\nlr: {{{{ lr }}}}\nm: {{{{ m }}}}\nlr: 3\n", "line 8, lr: this key stands twice"
    )


@pytest.mark.parametrize(
    ("axes", "message"),
    [
        ("  grid: {}", "line 2, sweep.grid: no axes here"),
        ("  grid:", "line 2, sweep.grid: no axes here"),
        ("  grid: [1]", "sweep.grid: expected a map of axes, got a list"),
        ("  grid:\n    m: []", "line 3, sweep.grid.m: an empty list: the axis has no value"),
        (
            "  grid:\n    m: 0.1, 0.01",
            "g.yaml.j2, line 3, sweep.grid.m: expected a list of numbers, got the string "
            "'0.1, 0.01'. Write it as a list: [0.1, 0.01].",
        ),
        ("  grid:\n    m: a, b", "expected a list of values ... Write it as a list: [a, b]."),
        ("  grid:\n    m: 3", "line 3, sweep.grid.m: expected a list of values, got the number 3"),
        ("  grid:\n    m:", "line 3, sweep.grid.m: ... got nothing (null)"),
        ("  grid:\n    m: {linspac: [1, 2, 3]}", "unknown key (did you mean linspace"),
        ("  grid:\n    m: {uniform: [1, 2]}", "'uniform' draws values: it stands under `random`"),
        ("  grid:\n    m: {linspace: [1, 2]}", "sweep.grid.m.linspace: got 2 numbers. Write"),
        ("  grid:\n    m: {linspace: [1, 2, 2.5]}", "whole number of values above 0, got the numb"),
        ("  grid:\n    m: {logspace: [-3, 0, 4]}", "logspace takes the end values themselves"),
        ("  grid:\n    m: {range: [1, 1]}", "no value lies from 1 to 1 (not reached)"),
        ("  grid:\n    m: {range: [1, 5, 0]}", "the step is 0"),
        ("  grid:\n    m: {range: [1, true]}", "range[1]: expected a number, got true"),
        ("  grid:\n    m: {range: [2000000]}", "2,000,000 values: at most 1,000,000"),
        ("  grid:\n    m: [.nan]", "sweep.grid.m[0]: the value nan is not finite"),
        ("  grid:\n    m: [2024-01-02]", "2024-01-02 is read as a date. For a string, put it in q"),
        ("  grid:\n    m: [{1: a}]", "the key 1 is no name"),
        ('  grid:\n    m: [{{ "\\ud800" }}]', "g.yaml.j2, line 3: ... holds half a character"),
        (
            "  grid:\n    m: [1]\n    m: [2]",
            "line 4, sweep.grid.m: this key stands twice in one map",
        ),
        ("  grid: {m: [1]}\n  zip: {m: [2]}", "line 3, sweep.zip: the axis 'm' stands here and in"),
        ("  zip:\n    m: [1, 2]\n    k: [1]", "of one length, but m has 2 and k has 1"),
        ("  points: []", "sweep.points: no points"),
        ("  points:\n  - {m: 1}\n  - {k: 1}", "points[1]: all points must name ... lacks m ... k"),
        ("  union: []", "sweep.union: no blocks"),
        ("  union:\n  - {}", "sweep.union[0]: an empty block"),
        ("  union:\n  - grid: {m: [1]}\n  - grid: {m: [1], k: [1]}", "names k, which the first"),
        ("  union:\n  - where: m", "sweep.union[0].where: unknown key"),
        ("  random: {axes: {m: {choice: [1]}}}", "sweep.random: 'samples' is missing"),
        ("  random: {samples: 0, axes: {m: {choice: [1]}}}", "a whole number of at least 1"),
        ("  grid:\n    seed: [1]", "an axis can't be named 'seed': out, seed and trial are"),
        ("  grid:\n    out: [1]", "an axis can't be named 'out'"),
        ("  grid:\n    trial: [1]", "an axis can't be named 'trial'"),
        ("  grid:\n    l-r: [1]", "line 3, sweep.grid.l-r: an axis can't be named 'l-r'"),
        ("  grid:\n    range: [1]", "templates have a meaning of their own for this word"),
        ("  grid:\n    1: [1]", "the key 1 is no name"),
        (
            "  grid:\n    m: {range: [2000]}\n    k: {range: [2000]}",
            "line 1, sweep: 2000 x 2000 = 4,000,000 points: at most 1,000,000",
        ),
    ],
)
def test_a_mistake_in_the_axes_is_told_with_its_key_path(axes, message):
    check(over_m(axes), message)


@pytest.mark.parametrize(
    ("where", "message"),
    [
        ("lr <", "'lr <': this is no expression: unexpected 'end of template'"),
        ("lr, m", "this is no expression: chunk after expression"),
        ("l < 3", "unknown name 'l' (did you mean lr?)"),
        ("seed < 3", "`where` filters points before `repeat`"),
        ("lr > 3", "'lr > 3' drops every one of the 4 points"),
        ("lr", "gives the number 0.1. Write an expression that is true or false"),
        ("lr < 'a'", "failed for lr=0.1, m=1: '<' not supported"),
        ("lr.__class__ == 3", "access to attribute '__class__'"),
        ("true", "expected an expression, got true"),
    ],
)
def test_a_mistake_in_where_is_told(where, message):
    check(f"{GRID}  where: {where}\n{USES}", f"g.yaml.j2, line 5, sweep.where ... {message}")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("objectiv: 3", "sweep.objectiv: unknown key (did you mean objective?)"),
        ("objective: x", "sweep.objective: expected a map, got the string 'x'"),
        ("objective: {mode: min}", "sweep.objective: the channel is missing"),
        ("objective: {channel: a, mode: least}", "expected one of min and max, got the string"),
        ("resources: {gpu: 1}", "resources.gpu: unknown key (did you mean gpus?)"),
        ("resources: {gpus: 1.5}", "a fraction below 1, or a whole number, got the number 1.5"),
        ("resources: {cpus: 0}", "resources.cpus: expected a whole number of at least 1"),
        ("resources: {device: tpu}", "expected one of auto, gpu and cpu"),
        ("workers: two", "sweep.workers: expected a whole number of at least 1"),
        ("channels: valid_*", "sweep.channels: expected a list of channels' names"),
        ("channels: []", "would record nothing"),
        ("modules: [a b]", "sweep.modules[0]: expected one of modules' dotted names"),
        ("floatX: float16", "expected one of float32 and float64"),
        ("precision: tf16", "expected one of float32, tf32 and bfloat16"),
        ("retries: -1", "sweep.retries: expected a whole number of at least 0"),
        ("retry_on: always", "expected one of lost and error"),
        ("max_failures: 0", "sweep.max_failures: expected a whole number of at least 1"),
        ("name: a/b", "sweep.name: expected a name of letters, digits"),
        ("repeat: 0", "sweep.repeat: expected a whole number of at least 1"),
        ("repeat: [1, 1]", "a seed stands twice in [1, 1]"),
        ("repeat: 3", "sweep.repeat: the experiment never uses `seed`"),
        ("stop: {}", "sweep.stop: expected a list of rules, got a map"),
        ("stop: []", "sweep.stop: an empty list stops nothing"),
        ("stop: [{halve: {}}]", "sweep.stop[0].halve: unknown key"),
        (
            "stop: [{threshold: {channel: x, above: 1}, plateau: {channel: x, rows: 1}}]",
            "sweep.stop[0]: expected one rule, got 2 in one item",
        ),
        ("stop: [{halving: {rungs: [1, 3]}}]", "halving: it compares trials by the objective, and"),
        ("cohort: 9", "sweep.cohort: it says how many trials `stop` compares. Remove it."),
        ("stop: [{threshold: {channel: x}}]", "sweep.stop[0].threshold: it says neither what"),
        ("stop: [{threshold: {above: 5}}]", "threshold has no channel, and the sweep no objective"),
        ("stop: [{threshold: {channel: x, above: a}}]", "threshold.above: expected a number, got"),
        (
            "stop: [{threshold: {channel: x, above: 1, after: -1}}]",
            "sweep.stop[0].threshold.after: expected a whole number of at least 0",
        ),
        ("stop: [{plateau: {channel: x}}]", "expected one of `epochs` and `rows`, got none"),
        ("stop: [{plateau: {channel: x, epochs: 0}}]", "plateau.epochs: expected a whole number"),
        (
            "stop: [{plateau: {channel: x, rows: 3, min_change: -1}}]",
            "plateau.min_change: expected a number of at least 0",
        ),
        ("stop: [{plateau: {channel: x, rows: 3, mode: low}}]", "mode: expected min or max"),
        (
            "checkpoint_every: 5",
            "sweep.checkpoint_every: expected a number of epochs, seconds or minutes, got the "
            "number 5. Write `checkpoint_every: 5 epochs`",
        ),
        (
            "checkpoint_every: 5 hours",
            "expected a number of epochs, seconds or minutes, got the string",
        ),
        (
            "checkpoint_every: -5 epochs",
            "expected a number of epochs, seconds or minutes, got the string",
        ),
        ("checkpoint_every: 2.5 epochs", "expected a whole number of epochs above 0"),
        ("checkpoint_every: 0 epochs", "expected a whole number of epochs above 0"),
        ("checkpoint_every: 0.0 seconds", "expected a number of seconds above 0"),
        ("limit: 600", "sweep.limit: expected a map with what is limited, got the number 600."),
        ("limit: {}", "expected a map with what is limited, got a map. Write"),
        ("limit: {second: 5}", "sweep.limit.second: unknown key (did you mean seconds?)"),
        ("limit: {seconds: 0}", "expected a number of seconds above 0, got the number 0."),
        ("limit: {stall: 2 minutes}", "expected a number of seconds above 0, got the string"),
        ("limit: {memory: 8}", "expected an amount of memory, got the number 8. Write it with"),
        ("limit: {memory: 1 MiB}", "1 MiB is less than a worker takes by itself."),
        ("pack: 0", "sweep.pack: expected a whole number of at least 1"),
        ("workers: !x 3", "the tag !x can't stand here"),
    ],
)
def test_a_mistake_in_another_key_is_told(line, message):
    check(f"{GRID}  {line}\n{USES}", f"g.yaml.j2, line 5 ... {message}")


@pytest.mark.parametrize(
    ("stop", "message"),
    [
        ("[{halving: {}}]", "sweep.stop[0].halving: its rungs are missing"),
        ("[{halving: {rungs: []}}]", "halving.rungs: the rungs [] don't grow"),
        ("[{halving: {rungs: [1, 3, 3]}}]", "halving.rungs: the rungs [1, 3, 3] don't grow"),
        ("[{halving: {rungs: [0, 3]}}]", "rungs[0]: expected a whole number of at least 1"),
        ("[{halving: {rungs: [1], keep: 3}}]", "keep: expected a share between 0 and 1"),
        ("[{halving: {rungs: [1], keep: a/b}}]", "keep: expected a share between 0 and 1"),
        ("[{halving: {rungs: [1], kep: 1/3}}]", "halving.kep: unknown key"),
        ("[threshold: {above: 1}]\n  cohort: 9", "sweep.cohort: no rule of `stop` compares trials"),
        ("[{halving: {rungs: [1]}}]\n  cohort: 1", "cohort: expected a whole number of at least 2"),
    ],
)
def test_a_mistake_in_a_rule_across_trials_is_told(stop, message):
    objective = "  objective: {channel: valid_error}\n"
    check(f"{GRID}{objective}  stop: {stop}\n{USES}", f"g.yaml.j2, line ... {message}")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (GRID, "one document found, two expected"),
        (f"{GRID}---\n", "one document found, two expected"),
        (f"{GRID}---\n\n# later\n", "one document found, two expected"),
        ("!obj:a.B {}\n", "one document found, two expected"),
        (f"{GRID}--- !obj:a.B {{}}\n", "one document found, two expected"),
        (f"!obj:a.B {{}}\n{USES}", "line 1: the header must be one map ... got an object"),
        (f"grid: {{}}\n{USES}", "the header's one key must be `sweep`, got the keys grid"),
        (f"sweep: {{}}\nfoo: 1\n{USES}", "got the keys sweep and foo"),
        (f"sweep: 3\n{USES}", "line 1, sweep: expected a map with the keys of a sweep"),
        (f"sweep: [\n{USES}", "g.yaml.j2, line 1: this is no YAML"),
        (f"sweep:\n  name: {{{{ n }}}}\n{USES}", "line 2: unknown variable 'n' ... -D name=value"),
        (f"{GRID}{USES}# __sweep_token_1__", "line 7: '__sweep_token_' is the renderer's own mark"),
        (f"{GRID}    z: [1]\n{USES}", "line 5, sweep.grid.z: the experiment never uses this axis"),
    ],
)
def test_a_file_that_is_no_spec_is_told(text, message):
    check(text, message)


def test_an_unused_repeat_names_the_classes_that_take_a_seed():
    text = "sweep: {repeat: 2}\n---\nm: !obj:p.mlp.MLP {}\na: !obj:p.sgd.SGD {}\n"
    check(text, "line 1, sweep.repeat ... MLP in line 3 and SGD in line 4")


def test_two_trials_that_are_the_same_experiment_are_told():
    experiment = "---\n!obj:a.B {x: [{{ lr }}, {% if lr > 0.1 %}{{ m }}{% endif %}]}\n"
    message = "sweep.grid.m: two trials are the same experiment: lr=0.1, m=1; and lr=0.1, m=2"
    check(GRID + experiment, message)


def test_experiments_that_differ_in_a_type_alone_are_two():
    text = "sweep: {grid: {x: [1, 1.0, true, '1']}}\n---\n!obj:a.B {x: {{ x }}}\n"
    assert len(expand(loads(text, "g.yaml.j2")).trials) == 4


@pytest.mark.parametrize("path", ["/tmp/{{ lr }}.pkl", "~/x-{{ lr }}/../{{ lr }}.pkl", "/m.pkl"])
def test_two_trials_that_save_to_one_absolute_path_are_told(path):
    experiment = (
        f"---\n!obj:a.Train {{\n  m: {{{{ m }}}}, lr: {{{{ lr }}}},\n  save_path: '{path}' }}\n"
    )
    check(GRID + experiment, "line 8, save_path: two trials save to ... {{ trial }}")


@pytest.mark.parametrize(
    "path", ["m.pkl", "/tmp/{{ trial }}.pkl", "{{ out }}/m.pkl", "/tmp/{{ lr }}-{{ m }}.pkl"]
)
def test_paths_that_each_trial_has_for_itself_are_fine(path):
    experiment = f"---\n!obj:a.B\nm: {{{{ m }}}}\nlr: {{{{ lr }}}}\nsave_path: '{path}'\n"
    assert len(expand(loads(GRID + experiment, "g.yaml.j2")).trials) == 4


@pytest.mark.parametrize(
    ("defines", "message"),
    [
        ({"q": "1"}, "-D q: nothing in g.yaml.j2 uses this name"),
        ({"epoch": "1"}, "-D epoch: nothing ... (did you mean epochs?)"),
        ({"lr": "1"}, "-D lr: lr is an axis already (g.yaml.j2, line 3, sweep.grid.lr)"),
        ({"seed": "1"}, "-D seed: no variable can be named so"),
        ({"a-b": "1"}, "-D a-b: no variable can be named so"),
        ({"epochs": "x__sweep_token_0__"}, "-D epochs: '__sweep_token_' can't stand in a value"),
    ],
)
def test_a_define_that_can_do_nothing_is_told(defines, message):
    check(f"{GRID}{USES}# {{{{ epochs | default(3) }}}}\n", message, defines)
