"""docs/spec-file.md tells the truth: its examples are expanded, its mistakes are made."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from sweeper import spec as specs
from sweeper.records.errors import InputError

PAGE = (Path(__file__).parents[2] / "docs" / "spec-file.md").read_text()
FENCE = r"```\w*\n(.*?)```"
AXIS_EXPERIMENT = "\n---\n!obj:mine.Experiment { x: {{ x }} }\n"


@dataclass(frozen=True, slots=True)
class Example:
    text: str
    trials: int
    merged: int
    dropped: int
    defines: dict[str, str]


def number(claims: str, pattern: str) -> int:
    found = re.search(pattern, claims)
    return int(found[1]) if found else 0


def examples() -> Iterator[Example]:
    for claims, text in re.findall(r"<!-- spec: (.*?) -->\n" + FENCE, PAGE, re.DOTALL):
        yield Example(
            text,
            trials=number(claims, r"(\d+) trials"),
            merged=number(claims, r"merged (\d+)"),
            dropped=number(claims, r"dropped (\d+)"),
            defines=dict(re.findall(r"-D (\w+)=(\w+)", claims)),
        )


def mistakes() -> list[tuple[str, str]]:
    return re.findall(r"<!-- error -->\n" + FENCE + r"\n" + FENCE, PAGE, re.DOTALL)


def axes() -> list[tuple[str, str]]:
    table = PAGE.split("<!-- axes -->")[1].split("\n\n")[0]
    return re.findall(r"^\| `(.*)` \| `(.*)` \|$", table, re.MULTILINE)


def test_the_page_has_examples_of_each_kind() -> None:
    assert (len(list(examples())), len(mistakes()), len(axes())) >= (6, 4, 5)


@pytest.mark.parametrize(
    "example", list(examples()), ids=lambda example: example.text.split("\n")[1]
)
def test_an_example_gives_the_trials_that_the_page_says(example: Example) -> None:
    spec = specs.loads(example.text, "grid.yaml.j2", example.defines)
    expansion = specs.expand(spec)
    found = len(expansion.trials), expansion.merged, expansion.dropped
    assert found == (example.trials, example.merged, example.dropped)


@pytest.mark.parametrize(("axis", "values"), axes())
def test_an_axis_gives_the_values_that_the_page_says(axis: str, values: str) -> None:
    spec = specs.loads(f"sweep:\n  grid:\n    x: {axis}{AXIS_EXPERIMENT}", "grid.yaml.j2", {})
    found = [trial.values["x"] for trial in specs.expand(spec).trials]
    assert found == json.loads(f"[{values}]")


@pytest.mark.parametrize(("text", "message"), mistakes())
def test_a_mistake_of_the_page_is_found_where_it_says(text: str, message: str) -> None:
    with pytest.raises(InputError, match=re.escape(" ".join(message.split()))):
        specs.expand(specs.loads(text, "grid.yaml.j2", {}))


def test_every_key_of_the_header_is_on_the_page() -> None:
    text = "sweep:\n  nosuch: 1\n  grid: {x: [1]}\n---\n!obj:mine.Experiment { x: {{ x }} }\n"
    with pytest.raises(InputError, match="The keys here are") as found:
        specs.loads(text, "grid.yaml.j2", {})
    keys = re.findall(r"\w+", str(found.value).split("The keys here are ")[1])
    assert [key for key in keys if key != "and" and f"`{key}`" not in PAGE] == []
