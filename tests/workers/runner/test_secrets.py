"""What a run keeps of an experiment names a variable of the environment, never what it holds."""

import pytest

from pylearn2core.config import nodes, yaml_parse
from pylearn2core.errors import ConfigError
from sweeper.workers.runner.failure import describe

KEY = "hunter2-is-a-secret"


class Shows:
    """Raises with whatever it was given."""

    def __init__(self, **given):
        raise ValueError(f"no service takes {given!r}")


@pytest.fixture
def failed(monkeypatch):
    monkeypatch.setenv("API_KEY", KEY)
    monkeypatch.setenv("API_KEY_AGAIN", KEY)

    def fail(text):
        (node,) = nodes.parse(text, source="grid.yaml.j2")
        with pytest.raises(ConfigError, match=r"grid\.yaml\.j2, line 1") as caught:
            yaml_parse.build(node, source="grid.yaml.j2")
        return describe(caught.value)

    return fail


@pytest.mark.parametrize(
    "text",
    [
        '!float "${API_KEY}"',
        '!obj:collections.OrderedDict { last: !float "${API_KEY}" }',
        '!obj:collections.OrderedDict "${API_KEY}"',
        '{ "${API_KEY}": 1, "${API_KEY_AGAIN}": 2 }',
        f'!obj:{__name__}.Shows {{ key: "${{API_KEY}}" }}',
        '!pkl: "/nowhere/${API_KEY}.pkl"',
        '!import: "json.${API_KEY}"',
    ],
)
def test_what_is_kept_of_a_failure_has_the_variable_s_name_and_not_its_value(failed, text):
    kept = failed(text)
    assert KEY not in kept["message"] + kept["traceback"]
    assert "API_KEY" in kept["message"]


def test_an_object_s_own_yaml_keeps_the_variable_s_name(monkeypatch):
    monkeypatch.setenv("API_KEY", KEY)
    (node,) = nodes.parse('!obj:argparse.Namespace { key: "${API_KEY}" }')
    built = yaml_parse.build(node)
    assert built.key == KEY
    assert KEY not in built.yaml_src
    assert "${API_KEY}" in built.yaml_src
