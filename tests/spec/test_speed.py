"""The two limits that a user feels: counting and expanding 10,000 points, from the shell."""

import resource
import subprocess
import sys

import pytest

SPEC = """sweep:
  grid: {a: {range: [100]}, b: {linspace: [0, 1, 100]}}
  where: a < 1000
---
!obj:m.Train {
  layers: [{% for n in [10, 20] %}!obj:m.Layer { dim: {{ n }}, of: {{ a }} }, {% endfor %}],
  rate: {{ b }}, path: {{ out ~ '/m.pkl' }}, note: '{{ trial }} {{ b }}',
}
"""


@pytest.mark.slow
@pytest.mark.parametrize(("function", "limit_s"), [("count", 1.0), ("expand", 4.0)])
def test_ten_thousand_points_take_no_longer_than_promised(tmp_path, function, limit_s):
    path = tmp_path / "g.yaml.j2"
    path.write_text(SPEC)
    code = (
        f"from pathlib import Path; from sweeper.spec import load, {function}\n"
        f"found = {function}(load(Path({str(path)!r}))).trials\n"
        "assert found == 10_000 or len(found) == 10_000"
    )
    begin = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", code], check=True)
    end = resource.getrusage(resource.RUSAGE_CHILDREN)
    # Processor time, not the clock's: it is one thread that waits for nothing, and on a machine
    # that others use too the clock would measure them.
    assert end.ru_utime + end.ru_stime - begin.ru_utime - begin.ru_stime < limit_s
