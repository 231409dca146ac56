"""docs/stopping.md tells the truth: its examples are expanded, and it has every rule."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from sweeper import spec as specs
from sweeper.records.errors import InputError

PAGE = (Path(__file__).parents[2] / "docs" / "stopping.md").read_text()
EXAMPLES = re.findall(r"<!-- spec: (\d+) trials -->\n```yaml\n(.*?)```", PAGE, re.DOTALL)


@pytest.mark.parametrize(("trials", "text"), EXAMPLES)
def test_an_example_of_the_page_is_read(trials: str, text: str) -> None:
    spec = specs.loads(text, "grid.yaml.j2")
    assert len(specs.expand(spec).trials) == int(trials)
    assert spec.header.stop.channels == ("valid_objective",)


def test_every_rule_is_on_the_page() -> None:
    text = "sweep:\n  grid: {x: [1]}\n  stop: [{nosuch: 1}]\n---\n!obj:m.E { x: {{ x }} }\n"
    with pytest.raises(InputError, match="The keys here are") as found:
        specs.loads(text, "grid.yaml.j2")
    rules = re.findall(r"\w+", str(found.value).split("The keys here are ")[1])
    assert [rule for rule in rules if rule != "and" and f"| `{rule}` |" not in PAGE] == []
