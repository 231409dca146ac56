"""One copy of a dataset for all processes of a host."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from pylearn2core.engine import ResidentBatch, shared
from pylearn2core.engine.data.shared import SETTING, is_shared
from pylearn2core.space import VectorSpace

LARGE = np.random.RandomState(0).rand(2000, 80)  # 1.28 MB


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv(SETTING, str(tmp_path / "data"))
    return tmp_path / "data"


def test_arrays_of_equal_content_are_one_file_and_others_are_not(folder):
    first, second = shared(LARGE), shared(LARGE.copy())
    other = shared(LARGE + 1)
    assert all(map(is_shared, (first, second, other)))
    np.testing.assert_array_equal(second, LARGE)
    np.testing.assert_array_equal(other, LARGE + 1)
    assert len(list(folder.iterdir())) == 2
    assert folder.stat().st_mode & 0o777 == 0o700


def test_a_shared_array_can_not_be_changed(folder):
    with pytest.raises(ValueError, match="read-only"):
        shared(LARGE)[0, 0] = 1.0


def test_equal_bytes_of_another_shape_or_type_are_another_array(folder):
    assert shared(LARGE.reshape(80, 2000)).shape == (80, 2000)
    assert shared(LARGE).shape == (2000, 80)
    assert shared(LARGE.view(np.int64)).dtype == np.int64


@pytest.mark.parametrize("where", ["", "/proc/no/such/folder"])
def test_without_a_folder_to_write_an_array_stays_the_processes_own(monkeypatch, where):
    monkeypatch.setenv(SETTING, where)
    assert shared(LARGE) is LARGE


def test_small_arrays_and_objects_are_not_shared(folder):
    small, objects = np.zeros(10), np.full(1 << 18, None)
    assert shared(small) is small
    assert shared(objects) is objects
    assert not folder.exists()


def test_the_device_of_a_cpu_uses_the_shared_memory_itself(folder):
    class Rows:
        def resident_sources(self, sources, spaces):
            return ((LARGE, VectorSpace(80)),)

    (array,) = ResidentBatch(Rows(), [(VectorSpace(80), "features")]).arrays()
    np.testing.assert_array_equal(np.asarray(array), LARGE)
    maps = Path("/proc/self/maps")
    if not maps.exists():
        pytest.skip("no list of a process's mapped files here")
    place = array.unsafe_buffer_pointer()
    (line,) = [line for line in maps.read_text().splitlines() if _spans(line, place)]
    assert str(folder) in line


def _spans(line, place):
    start, end = (int(part, 16) for part in line.split()[0].split("-"))
    return start <= place < end


MEMORY = """
import json, sys
import numpy as np, jax
from pylearn2core.datasets.published import frozen
from pylearn2core.engine import ResidentBatch
from pylearn2core.space import VectorSpace

def private_mb():
    rollup = open("/proc/self/smaps_rollup").read().splitlines()
    return sum(int(line.split()[1]) for line in rollup if line.startswith("Private")) / 1024

class Rows:
    def resident_sources(self, sources, spaces):
        return ((self.X, VectorSpace(784)),)

jax.device_put(np.zeros(3)).block_until_ready()
before = private_mb()
rows = Rows()
(rows.X,) = frozen(np.random.RandomState(0).rand(10_000, 784))  # 60 MB
(array,) = ResidentBatch(rows, [(VectorSpace(784), "features")]).arrays()
total = float(array.sum())
print(json.dumps([total, private_mb() - before]), flush=True)
sys.stdin.readline()
"""


@pytest.mark.skipif(not Path("/proc/self/smaps_rollup").exists(), reason="Linux's own file")
def test_the_second_process_of_a_host_takes_no_memory_of_its_own_for_the_data(folder):
    environ = {**os.environ, "PYTENSOR_FLAGS": f"floatX=float64,compiledir={folder}-compiled"}
    found = []
    processes = []
    try:
        for _ in range(2):
            one = subprocess.Popen(
                [sys.executable, "-c", MEMORY],
                env=environ,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
            processes.append(one)
            found.append(json.loads(one.stdout.readline()))
    finally:
        for one in processes:
            one.communicate("\n")
    (total, _), (same, private) = found
    assert total == same
    assert private < 40  # of 60 MB a copy, and there would be two
