"""A model as a file of arrays and YAML."""

from __future__ import annotations

import pickle
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import pylearn2  # noqa: F401  (as a user's process has it, so that `theano` is found)
from pylearn2core import checkpoint, paths
from pylearn2core.config import yaml_parse
from pylearn2core.datasets.digits import Digits
from pylearn2core.errors import ConfigError
from pylearn2core.models.kmeans import KMeans
from pylearn2core.models.mlp import MLP, Softmax
from pylearn2core.scripts import print_monitor
from pylearn2core.train import Train
from pylearn2core.utils import serial

MODEL = (
    "!obj:pylearn2.models.mlp.MLP { nvis: 64, layers: ["
    "!obj:pylearn2.models.mlp.Sigmoid { layer_name: h, dim: 3, irange: .1 },"
    "!obj:pylearn2.models.mlp.Softmax { layer_name: y, n_classes: 10, irange: .1 }]}"
)
DATASET = "!obj:pylearn2core.datasets.digits.Digits { which_set: valid }"


def trained(save_path: str, model: str = MODEL) -> Train:
    train = yaml_parse.load(
        f"""!obj:pylearn2.train.Train {{
            dataset: &data {DATASET},
            model: {model},
            algorithm: !obj:pylearn2.training_algorithms.sgd.SGD {{
                learning_rate: .1, batch_size: 100, monitoring_dataset: {{ valid: *data }},
                termination_criterion: !obj:pylearn2.termination_criteria.EpochCounter {{
                    max_epochs: 2 }} }},
            save_path: '{save_path}', save_freq: 1 }}"""
    )
    train.main_loop()
    assert isinstance(train, Train)
    return train


def outputs(model: Any) -> Any:
    X = model.get_input_space().make_theano_batch()
    return model.fprop(X).eval({X: Digits("test").X[:20]})


@pytest.fixture
def saved(tmp_path: Path) -> tuple[Train, Path]:
    path = tmp_path / "model.npz"
    return trained(str(path)), path


def test_a_saved_model_is_built_again_with_its_parameters_and_records(
    saved: tuple[Train, Path],
) -> None:
    train, path = saved
    model = serial.load(path)
    for loaded, own in zip(model.get_params(), train.model.get_params(), strict=True):
        assert loaded.name == own.name
        np.testing.assert_array_equal(loaded.get_value(), own.get_value())
    np.testing.assert_allclose(outputs(model), outputs(train.model), rtol=1e-12)
    channels = train.model.monitor.channels
    assert list(model.monitor.channels) == list(channels)
    for name, channel in model.monitor.channels.items():
        assert channel.val_record == channels[name].val_record
        assert channel.example_record == [0, 400, 800]
        assert channel.time_record == channels[name].time_record
    assert model.monitor.get_epochs_seen() == 2
    assert type(yaml_parse.load(model.dataset_yaml_src)) is Digits


def test_the_file_is_open_to_other_programs(saved: tuple[Train, Path]) -> None:
    train, path = saved
    with np.load(path, allow_pickle=False) as arrays:
        np.testing.assert_array_equal(arrays["params/h_W"], train.model.get_params()[0].get_value())
    with zipfile.ZipFile(path) as file:
        assert file.read("model.yaml").decode() == train.model.yaml_src
        assert "which_set: valid" in file.read("dataset.yaml").decode()


def test_print_monitor_reads_it(saved: tuple[Train, Path], capsys: Any) -> None:
    assert print_monitor.main([str(saved[1])]) == 0
    assert "epochs seen: 2" in capsys.readouterr().out


def test_pkl_in_yaml_loads_it_and_what_is_trained_on_is_saved_again(
    saved: tuple[Train, Path], tmp_path: Path
) -> None:
    train, path = saved
    model = yaml_parse.load(f"!pkl: '{path}'")
    model.get_params()[0].set_value(np.full((64, 3), 0.25))
    serial.save(path, model)
    again = serial.load(path)
    assert (again.get_params()[0].get_value() == 0.25).all()
    assert again.monitor.channels.keys() == train.model.monitor.channels.keys()


