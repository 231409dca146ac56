import gzip
import pickle
import stat
import sys

import numpy as np
import pytest

from pylearn2core import paths
from pylearn2core.errors import ConfigError
from pylearn2core.utils import serial

ARRAY = np.arange(6.0).reshape(2, 3)


@pytest.mark.parametrize("name", ["a.pkl", "a.pkl.gz", "a.npy"])
def test_what_is_saved_is_loaded(tmp_path, name):
    serial.save(tmp_path / name, ARRAY)
    assert np.array_equal(serial.load(tmp_path / name), ARRAY)
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_gz_is_compressed_and_recognised_by_its_content(tmp_path):
    serial.save(tmp_path / "a.pkl.gz", ARRAY)
    assert np.array_equal(
        pickle.loads(gzip.decompress((tmp_path / "a.pkl.gz").read_bytes())), ARRAY
    )
    (tmp_path / "a.pkl.gz").rename(tmp_path / "a.pkl")
    assert np.array_equal(serial.load(tmp_path / "a.pkl"), ARRAY)


def python2_pickle_of(data: bytes, shape: tuple[int, ...]) -> bytes:
    """A float32 array as Python 2 pickled it, protocol 2: its bytes are a Python 2 string."""

    def text(value: bytes) -> bytes:
        return b"U" + bytes([len(value)]) + value

    def whole(*values: int) -> bytes:
        return b"(" + b"".join(b"K" + bytes([value]) for value in values) + b"t"

    array = (
        b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n" + whole(0) + text(b"b") + b"tR"
    )
    dtype = b"cnumpy\ndtype\n(" + text(b"f4") + b"K\x00K\x01tR"
    order = b"(K\x03" + text(b"<") + b"NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"
    state = b"(K\x01" + whole(*shape) + dtype + order + b"\x89" + text(data) + b"tb"
    return b"\x80\x02" + array + state + b"."


def test_arrays_that_python_2_pickled_are_read(tmp_path):
    # Bytes above 127, as the 0x80 of 1.0, are what the default encoding fails on.
    array = np.array([[1.0, -2.5], [3.1415927, -1e30]], dtype="<f4")
    path = tmp_path / "old.pkl"
    path.write_bytes(python2_pickle_of(array.tobytes(), (2, 2)))
    with pytest.raises(UnicodeDecodeError, match="ascii"):
        pickle.loads(path.read_bytes())
    assert np.array_equal(serial.load(path), array)
    path.write_bytes(gzip.compress(path.read_bytes()))
    assert np.array_equal(serial.load(path), array)


def test_npz_gives_its_arrays_by_name(tmp_path):
    np.savez(tmp_path / "a.npz", X=ARRAY)
    assert np.array_equal(serial.load(tmp_path / "a.npz")["X"], ARRAY)


def test_a_missing_file_is_named_with_the_place_that_was_looked_at(tmp_path):
    with (
        paths.use(paths.Places(read=tmp_path)),
        pytest.raises(
            ConfigError, match=r"can't load 'no\.pkl' \(looked for .*no\.pkl\): there is"
        ),
    ):
        serial.load("no.pkl")
    with pytest.raises(ConfigError, match="it is a folder"):
        serial.load(tmp_path)


def test_a_file_that_is_no_pickle_is_refused(tmp_path):
    for content in (b"", b"plain text, no pickle\n", gzip.compress(b"no pickle")):
        (tmp_path / "a.pkl").write_bytes(content)
        with pytest.raises(ConfigError, match="no pickle that can be read"):
            serial.load(tmp_path / "a.pkl")


def test_a_pickle_of_theano_objects_says_how_to_export_them(tmp_path):
    content = b"\x80\x02ctheano_of_old.tensor\nTensorType\n."
    (tmp_path / "model.pkl").write_bytes(content)
    with pytest.raises(ConfigError, match=r"p\.get_value\(\) for p in model\.get_params"):
        serial.load(tmp_path / "model.pkl")


