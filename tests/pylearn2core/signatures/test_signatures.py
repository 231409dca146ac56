"""A call that is right in Pylearn2 is right here: names, places and defaults of arguments."""

from __future__ import annotations

import importlib
import inspect
from pathlib import Path
from typing import Any

import pytest

TABLE = Path(__file__).with_name("pylearn2.tsv")
# Those that are otherwise on purpose, and why.
_DENSE = "the form with a design matrix is there; several sources are a VectorSpacesDataset's"
_STEP = "a schedule is a part of the step, so that an epoch is one program"
_SAMPLER = "what Corruptor takes is named"
_HDF5, _SGD = "pylearn2.datasets.hdf5.HDF5Dataset", "pylearn2.training_algorithms.sgd"
ON_PURPOSE = {
    **{
        (f"{_HDF5}.__init__", name): _DENSE for name in ("sources", "spaces", "aliases", "use_h5py")
    },
    **{
        (f"{_HDF5}.iterator", name): _DENSE
        for name in ("data_specs", "batch_size", "num_batches", "rng")
    },
    (f"{_HDF5}.get_data_specs", "source_or_alias"): _DENSE,
    (f"{_HDF5}.get_num_examples", "source_or_alias"): _DENSE,
    **{
        (f"{_SGD}.{name}.__call__", "algorithm"): _STEP
        for name in ("AnnealedLearningRate", "ExponentialDecay", "LinearDecay")
    },
    **{
        (f"pylearn2.space.{name}.__init__", "**kwargs"): "the two callbacks are named"
        for name in (
            "SimplyTypedSpace",
            "IndexSpace",
            "VectorSpace",
            "VectorSequenceSpace",
            "IndexSequenceSpace",
            "Conv2DSpace",
            "CompositeSpace",
        )
    },
    **{
        (f"pylearn2.models.{name}.__init__", "**kwargs"): "only `extensions` came by it"
        for name in ("maxout.Maxout", "mlp.Softmax", "mlp.Linear")
    },
    ("pylearn2.config.yaml_parse.load", "**kwargs"): "`Loader` is named",
    ("pylearn2.config.yaml_parse.load_path", "**kwargs"): "`Loader` is named",
    ("pylearn2.models.mlp.beta_from_targets", "**kwargs"): "beta_from_design's are named",
    ("pylearn2.models.mlp.beta_from_features", "**kwargs"): "beta_from_design's are named",
    ("pylearn2.corruption.BinomialSampler.__init__", "**kwargs"): _SAMPLER,
    ("pylearn2.corruption.MultinomialSampler.__init__", "**kwargs"): _SAMPLER,
    ("pylearn2.datasets.npy_npz.NpyDataset.iterator", "**kwargs"): "a misspelt name is told",
    ("pylearn2.models.mlp.MLP.__init__", "**kwargs"): "only `extensions` came by it, and is named",
    ("pylearn2.datasets.hdf5.HDF5Dataset.iterator", "**kwargs"): "a misspelt name is told",
}
Row = tuple[str, str, str, str]


def rows() -> list[Row]:
    found = []
    for line in TABLE.read_text().splitlines():
        if not line.startswith("#"):
            name, kind, argument, *value = line.split("\t")
            found.append((name, kind, argument, value[0] if value else ""))
    return found


def resolve(dotted: str) -> Any:
    """The object of a dotted name: a module's longest prefix, then attributes."""
    parts = dotted.split(".")
    for cut in range(len(parts), 0, -1):
        try:
            found: Any = importlib.import_module(".".join(parts[:cut]))
        except ModuleNotFoundError:
            continue
        for name in parts[cut:]:
            found = getattr(found, name)
        return found
    raise ModuleNotFoundError(dotted)


def parameters(dotted: str) -> dict[str, inspect.Parameter]:
    importlib.import_module("pylearn2")
    found = dict(inspect.signature(resolve(dotted)).parameters)
    owner, _, name = dotted.rpartition(".")
    is_static = isinstance(inspect.getattr_static(resolve(owner), name, None), staticmethod)
    if isinstance(resolve(owner), type) and not is_static:
        found.pop(next(iter(found)))
    return found


def anything(found: dict[str, inspect.Parameter]) -> bool:
    kinds = {parameter.kind for parameter in found.values()}
    return {inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL} <= kinds


def is_as_there(found: dict[str, inspect.Parameter], kind: str, argument: str, value: str) -> bool:
    if kind == "kwargs":
        return any(one.kind is inspect.Parameter.VAR_KEYWORD for one in found.values())
    if kind == "optional":
        return argument not in found or found[argument].default is not inspect.Parameter.empty
    if kind == "has":
        return argument in found
    if kind == "position":
        return list(found).index(argument) == int(value)
    default = found[argument].default
    # A tuple does for a list, and None for what stands for the default seed.
    return default is None or str(default).strip("()[]") == value.strip("()[]")


def expected() -> list[Row]:
    return [row for row in rows() if (row[0], row[2]) not in ON_PURPOSE]


@pytest.mark.parametrize("row", expected(), ids=lambda row: f"{row[0]}-{row[1]}-{row[2]}")
def test_what_pylearn2_took_is_taken(row: Row) -> None:
    name, kind, argument, value = row
    found = parameters(name)
    assert anything(found) or is_as_there(found, kind, argument, value), (
        f"{name}: {argument} {kind} {value}: {list(found.values())}"
    )


def test_each_exception_stands_in_the_table() -> None:
    known = {(name, argument) for name, _, argument, _ in rows()}
    assert set(ON_PURPOSE) <= known
