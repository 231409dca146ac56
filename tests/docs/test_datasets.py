"""docs/datasets.md tells the truth: its examples run, its names exist."""

from __future__ import annotations

import importlib
import re
from pathlib import Path
from typing import Any

import numpy as np

from pylearn2core.config import yaml_parse
from pylearn2core.datasets.digits import Digits

PAGE = (Path(__file__).parents[2] / "docs" / "datasets.md").read_text()
PYTHON = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
YAML = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)


def test_every_class_that_is_named_exists() -> None:
    table = PAGE.split("## Two views")[0]
    named = re.findall(r"`([a-z_0-9]+)\.([A-Z]\w+)`", table)
    assert len(named) >= 16
    for module, cls in named:
        found = getattr(importlib.import_module(f"pylearn2core.datasets.{module}"), cls)
        assert isinstance(found, type)


def test_the_shapes_in_the_comments_are_right() -> None:
    names: dict[str, Any] = {}
    exec(PYTHON[0], names)
    calls = re.findall(r"^(digits\..*?\.shape)\s+# (\([\d, ]+\))", PYTHON[0], re.MULTILINE)
    assert len(calls) == 2
    for call, shape in calls:
        assert str(eval(call, names)) == shape


def test_the_preprocessor_of_the_validation_set_is_the_training_sets() -> None:
    sets = yaml_parse.load(YAML[0])
    assert sets["valid"].preprocessor is sets["train"].preprocessor
    raw = Digits("train").X
    covariance = np.cov(raw, rowvar=False, bias=True) + 0.01 * np.eye(64)
    values, vectors = np.linalg.eigh(covariance)
    whiten = vectors @ np.diag(values**-0.5) @ vectors.T
    expected = (Digits("valid").X - raw.mean(axis=0)) @ whiten
    np.testing.assert_allclose(sets["valid"].X, expected, atol=1e-9)


def test_the_streams_give_what_they_say() -> None:
    names: dict[str, Any] = {}
    exec(PYTHON[1], names)
    assert names["x"].shape == (32, 1)
    assert np.abs(names["y"] - np.sin(names["x"])).max() < 0.6
    patches = next(yaml_parse.load(YAML[1])["train"].iterator("sequential", 5, 1))
    assert patches.shape == (5, 2, 2, 1)


def test_the_machine_has_the_channels_that_the_page_says() -> None:
    train = yaml_parse.load(YAML[2])
    train.main_loop()
    assert set(train.model.monitor.channels) == {"train_misclass", "valid_misclass"}
    assert train.model.monitor.channels["valid_misclass"].val_record[-1] < 0.05
