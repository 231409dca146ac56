"""Loading and saving: pickles, arrays, and experiments."""

from __future__ import annotations

import gzip
import importlib
import os
import pickle
import sys
import tempfile
import warnings
import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import IO, Any, Literal, cast

import numpy as np

from pylearn2core import paths
from pylearn2core.errors import ConfigError
from pylearn2core.utils import archive

_GZIP_MAGIC = b"\x1f\x8b"
# By name: it lies above this layer.
_MODEL_FILE = "pylearn2core.checkpoint.model_file"


# ------------------------------------------------------------------ loading
def load(filepath: str | os.PathLike[str], recurse_depth: int = 0, retry: bool = True) -> Any:
    """Load a pickle (also gzipped, also of Python 2), `.npy`, or `.npz`: a model, or arrays.

    recurse_depth, retry: Pylearn2's, for file systems that fail now and then; nothing is retried.
    Raises ConfigError where the file is missing or can't be read. A pickle can run any code, and
    a model file calls any class: load only files that you trust.
    """
    path = paths.to_read(filepath)
    if not path.is_file():
        raise ConfigError(_missing(filepath, path))
    if path.suffix == ".npy":
        return np.load(path)
    if path.suffix == ".npz":
        return _load_npz(path)
    return _load_pickle(path)


def load_npy(filepath: str | os.PathLike[str]) -> Any:
    """The array of a NumPy file of any name. Raises ConfigError where it is none."""
    path = paths.to_read(filepath)
    if not path.is_file():
        raise ConfigError(_missing(filepath, path))
    try:
        return np.load(path)
    except (ValueError, EOFError) as error:
        raise ConfigError(f"can't load {path}: it is no array of NumPy's ({error}).") from error


def _load_npz(path: Path) -> Any:
    kind = archive.kind_of(path)
    if kind == "model":
        return importlib.import_module(_MODEL_FILE).read(path)
    if kind is not None:
        raise ConfigError(
            f"{path} is a {kind}, no model. To go on with a training, build it from its experiment "
            "and call pylearn2core.checkpoint.load(train, path)."
        )
    try:
        with np.load(path) as arrays:
            return dict(arrays)
    except (ValueError, EOFError, zipfile.BadZipFile) as error:
        raise ConfigError(
            f"can't load {path}: it is no .npz that can be read ({error})."
        ) from error


def _missing(filepath: str | os.PathLike[str], path: Path) -> str:
    shown = os.fspath(filepath)
    place = "" if shown == str(path) else f" (looked for {path.absolute()})"
    if path.is_dir():
        return f"can't load {shown!r}{place}: it is a folder"
    return f"can't load {shown!r}{place}: there is no such file"


def _load_pickle(path: Path) -> Any:
    try:
        with _open_maybe_gzipped(path) as stream:
            return _unpickle(stream)
    except (ModuleNotFoundError, AttributeError) as error:
        raise ConfigError(_unknown_type(path, error)) from error
    except (pickle.UnpicklingError, EOFError, gzip.BadGzipFile, UnicodeError) as error:
        raise ConfigError(
            f"can't load {path}: it is no pickle that can be read ({error}). Expected a pickle, "
            "a gzipped pickle, .npy or .npz."
        ) from error


def _open_maybe_gzipped(path: Path) -> IO[bytes]:
    with path.open("rb") as stream:
        gzipped = stream.read(2) == _GZIP_MAGIC
    return cast("IO[bytes]", gzip.open(path)) if gzipped else path.open("rb")


def _unpickle(stream: IO[bytes]) -> Any:
    with warnings.catch_warnings():
        # NumPy complains about dtypes as its old versions pickled them; they read correctly.
        warnings.filterwarnings("ignore", message=r"dtype\(\): align should be passed")
        try:
            return _Unpickler(stream).load()
        except UnicodeDecodeError:
            # Python 2 pickled bytes as strings; latin1 maps each byte to itself.
            stream.seek(0)
            return _Unpickler(stream, encoding="latin1").load()


