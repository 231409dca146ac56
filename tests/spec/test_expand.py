"""Trials: ids, shapes, the trip of a value, lines, the resolved text."""

import base64
import hashlib
import json
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pylearn2core.config import nodes
from sweeper.records.errors import InputError
from sweeper.spec import count, expand, load, loads, resolved

# ------------------------------------------------------------------ the trip
text = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | text
    | st.sampled_from(["01", "yes", "1e3", "null", "a: b", "it's", '"', "# no", "x\ny", "{{ x }}"])
)
anything = st.recursive(
    scalars, lambda x: st.lists(x, max_size=3) | st.dictionaries(text, x, max_size=3), max_leaves=5
)


def typed(value):
    """JSON of a value: apart for 1, 1.0, true and "1", the same for maps in another order."""
    return json.dumps(value, sort_keys=True)


@settings(deadline=None, max_examples=200)
@given(st.lists(anything, min_size=1, max_size=3, unique_by=typed))
@example([3e-7, 1e-05, 1e16, -0.0, 0.1])
@example([1, 1.0, True, "1", [1], {"1": 1}])
@example(["\x85", "\u2028", "\ufeff", "\x7f", "\U0001f600", " ", ""])
def test_a_value_survives_the_trip_through_expand_and_through_the_resolved_text(values):
    # A template would take `{{` in a string for an expression: written as an escape, it is none.
    written = re.sub(r"\{(?=[{%#])", r"\\u007b", nodes.flow(values))
    header = f"sweep: {{ grid: {{ x: {written} }} }}"
    spec = loads(f"{header}\n---\n!x {{ a: {{{{ x }}}}, b: ['{{{{ x }}}}'] }}\n", "g.yaml.j2")
    expansion = expand(spec)
    assert [typed(trial.values["x"]) for trial in expansion.trials] == [typed(v) for v in values]
    for trial, value in zip(expansion.trials, values, strict=True):
        (tree,) = nodes.parse(expansion.texts[trial.text_id].text)
        assert isinstance(tree, nodes.Tagged)
        assert typed(nodes.value_of(tree.body, trial.tokens)["a"]) == typed(value)
        written = resolved(spec, trial, expansion.texts).replace("!x", "")
        assert typed(yaml.safe_load(written)["a"]) == typed(value)


# ------------------------------------------------------------------ ids
def id_by_formula(values):
    """12 base32 characters of sha256 of the canonical JSON."""
    canonical = json.dumps(values, sort_keys=True, separators=(",", ":"))
    digest = hashlib.sha256(canonical.encode()).digest()
    return base64.b32encode(digest).decode()[:12].lower()


def test_an_id_is_a_hash_of_the_values_alone(expanded):
    header = "  grid: {lr: [0.1, 3e-7], name: ['01', null, [1, {b: 2, a: 1.0}]]}"
    found = expanded(header, "lr", "name").trials
    assert [trial.id for trial in found] == [id_by_formula(dict(trial.values)) for trial in found]
    seeded = expanded("  grid: {lr: [0.1]}\n  repeat: 2", "lr", "seed").trials
    assert [trial.id for trial in seeded] == [id_by_formula({"lr": 0.1, "seed": s}) for s in (0, 1)]


def test_adding_a_value_to_any_axis_renames_no_trial(expanded):
    def ids(header):
        return {trial.id for trial in expanded(header, "a", "b", "seed").trials}

    small = ids("  grid: {a: [1, 2], b: [x]}\n  repeat: 1")
    assert small < ids("  grid: {a: [0, 1, 2], b: [x]}\n  repeat: 1")
    assert small < ids("  grid: {b: [y, x], a: [2, 1]}\n  repeat: 3")


def test_values_of_another_type_are_other_trials(expanded):
    found = expanded("  grid: {x: [1, 1.0, true, '1', [1]]}", "x")
    assert len({trial.id for trial in found.trials}) == 5
    assert found.merged == 0


# ------------------------------------------------------------------ shapes
SHAPES = """sweep:
  grid: {n: [1, 2, 3], lr: [0.1, 0.2]}
---
!obj:a.B { layers: [
{% for i in range(n) %}
  {{ i * 10 }},
{% endfor %}
],
lr: {{ lr }} }
"""


def test_trials_of_one_shape_share_a_text_and_the_text_is_parsed_once(monkeypatch):
    parsed = []
    parse = nodes.parse
    monkeypatch.setattr(nodes, "parse", lambda *a, **k: parsed.append(a) or parse(*a, **k))
    found = expand(loads(SHAPES, "g.yaml.j2"))
    assert len(found.texts) == len({trial.text_id for trial in found.trials}) == len(parsed) == 3
    by_n = {trial.values["n"]: trial.tokens for trial in found.trials}
    assert by_n == {1: (0, 0.2), 2: (0, 10, 0.2), 3: (0, 10, 20, 0.2)}


def test_each_line_of_a_text_leads_to_its_line_in_the_file():
    found = expand(loads(SHAPES, "g.yaml.j2"))
    text = found.texts[found.trials[2].text_id]  # n = 2
    rows = list(zip(text.text.split("\n"), text.lines, strict=True))
    places = [(row.strip(), line) for row, line in rows if row.strip()]
    assert places == [
        ("!obj:a.B { layers: [", 4),
        ("__sweep_token_0__,", 6),
        ("__sweep_token_1__,", 6),
        ("],", 8),
        ("lr: __sweep_token_2__ }", 9),
    ]


