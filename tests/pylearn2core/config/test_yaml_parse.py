from __future__ import annotations

import itertools
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from pylearn2core import paths
from pylearn2core.config import nodes, yaml_parse
from pylearn2core.errors import ConfigError
from pylearn2core.utils import serial

MODULE = """
class Layer:
    def __init__(self, dim, irange=None):
        if dim < 1:
            raise ValueError("dim must be 1 or more")
        self.dim = dim
        self.irange = irange

class Named(Layer):
    def __init__(self, name, **kwargs):
        super().__init__(**kwargs)
        self.name = name

class Slotted:
    __slots__ = ()

def helper(**kwargs):
    return dict(kwargs)

NUMBER = 3
"""
_numbers = itertools.count()


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The name of a user's module, importable and of this test alone."""
    name = f"user_module_{next(_numbers)}"
    (tmp_path / f"{name}.py").write_text(MODULE)
    monkeypatch.syspath_prepend(tmp_path)
    with paths.use(paths.Places(read=tmp_path, write=tmp_path)):
        yield name
    sys.modules.pop(name, None)


def plain(text: str) -> Any:
    """`text` read by PyYAML alone, our tags as ('tag', body)."""

    class Loader(yaml.SafeLoader):
        pass

    def construct(loader: Any, suffix: str, node: Any) -> Any:
        if isinstance(node, yaml.MappingNode):
            return (suffix, loader.construct_mapping(node, deep=True))
        return (suffix, loader.construct_scalar(node))

    Loader.add_multi_constructor("!", construct)
    return yaml.load(text, Loader)


# ------------------------------------------------------------------ what is built
def test_a_tagged_map_becomes_an_object_with_these_arguments(module: str) -> None:
    made = yaml_parse.load(f"!obj:{module}.Layer {{dim: 3, irange: 1e-3,}}")
    assert (made.dim, made.irange) == (3, 0.001)
    assert type(made.irange) is float


def test_an_object_without_arguments_needs_no_map(module: str) -> None:
    assert yaml_parse.load(f"[!obj:{module}.helper {{}}, !obj:{module}.helper ]") == [{}, {}]


def test_an_alias_is_the_object_of_its_anchor(module: str) -> None:
    made = yaml_parse.load(f"train: &t !obj:{module}.Layer {{dim: 1}}\nvalid: [*t, {{test: *t}}]")
    assert made["train"] is made["valid"][0] is made["valid"][1]["test"]


def test_import_gives_the_thing_itself_by_either_spelling() -> None:
    made = yaml_parse.load("[!import 'numpy.float32', !import:numpy.float32 , !import: numpy.pi]")
    assert made == [np.float32, np.float32, np.pi]


def test_float_reads_what_yaml_takes_for_a_string() -> None:
    assert yaml_parse.load("[!float 1e-3, !float '2', !float inf]") == [0.001, 2.0, float("inf")]


def test_pkl_loads_a_pickle_and_its_path_is_under_the_experiments_folder(module: str) -> None:
    serial.save("ints.pkl", [1, 2, 3])
    assert yaml_parse.load("{x: !pkl: 'ints.pkl'}") == {"x": [1, 2, 3]}


def test_an_environment_variable_is_filled_in_in_every_string(
    module: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FROM_PROCESS", "a")
    text = "{x: '${FROM_PROCESS}/${GIVEN}', '${GIVEN}': [\"${GIVEN}\"]}"
    assert yaml_parse.load(f"!obj:{module}.helper {text}", environ={"GIVEN": "b"}) == {
        "x": "a/b",
        "b": ["b"],
    }


def test_several_documents_are_a_list_of_phases(module: str) -> None:
    made = yaml_parse.load(f"!obj:{module}.Layer {{dim: 1}}\n---\n!obj:{module}.Layer {{dim: 2}}\n")
    assert [phase.dim for phase in made] == [1, 2]


def test_load_path_reads_a_file_and_load_an_open_one(module: str, tmp_path: Path) -> None:
    file = tmp_path / "numbers.yaml"
    file.write_text("[1, 2]")
    assert yaml_parse.load_path("numbers.yaml") == [1, 2]
    with file.open() as stream:
        assert yaml_parse.load(stream) == [1, 2]


def test_pyyaml_s_loader_changes_nothing_and_other_keywords_are_refused(tmp_path: Path) -> None:
    (file := tmp_path / "numbers.yaml").write_text("[1, 2]")
    assert yaml_parse.load("[1, 2]", Loader=yaml.SafeLoader) == [1, 2]
    assert yaml_parse.load_path(str(file), Loader=yaml.SafeLoader) == [1, 2]
    with pytest.raises(TypeError, match="instanciate"):
        yaml_parse.load("[1, 2]", instanciate=False)  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="enviro"):
        yaml_parse.load_path(str(file), enviro={})  # type: ignore[call-arg]


