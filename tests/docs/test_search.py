"""docs/search.md tells the truth: its searches are begun, its mistakes are made."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from sweeper import spec as specs
from sweeper.records.errors import InputError
from sweeper.spec.search.kinds import KINDS

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "search.md").read_text()
FENCE = r"```\w*\n(.*?)```"


@pytest.mark.parametrize(
    ("trials", "first", "text"),
    re.findall(
        r"<!-- search: (\d+) trials, (\d+) in the first batch -->\n" + FENCE, PAGE, re.DOTALL
    ),
)
def test_a_search_of_the_page_begins_as_the_page_says(trials: str, first: str, text: str) -> None:
    spec = specs.loads(text, "grid.yaml.j2")
    assert specs.count(spec).trials == int(trials)
    assert len(specs.first_batch(spec).trials) == int(first)


@pytest.mark.parametrize(
    ("text", "message"),
    re.findall(r"<!-- error -->\n" + FENCE + r"\n" + FENCE, PAGE, re.DOTALL),
)
def test_a_mistake_of_the_page_is_found_where_it_says(text: str, message: str) -> None:
    with pytest.raises(InputError, match=re.escape(" ".join(message.split()))):
        specs.loads(text, "grid.yaml.j2")


def test_the_page_has_examples_each_sampler_and_each_key() -> None:
    assert PAGE.count("<!-- search: ") >= 1
    assert PAGE.count("<!-- error -->") >= 3
    assert [name for name in KINDS if f"| `{name}` |" not in PAGE] == []
    with pytest.raises(InputError, match=r"The keys here are") as found:
        specs.loads("sweep: {search: {nosuch: 1}}\n---\n!obj:a.B {}\n", "grid.yaml.j2")
    keys = re.findall(r"\w+", str(found.value).split("The keys here are ")[1])
    assert [key for key in keys if key != "and" and f"| `{key}` |" not in PAGE] == []
