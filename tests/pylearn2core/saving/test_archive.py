"""Plain data and arrays go through a file unchanged."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pylearn2core.errors import ConfigError
from pylearn2core.utils import archive

atoms = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False),
    st.text(),
    st.sampled_from(["$array", "$dict"]),
)
plain = st.recursive(
    atoms,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.lists(inner, max_size=3).map(tuple),
        st.dictionaries(st.text(max_size=6), inner, max_size=3),
        st.dictionaries(st.sampled_from(["$array", "$set"]), inner, max_size=2),
        st.dictionaries(st.one_of(st.integers(), st.text(max_size=3)), inner, max_size=3),
        st.sets(st.integers(), max_size=3),
    ),
    max_leaves=8,
)


def there_and_back(folder: Path, data: Any) -> Any:
    stream = io.BytesIO()
    archive.write(stream, "test", data)
    (folder / "a.npz").write_bytes(stream.getvalue())
    return archive.read(folder / "a.npz", "test")[0]


@given(value=plain)
def test_plain_data_is_read_as_it_was_written(tmp_path_factory: Any, value: Any) -> None:
    folder = tmp_path_factory.mktemp("archive")
    assert archive.is_plain(value)
    back = there_and_back(folder, {"value": value})["value"]
    assert back == value
    assert type(back) is type(value)


def test_arrays_numbers_and_the_numbers_that_json_has_not_are_kept(tmp_path: Path) -> None:
    data = {
        "arrays": [np.arange(6, dtype=np.int32).reshape(2, 3), np.zeros((0, 2), np.float32)],
        "numbers": (np.float32(0.1), np.int64(7), np.bool_(True), np.array(2.5)),
        "inf": [np.inf, -np.inf, 0.1 + 0.2],
        "key": 2**127 + 1,
    }
    back = there_and_back(tmp_path, data)
    for array, wanted in zip(back["arrays"], data["arrays"], strict=True):
        assert (array.dtype, array.shape) == (wanted.dtype, wanted.shape)
        np.testing.assert_array_equal(array, wanted)
    types = [type(number) for number in back["numbers"]]
    assert types == [np.float32, np.int64, np.bool, np.ndarray]
    assert back["numbers"] == data["numbers"]
    assert (back["inf"], back["key"]) == (data["inf"], data["key"])
    assert np.isnan(there_and_back(tmp_path, {"nan": np.nan})["nan"])


@pytest.mark.parametrize("value", [object(), [len], {"a": {1: print}}, np.array([None])])
def test_what_is_not_plain_is_not_taken_for_it(value: Any) -> None:
    assert not archive.is_plain(value)


def test_objects_are_refused_with_their_place() -> None:
    with pytest.raises(TypeError, match=r"a/0: an archive holds plain data"):
        archive.write(io.BytesIO(), "test", {"a": [object()]})


def test_other_files_are_refused(tmp_path: Path) -> None:
    there_and_back(tmp_path, {})
    with pytest.raises(ConfigError, match="is a test; expected a model"):
        archive.read(tmp_path / "a.npz", "model")
    np.savez(tmp_path / "b.npz", X=np.zeros(2))
    with pytest.raises(ConfigError, match=r"can't read .*b\.npz' as a model"):
        archive.read(tmp_path / "b.npz", "model")
    assert archive.kind_of(tmp_path / "b.npz") is None
    with zipfile.ZipFile(tmp_path / "new.npz", "w") as file:
        file.writestr("contents.json", json.dumps({"kind": "test", "version": 99, "data": {}}))
    with pytest.raises(ConfigError, match="written by a newer pylearn2core"):
        archive.read(tmp_path / "new.npz", "test")
