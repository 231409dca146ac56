"""What a run can't be made of is told before anything is there."""

from __future__ import annotations

import os

import pytest

from sweeper import driver
from sweeper import spec as specs
from sweeper.records.errors import InputError


@pytest.mark.parametrize("where", ["spec", "run"])
def test_a_spec_or_a_run_whose_name_is_no_utf8_is_told_in_a_paragraph(tmp_path, where):
    odd = tmp_path / os.fsdecode(b"caf\xe9")
    odd.mkdir()
    path = (odd if where == "spec" else tmp_path) / "grid.yaml.j2"
    path.write_text("sweep:\n  grid: {x: [1, 2]}\n---\n!obj:mine.f { x: {{ x }} }\n")
    run_dir = (odd if where == "run" else tmp_path) / "run"
    spec = specs.load(path)
    with pytest.raises(InputError, match=r"caf\\udce9.*: its name is no UTF-8") as caught:
        driver.launch(spec, specs.expand(spec), run_dir, driver.Terms(lambda _: None))
    assert str(caught.value).isascii()
    assert not run_dir.exists()
