from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from pylearn2core.scripts import yaml_dryrun

GOOD = """\
!obj:pylearn2.train.Train {
    dataset: &train !obj:pylearn2.datasets.digits.Digits { which_set: train },
    model: !obj:pylearn2.models.mlp.MLP {
        nvis: 64,
        layers: [
            !obj:pylearn2.models.mlp.Softmax { layer_name: y, n_classes: 10, irange: !float 1e-3 },
        ],
    },
    algorithm: !obj:pylearn2.training_algorithms.sgd.SGD {
        learning_rate: 0.1,
        monitoring_dataset: { train: *train },
    },
    save_path: "${PYLEARN2_TRAIN_FILE_FULL_STEM}.pkl",
}
"""
TOLD = """\
pylearn2.train.Train(dataset, model, algorithm, save_path)
    dataset: pylearn2.datasets.digits.Digits(which_set)
    model: pylearn2.models.mlp.MLP(nvis, layers)
        model.layers[0]: pylearn2.models.mlp.Softmax(layer_name, n_classes, irange)
            model.layers[0].irange: float 0.001
    algorithm: pylearn2.training_algorithms.sgd.SGD(learning_rate, monitoring_dataset)
job.yaml: would build 5 objects; nothing was built.
"""
_numbers = itertools.count()


def write(folder: Path, text: str) -> str:
    (folder / "job.yaml").write_text(text)
    return "job.yaml"


def test_what_would_be_built_is_told_an_alias_once(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert yaml_dryrun.main([write(folder, GOOD)]) == 0
    assert capsys.readouterr().out == TOLD


def test_nothing_is_built(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    name = f"user_{next(_numbers)}"
    (folder / f"{name}.py").write_text(
        "print('imported')\nclass Model:\n    def __init__(self, size):\n        1 / 0\n"
    )
    assert yaml_dryrun.main([write(folder, f"!obj:{name}.Model {{ size: 1 }}")]) == 0
    assert capsys.readouterr().out.startswith(f"imported\n{name}.Model(size)\n")


def test_parsing_alone_imports_nothing(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(folder, "!obj:no_such_module.Model {}")
    assert yaml_dryrun.main(["-N", path]) == 0
    assert "the YAML is sound" in capsys.readouterr().out
    assert yaml_dryrun.main(["--no-instantiate", write(folder, "a: [1")]) == 2
    assert "job.yaml, line 1: this is no YAML" in capsys.readouterr().err


def test_every_mistake_is_told_with_its_place(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NOT_SET_HERE", raising=False)
    text = GOOD.replace("which_set: train", "which_sett: train").replace(
        "learning_rate: 0.1", "batch_size: 10, cost: !obj:pylearn2.costs.mlp.Defalt {}"
    )
    text = text.replace("${PYLEARN2_TRAIN_FILE_FULL_STEM}", "${NOT_SET_HERE}")
    text = text.replace("nvis: 64", "nvis: !pkl: 'missing.pkl'")
    assert yaml_dryrun.main([write(folder, text)]) == 2
    errors = capsys.readouterr().err.splitlines()
    beginnings = [
        "job.yaml, line 2, dataset: `pylearn2.datasets.digits.Digits` has no argument `which_sett` "
        "(did you mean which_set?)",
        "job.yaml, line 4, model.nvis: can't load 'missing.pkl': there is no such file",
        "job.yaml, line 9, algorithm: `pylearn2.training_algorithms.sgd.SGD` needs `learning_rate`",
        "job.yaml, line 10, algorithm.cost: module `pylearn2.costs.mlp` has no `Defalt`",
        "job.yaml, line 13, save_path: `${NOT_SET_HERE}` is used",
    ]
    assert len(errors) == len(beginnings)
    for error, beginning in zip(errors, beginnings, strict=True):
        assert error.startswith(beginning)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the YAML is empty"),
        ("!new:a.b {}", "`!new:a.b` is no tag of this format"),
        ("!obj:math.pi {}", "`!obj:math.pi` names a float, which can't be called. Name a class"),
    ],
)
def test_other_mistakes_are_told(
    folder: Path, text: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert yaml_dryrun.main([write(folder, text)]) == 2
    assert message in capsys.readouterr().err


def test_a_missing_file_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert yaml_dryrun.main(["no.yaml"]) == 2
    assert "no.yaml: can't read this YAML file" in capsys.readouterr().err