def test_a_model_that_makes_its_parameters_in_training_is_built_with_them(tmp_path: Path) -> None:
    dataset = Digits("valid")
    model = yaml_parse.load("!obj:pylearn2.models.kmeans.KMeans { k: 4, nvis: 64, max_iter: 3 }")
    np.random.seed(0)
    model.train_all(dataset)
    with paths.use(paths.Places(write=tmp_path, read=tmp_path)):
        serial.save("centres.npz", model)
        loaded = serial.load("centres.npz")
    assert isinstance(loaded, KMeans)
    assert not loaded.continue_learning()
    np.testing.assert_array_equal(loaded.mu.get_value(), model.mu.get_value())


def test_a_pickle_and_a_file_of_arrays_are_one_model(tmp_path: Path) -> None:
    model = trained(str(tmp_path / "model.pkl")).model
    serial.save(tmp_path / "model.npz", model)
    both = [serial.load(tmp_path / name) for name in ("model.pkl", "model.npz")]
    np.testing.assert_array_equal(*(one.get_param_vector() for one in both))


def test_a_model_without_yaml_is_refused_with_what_to_do(tmp_path: Path) -> None:
    model = MLP(nvis=2, layers=[Softmax(layer_name="y", n_classes=2, irange=0.1)])
    with pytest.raises(ConfigError, match=r"MLP was not built from YAML.* to a `\.pkl` path"):
        serial.save(tmp_path / "model.npz", model)
    assert list(tmp_path.iterdir()) == []


def test_parameters_of_another_shape_are_refused(saved: tuple[Train, Path]) -> None:
    train, path = saved
    train.model.model_yaml_src = MODEL.replace("dim: 3", "dim: 4")
    serial.save(path, train.model)
    with pytest.raises(
        ConfigError, match=r"saved parameters are h_W \(64, 3\).* has h_W \(64, 4\)"
    ):
        serial.load(path)


def test_arrays_by_name_are_saved_and_other_things_are_not(tmp_path: Path) -> None:
    arrays = {"X": np.arange(6.0).reshape(2, 3), "file": np.arange(3)}
    serial.save(tmp_path / "a.npz", arrays)
    loaded = serial.load(tmp_path / "a.npz")
    assert loaded.keys() == arrays.keys()
    for name, array in arrays.items():
        np.testing.assert_array_equal(loaded[name], array)
    with pytest.raises(ConfigError, match="a model, or arrays by name; got a list"):
        serial.save(tmp_path / "b.npz", [1, 2])
    (tmp_path / "text.npz").write_text("no zip")
    with pytest.raises(ConfigError, match=r"text\.npz: it is no \.npz that can be read"):
        serial.load(tmp_path / "text.npz")


def test_a_checkpoint_is_no_model(tmp_path: Path) -> None:
    train = trained(str(tmp_path / "model.pkl"))
    checkpoint.save(train, tmp_path / "state.npz")
    with pytest.raises(
        ConfigError, match=r"is a checkpoint of a training, no model.*checkpoint\.load"
    ):
        serial.load(tmp_path / "state.npz")


@pytest.mark.parametrize(
    "content",
    [
        # A shared variable's class, and a function that rebuilds one: found by name, both.
        b"\x80\x02ctheano.tensor.sharedvar\nTensorSharedVariable\n.",
        b"\x80\x02ctheano.tensor\nmatrix\n.",
        b"\x80\x02ctheano.sandbox.cuda.var\nCudaNdarraySharedVariable\n.",
    ],
)
def test_a_pickle_that_names_theano_says_how_to_export_it(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "model.pkl").write_bytes(content)
    with pytest.raises(ConfigError, match=r"numpy\.savez\('params\.npz', \*\[p\.get_value\(\)"):
        serial.load(tmp_path / "model.pkl")


def test_the_export_that_the_error_names_brings_a_model_over(tmp_path: Path) -> None:
    model = yaml_parse.load(MODEL)
    # What the old environment is told to run; savez is the same there.
    params = [param.get_value() + 1.0 for param in model.get_params()]
    np.savez(tmp_path / "params.npz", *params)
    arrays = serial.load(tmp_path / "params.npz")
    model.set_param_values(list(arrays.values()))
    for param, wanted in zip(model.get_params(), params, strict=True):
        np.testing.assert_array_equal(param.get_value(), wanted)


def test_our_own_pickles_name_nothing_of_theano(tmp_path: Path) -> None:
    train = trained(str(tmp_path / "model.pkl"))
    assert b"theano" not in pickle.dumps(train.model, protocol=2).replace(
        b"pylearn2core.theano", b""
    )