def test_without_instantiate_nothing_is_made_until_build(module: str) -> None:
    tree = yaml_parse.load(f"!obj:{module}.Layer {{dim: 0}}", instantiate=False)
    with pytest.raises(ConfigError, match="dim must be 1 or more"):
        yaml_parse.build(tree)


def test_tokens_become_values_in_scalars_keys_and_tags(module: str) -> None:
    text = "!obj:{}.__sweep_token_0__ {{dim: __sweep_token_1__, irange: '__sweep_token_2__x'}}"
    made = yaml_parse.build(nodes.parse(text.format(module))[0], tokens=("Layer", 7, 0.5))
    assert (type(made).__name__, made.dim, made.irange) == ("Layer", 7, "0.5x")


def test_a_list_that_a_token_stands_for_is_a_new_list_each_time() -> None:
    value = [1, 2]
    made = yaml_parse.build(
        nodes.parse("[__sweep_token_0__, __sweep_token_0__]")[0], tokens=(value,)
    )
    assert made == [value, value]
    assert made[0] is not value
    assert made[0] is not made[1]


# ------------------------------------------------------------------ the text kept with an object
def test_an_object_keeps_the_yaml_of_its_own_subtree(module: str) -> None:
    made = yaml_parse.load(
        f"data: &d !obj:{module}.Layer {{dim: 1, irange: 1e-05}}\n"
        f"model: !obj:{module}.Named {{name: \"it's: one\", dim: 2, irange: [*d, null, '01']}}\n"
    )
    assert plain(made["data"].yaml_src) == (f"obj:{module}.Layer", {"dim": 1, "irange": 1e-05})
    again = yaml_parse.load(made["model"].yaml_src)
    assert (again.name, again.dim) == ("it's: one", 2)
    assert again.irange[0].irange == 1e-05
    assert again.irange[1:] == [None, "01"]


def test_the_kept_yaml_says_once_what_is_one_object(module: str) -> None:
    made = yaml_parse.load(f"!obj:{module}.Layer {{dim: 1, irange: [&x {{a: 1}}, *x, *x]}}")
    again = yaml_parse.load(made.yaml_src)
    assert again.irange == [{"a": 1}] * 3
    assert again.irange[0] is again.irange[1] is again.irange[2]


def test_the_kept_yaml_has_the_tokens_values_and_the_variables_names(module: str) -> None:
    text = f"!obj:{module}.Layer {{dim: __sweep_token_0__, irange: '${{HOME}}'}}"
    made = yaml_parse.build(nodes.parse(text)[0], tokens=(3,))
    assert plain(made.yaml_src) == (f"obj:{module}.Layer", {"dim": 3, "irange": "${HOME}"})


def test_an_object_with_no_room_for_the_text_is_built_all_the_same(module: str) -> None:
    assert not hasattr(yaml_parse.load(f"!obj:{module}.Slotted {{}}"), "yaml_src")