def test_trial_and_out_reach_the_experiment_through_the_worker(tmp_path):
    text = "sweep: {}\n---\n!x {{ x }}\n".replace(
        "{{ x }}", "[{{ trial }}, {{ out ~ '/m.pkl' }}, 'x {{ out }}', {{ out | safe }}]"
    )
    spec = loads(text, "g.yaml.j2")
    found = expand(spec)
    (trial,) = found.trials
    bound = nodes.bind(trial.tokens, trial=trial.id, out="/run/a1")
    (node,) = nodes.parse(found.texts[trial.text_id].text)
    assert isinstance(node, nodes.Tagged)
    expected = [trial.id, "/run/a1/m.pkl", "x /run/a1", "/run/a1"]
    assert nodes.value_of(node.body, bound) == expected
    written = resolved(spec, trial, found.texts, out="/run/a1").removeprefix("!x")
    assert yaml.safe_load(written) == expected


def test_template_text_stays_text_and_the_values_in_it_stay_values():
    text = textwrap.dedent(
        """\
        sweep: {grid: {x: [1e-05]}}
        ---
        {% macro layer(dim) %}{dim: {{ dim }}, of: {{ x }}}{% endmacro %}
        {% set note %}note-{{ x }}{% endset %}
        !x
        a: {{ layer(3) }}
        b: {{ note }}
        c: {{ [1, "01"] | tojson }}
        d: {{ 1e-05 }}
        """
    )
    spec = loads(text, "g.yaml.j2")
    found = expand(spec)
    read = yaml.safe_load(resolved(spec, found.trials[0], found.texts).replace("!x", ""))
    assert read == {"a": {"dim": 3, "of": 1e-05}, "b": "note-1e-05", "c": [1, "01"], "d": 1e-05}


def test_several_documents_are_phases():
    text = "---\nsweep: {grid: {a: [1]}}\n---\n!x [{{ a }}]\n---\n!x [2]\n"
    found = expand(loads(text, "g.yaml.j2"))
    (trial,) = found.trials
    phases = nodes.parse(found.texts[trial.text_id].text)
    bodies = [phase.body for phase in phases if isinstance(phase, nodes.Tagged)]
    assert [nodes.value_of(body, trial.tokens) for body in bodies] == [[1], [2]]


def test_defines_are_typed_and_seen_by_header_and_experiment(expanded):
    header = "  name: run-{{ n }}\n  grid: {a: {range: [{{ n }}]}}"
    found = expanded(header, "a", "n", "lr", "s", defines={"n": "2", "lr": "1e-5", "s": "x: y"})
    assert [trial.tokens for trial in found.trials] == [
        (0, 2, 1e-05, "x: y"),
        (1, 2, 1e-05, "x: y"),
    ]


def test_repeats_that_build_the_same_experiment_get_a_notice_that_names_the_places():
    text = (
        "sweep: {grid: {a: [1, 2]}, repeat: 3}\n---\n"
        "!obj:p.mlp.MLP { a: {{ a }} }\n"
        "{% if seed > 90 %}{{ seed }}{% endif %}\n"
    )
    (notice,) = expand(loads(text, "g.yaml.j2")).notices
    assert "4 repeats build the same experiment" in notice
    assert "`seed: {{ seed }}`" in notice
    assert "MLP in line 3" in notice


# ------------------------------------------------------------------ files and size
def test_a_file_is_read_and_the_sweep_is_named_after_it(tmp_path):
    path = tmp_path / "my grid.yaml.j2"
    path.write_bytes(b"\xef\xbb\xbfsweep: {grid: {a: [1]}}\r\n---\r\n!obj:a.B [{{ a }}]\r\n")
    spec = load(path)
    assert (spec.header.name, spec.source, spec.path) == ("my-grid", str(path), path)
    assert len(expand(spec).trials) == 1


def test_a_missing_file_and_one_that_is_no_text_are_told(tmp_path):
    (tmp_path / "grid.yaml.j2").write_bytes(b"\xff\xfe")
    with pytest.raises(InputError, match=r"grib\.yaml\.j2: can't be read.*did you mean grid"):
        load(tmp_path / "grib.yaml.j2")
    with pytest.raises(InputError, match=r"this is no text in UTF-8"):
        load(tmp_path / "grid.yaml.j2")


def test_counting_agrees_with_expanding_and_needs_no_heavy_import(tmp_path):
    path = Path(tmp_path / "g.yaml.j2")
    path.write_text(
        "sweep:\n  grid: {a: {range: [20]}, b: [1, 1, 2]}\n  where: a != 3\n  repeat: 2\n"
        "---\n!obj:a.B [{{ a }}, {{ b }}, {{ seed }}]\n"
    )
    counted = count(load(path))
    found = expand(load(path))
    assert (counted.trials, counted.merged, counted.dropped) == (19 * 2 * 2, 20, 2)
    assert (len(found.trials), found.merged, found.dropped) == (19 * 2 * 2, 20, 2)
    code = (
        "import sys; from pathlib import Path; from sweeper.spec import count, load\n"
        f"count(load(Path({str(path)!r})))\n"
        "print({'ray', 'pandas', 'sqlalchemy', 'numpy', 'pytensor', 'jax'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