class _Unpickler(pickle.Unpickler):
    """Stops at Theano's types: what stands for them here would be filled with what it can't use."""

    def find_class(self, module: str, name: str) -> Any:
        if module.split(".", maxsplit=1)[0] == "theano":
            raise ModuleNotFoundError(f"{module}.{name}")
        return super().find_class(module, name)


def _unknown_type(path: Path, error: Exception) -> str:
    message = f"can't load {path}: it holds an object of a class that is not here ({error})."
    if "theano" in str(error) or "pylearn2" in str(error):
        message += _EXPORT
    return message


_EXPORT = (
    " The file was saved by the original Pylearn2 or Theano, whose objects can't be read here. In "
    "the environment that made it, run `from pylearn2.utils import serial; import numpy; model = "
    "serial.load('model.pkl'); numpy.savez('params.npz', *[p.get_value() for p in "
    "model.get_params()])`. Then, here, build the model from its YAML and run `arrays = "
    "serial.load('params.npz'); model.set_param_values(list(arrays.values()))`. A dataset: export "
    "its X and y the same way."
)


def from_string(s: bytes) -> Any:
    """The object that `to_string` pickled."""
    return pickle.loads(s)


# ------------------------------------------------------------------ saving
def save(
    filepath: str | os.PathLike[str],
    obj: Any,
    on_overwrite: Literal["ignore", "backup"] = "ignore",
) -> None:
    """Save an object: an array for `.npy`, a pickle (gzipped for `.gz`) for any other name.

    For `.npz`: a model as arrays and the YAML that builds it, or a dict of arrays.

    on_overwrite: "backup" keeps the file that is replaced as `<name>.bak` until the new one is
        whole.
    Raises ConfigError where the folder can't be written, and for an unknown on_overwrite.
    """
    if on_overwrite not in ("ignore", "backup"):
        raise ConfigError(f"on_overwrite must be 'ignore' or 'backup', got {on_overwrite!r}")
    suffix = Path(filepath).suffix
    write_file(filepath, lambda stream: _dump(obj, stream, suffix), backup=on_overwrite == "backup")


def write_file(
    filepath: str | os.PathLike[str], write: Callable[[IO[bytes]], None], *, backup: bool = False
) -> None:
    """Write a file by `write`, so that a reader sees the old one or the new one, whole.

    backup: keep the old one as `<name>.bak` until the new one is whole.
    """
    check_save_path(filepath, "filepath")
    try:
        target = paths.to_write(filepath)
        kept = _back_up(target) if backup else None
        _write_whole(target, write)
    except OSError as error:
        raise ConfigError(f"can't save {os.fspath(filepath)!r}: {error}") from error
    if kept is not None:
        kept.unlink(missing_ok=True)


def check_save_path(filepath: str | os.PathLike[str], argument: str = "save_path") -> None:
    """Raise ConfigError where it names a folder, there or not, as `.` or `models/`.

    argument: the name that the user knows it by.
    """
    name = os.fspath(filepath)
    target = paths.current().write / Path(name).expanduser()
    if os.path.basename(name) in ("", ".", "..") or target.is_dir():  # noqa: PTH119  (keeps `a/`)
        raise ConfigError(
            f"{argument}: expected a file, got {name!r}, which is a folder. Name a file in it, such"
            f" as {os.path.join(name, 'model.pkl')!r}."  # noqa: PTH118
        )


def _back_up(target: Path) -> Path | None:
    """A second name for the file that is there, so that the first one never goes missing."""
    if not target.is_file():
        return None
    backup = target.with_name(target.name + ".bak")
    backup.unlink(missing_ok=True)
    try:
        backup.hardlink_to(target)
    except OSError:  # a file system without hard links
        backup.write_bytes(target.read_bytes())
    return backup