# ------------------------------------------------------------------ what is wrong
@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("!obj:MODULE.Lager {}", r"has no `Lager` \(did you mean Layer\?\)"),
        ("!obj:MODULEx.Layer {}", r"no module `MODULEx` \(did you mean MODULE"),
        ("!obj:pylearn2.config.yaml_pars.load {}", r"`pylearn2.config` has no `yaml_pars` \(did"),
        ("!obj:MODULE.Layer.dimm {}", "object `MODULE.Layer` has no `dimm`"),
        ("!obj:MODULE..Layer {}", "is no dotted name"),
        ("!obj:MODULE.Layer {dimm: 1}", r"no argument `dimm` \(did you mean dim\?\). It accepts: "),
        ("!obj:MODULE.Named {name: a, dimm: 1}", "no argument `dimm`.*accepts: name, dim, irange"),
        ("!obj:MODULE.Named {dim: 1}", "`MODULE.Named` needs `name`, which is not given"),
        ("!obj:MODULE.Layer {dim: 0}", "raised ValueError: dim must be 1 or more"),
        ("!obj:MODULE.Layer {dim: x}", "raised TypeError: '<' not supported between"),
        ("!obj:MODULE.Layer [1]", r"followed by \[1, \], and a map of its arguments was expected"),
        ("!obj:MODULE.Layer {1: 2}", "a map of its arguments was expected"),
        ("!obj:MODULE.NUMBER {}", "names a int, which can't be called"),
        ("!obj: {}", "names nothing"),
        ("!pkl: 'absent.pkl'", "absent.pkl.*no such file"),
        ("!pkl:absent.pkl", "needs a space after the colon"),
        ("!import: 3", "`3` is no dotted name"),
        ("!import: {}", "this tag wants a string"),
        ("!float x", "followed by x, which is no number"),
        ("!object:MODULE.Layer {}", "is no tag of this format; there are !obj:"),
        ("'${NOT_SET_ANYWHERE}'", "no environment variable NOT_SET_ANYWHERE is set"),
        ("{[1]: 2}", "can't be the key of a map"),
        ("", "the YAML is empty"),
    ],
)
def test_a_mistake_is_one_paragraph(module: str, text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message.replace("MODULE", module)):
        yaml_parse.load(text.replace("MODULE", module))


def test_an_error_says_file_line_and_key_path(module: str) -> None:
    text = f"model:\n  layers:\n  - !obj:{module}.Layer {{dim: 1}}\n  - !obj:{module}.Layer {{}}\n"
    tree = nodes.parse(text, source="job.yaml")[0]
    with pytest.raises(ConfigError, match="needs `dim`") as caught:
        yaml_parse.build(tree, source="job.yaml")
    assert str(caught.value).startswith("job.yaml, line 4, model.layers[1]: ")


def test_the_constructors_own_error_is_the_cause(module: str) -> None:
    with pytest.raises(ConfigError, match="dim must be") as caught:
        yaml_parse.load(f"- !obj:{module}.Layer {{dim: 0}}")
    assert isinstance(caught.value.__cause__, ValueError)


def test_a_config_error_of_a_constructor_gets_the_place_and_keeps_its_words(
    module: str, tmp_path: Path
) -> None:
    (tmp_path / f"{module}.py").write_text(
        "from pylearn2.errors import ConfigError\n"
        "def make(x):\n    raise ConfigError('x is too small')\n"
    )
    with pytest.raises(ConfigError, match=r"^line 2, a: x is too small$"):
        yaml_parse.load(f"# first\na: !obj:{module}.make {{x: 1}}")


def test_a_keyword_that_an_inner_call_refuses_is_not_blamed_on_the_file(
    module: str, tmp_path: Path
) -> None:
    (tmp_path / f"{module}.py").write_text("def make(dim):\n    return dict.fromkeys(dim=dim)\n")
    with pytest.raises(ConfigError, match=r"raised TypeError: .*takes no keyword"):
        yaml_parse.load(f"!obj:{module}.make {{dim: 1}}")


def test_a_module_that_fails_shows_its_own_error(module: str, tmp_path: Path) -> None:
    (tmp_path / f"{module}.py").write_text("import nothing_of_this_name\n")
    with pytest.raises(ConfigError, match=rf"importing `{module}` failed.*nothing_of_this_name"):
        yaml_parse.load(f"!obj:{module}.Layer {{}}")
    (tmp_path / f"{module}.py").write_text("x = 1 +\n")
    with pytest.raises(ConfigError, match=rf"failed with SyntaxError: .*{module}.py, line 1"):
        yaml_parse.load(f"!obj:{module}.Layer {{}}")


def test_a_misspelt_class_is_told_before_what_it_holds_is_made(module: str) -> None:
    with pytest.raises(ConfigError, match="has no `Train`"):
        yaml_parse.load(f"!obj:{module}.Train {{x: !obj:{module}.Layer {{dim: 0}}}}")


def test_keys_that_tokens_make_equal_are_refused() -> None:
    tree = nodes.parse("{__sweep_token_0__: 1, __sweep_token_1__: 2}")[0]
    with pytest.raises(ConfigError, match="the key a stands twice in one map"):
        yaml_parse.build(tree, tokens=("a", "a"))


def test_a_file_that_is_not_there_is_named() -> None:
    with pytest.raises(ConfigError, match=r"^absent\.yaml: can't read this YAML file: "):
        yaml_parse.load_path("absent.yaml")