class Unpicklable:
    def __reduce__(self):
        raise RuntimeError("no")


def test_a_save_that_fails_leaves_the_old_file(tmp_path):
    path = tmp_path / "a.pkl"
    serial.save(path, 1)
    with pytest.raises(RuntimeError, match="no"):
        serial.save(path, Unpicklable(), on_overwrite="backup")
    assert serial.load(path) == 1
    assert serial.load(tmp_path / "a.pkl.bak") == 1


def test_the_backup_goes_when_the_new_file_is_whole(tmp_path):
    path = tmp_path / "a.pkl"
    for value in (1, 2):
        serial.save(path, value, on_overwrite="backup")
    assert serial.load(path) == 2
    assert [found.name for found in tmp_path.iterdir()] == ["a.pkl"]


def test_saved_files_have_a_new_files_permissions(tmp_path):
    serial.save(tmp_path / "a.pkl", 1)
    (tmp_path / "new").touch()
    modes = [stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("a.pkl", "new")]
    assert modes[0] == modes[1]


def test_saving_makes_the_folder_and_says_where_it_cannot(tmp_path):
    with paths.use(paths.Places(write=tmp_path)):
        serial.save("models/a.pkl", 1)
    assert serial.load(tmp_path / "models" / "a.pkl") == 1
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match="can't save"):
        serial.save(tmp_path / "file" / "a.pkl", 1)
    with pytest.raises(ConfigError, match="'ignore' or 'backup'"):
        serial.save(tmp_path / "a.pkl", 1, on_overwrite="rename")


def test_objects_go_through_strings():
    assert serial.from_string(serial.to_string({"a": 1})) == {"a": 1}


@pytest.fixture
def fresh_path(monkeypatch):
    monkeypatch.setattr(sys, "path", list(sys.path))


def test_an_experiment_is_built_with_its_folder_importable_and_its_paths_kept(
    tmp_path, monkeypatch, fresh_path
):
    folder = tmp_path / "experiment"
    folder.mkdir()
    serial.save(folder / "X.pkl", ARRAY)
    (folder / "users_module_of_serial_test.py").write_text(
        "import pylearn2.utils\n"
        "class Experiment:\n"
        "    def __init__(self, X, out):\n"
        "        self.X, self.out = X, out\n"
    )
    (folder / "run.yaml").write_text(
        "!obj:users_module_of_serial_test.Experiment {\n"
        "    X: !pkl: 'X.pkl',\n"
        "    out: '${PYLEARN2_TRAIN_FILE_FULL_STEM}|${PYLEARN2_TRAIN_BASE_NAME}|"
        "${PYLEARN2_TRAIN_FILE_STEM}|${PYLEARN2_TRAIN_DIR}|${MINE}',\n"
        "}\n"
    )
    monkeypatch.chdir(tmp_path)
    experiment = serial.load_train_file("experiment/run.yaml", environ={"MINE": "yes"})
    assert np.array_equal(experiment.X, ARRAY)
    assert experiment.out == f"{folder}/run|run.yaml|run|{folder}|yes"
    assert experiment.places.read == folder
    assert experiment.places.write == tmp_path
    assert paths.current() == paths.Places()
    assert sys.path[-1] == str(folder)


def test_a_missing_experiment_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="there is no such file"):
        serial.load_train_file(tmp_path / "no.yaml")


@pytest.mark.parametrize("name", [".", "..", "models/", "there", "deep/."])
def test_a_folder_is_no_place_to_save_to_whether_it_is_there_or_not(tmp_path, name):
    (tmp_path / "there").mkdir()
    with (
        paths.use(paths.Places(write=tmp_path / "out" if name != "there" else tmp_path)),
        pytest.raises(
            ConfigError, match=r"^filepath: expected a file, got '.*', which is a folder"
        ),
    ):
        serial.save(name, ARRAY)
    assert not (tmp_path / "out").exists()