def _write_whole(target: Path, write: Callable[[IO[bytes]], None]) -> None:
    # Write beside the target, then os.replace: a reader never sees half a file.
    handle, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as stream:
            write(stream)
            stream.flush()
            os.fsync(stream.fileno())
        # mkstemp makes the file private; give it what any new file of the user's gets.
        temporary.chmod(0o666 & ~_umask())
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _dump(obj: Any, stream: IO[bytes], suffix: str) -> None:
    if suffix == ".npy":
        np.save(stream, np.asarray(obj))
    elif suffix == ".npz":
        _dump_npz(obj, stream)
    elif suffix == ".gz":
        with gzip.GzipFile(fileobj=stream, mode="wb") as compressed:
            pickle.dump(obj, cast("IO[bytes]", compressed), protocol=pickle.HIGHEST_PROTOCOL)
    else:
        pickle.dump(obj, stream, protocol=pickle.HIGHEST_PROTOCOL)


def _dump_npz(obj: Any, stream: IO[bytes]) -> None:
    if hasattr(obj, "get_params"):
        importlib.import_module(_MODEL_FILE).write(stream, obj)
    elif isinstance(obj, dict) and all(isinstance(name, str) for name in obj):
        # Not by savez(**obj), whose own arguments have names too.
        with zipfile.ZipFile(stream, "w") as file:
            for name, array in obj.items():
                with file.open(f"{name}.npy", "w", force_zip64=True) as entry:
                    np.lib.format.write_array(entry, np.asarray(array), allow_pickle=False)
    else:
        raise ConfigError(
            f"An .npz file holds a model, or arrays by name; got a {type(obj).__name__}. Save it "
            "to a `.pkl` path."
        )


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def to_string(obj: Any) -> bytes:
    """An object, pickled."""
    return pickle.dumps(obj, protocol=pickle.HIGHEST_PROTOCOL)


def mkdir(filepath: str | os.PathLike[str]) -> None:
    """Make a folder and its parents, where they are not there yet."""
    paths.to_write(filepath).mkdir(parents=True, exist_ok=True)


# ------------------------------------------------------------------ experiments
def load_train_file(
    config_file_path: str | os.PathLike[str], environ: dict[str, str] | None = None
) -> Any:
    """Build what an experiment's YAML file describes, usually a Train; its main_loop runs it.

    The file's folder is importable, and relative paths in it are read from there; what is written
    goes to the current folder. `${PYLEARN2_TRAIN_FILE_FULL_STEM}` (the file without its suffix),
    `_DIR`, `_BASE_NAME` and `_FILE_STEM` are known in it, and the names in `environ`.
    """
    file = Path(config_file_path).expanduser().absolute()
    if not file.is_file():
        raise ConfigError(f"can't load {os.fspath(config_file_path)!r}: there is no such file")
    _make_importable(file.parent)
    # Users' modules import pylearn2 and theano; the alias package leads both here.
    importlib.import_module("pylearn2")
    from pylearn2core.config import yaml_parse

    places = train_places(file, environ or {})
    with paths.use(places), Path(config_file_path).expanduser().open(encoding="utf-8") as stream:
        experiment = yaml_parse.load(stream)
    for part in experiment if isinstance(experiment, list) else [experiment]:
        with suppress(AttributeError, TypeError):
            part.places = places
    return experiment


def train_places(file: Path, environ: dict[str, str]) -> paths.Places:
    """Where an experiment's paths lead, and the names its YAML may use. file: absolute."""
    stem = str(file.with_suffix(""))
    names = {
        "PYLEARN2_TRAIN_FILE_NAME": stem,
        "PYLEARN2_TRAIN_FILE_FULL_STEM": stem,
        "PYLEARN2_TRAIN_DIR": str(file.parent),
        "PYLEARN2_TRAIN_BASE_NAME": file.name,
        "PYLEARN2_TRAIN_FILE_STEM": file.stem,
    }
    return paths.Places(read=file.parent, write=Path.cwd(), environ={**names, **environ})


def _make_importable(folder: Path) -> None:
    # Last, so that a user's file named like a package of ours can't stand in for it.
    if str(folder) not in sys.path:
        sys.path.append(str(folder))
