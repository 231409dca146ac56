"""A name that surely is not there is told before a trial starts; nothing is imported for it."""

import re
import sys
from pathlib import Path

import pytest

from sweeper.records.errors import InputError
from sweeper.spec import check_names, expand, first_batch, load, missing_names

TEMPLATES = sorted((Path(__file__).parents[2] / "templates").glob("*.yaml.j2"))
MINE = "from elsewhere import Borrowed\n\nclass Net:\n    pass\n\nLoss = Net\n"


@pytest.fixture
def check(tmp_path):
    """check("mine.Net") raises where a launch of an experiment of that name would be refused."""
    (tmp_path / "mine.py").write_text(MINE)
    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "__init__.py").write_text("from package.inner import Deep\n")
    (tmp_path / "package" / "inner.py").write_text("class Deep: ...\n")
    (tmp_path / "bare").mkdir()
    (tmp_path / "bare" / "inner.py").write_text("class Deep: ...\n")
    (tmp_path / "open.py").write_text("def __getattr__(name): ...\n")

    def run(name, *, here=True, modules="", tag="!obj:{} {{ x: {{{{ x }}}} }}"):
        (tmp_path / "g.yaml.j2").write_text(
            f"sweep:\n  grid: {{x: [1, 2]}}\n  modules: [{modules}]\n---\n{tag.format(name)}\n"
        )
        spec = load(tmp_path / "g.yaml.j2")
        check_names(spec, expand(spec), here=here)

    return run


def error_of(check, *arguments, **options):
    with pytest.raises(InputError, match=r"g\.yaml\.j2, line 5: [^\n]*$") as caught:
        check(*arguments, **options)
    return str(caught.value).split("line 5: ")[1]


@pytest.mark.parametrize(
    "name",
    [
        *("mine.Net", "mine.Loss", "mine.Borrowed", "open.Anything"),
        *("package.Deep", "package.inner.Deep", "bare.inner.Deep", "mine.Net.made"),
        *("numpy.array", "numpy.random.RandomState", "pylearn2.train.Train"),
        "pylearn2.utils.serial.load",
    ],
)
def test_a_name_that_is_there_is_let_through(check, name):
    check(name)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("mine.Nett", "module `mine` has no `Nett` (did you mean Net?)."),
        ("package.inner.Deap", "module `package.inner` has no `Deap` (did you mean Deep?)."),
        ("package.iner.Deep", "module `package` has no `iner` (did you mean inner?)."),
        ("nosuch.Net", "there is no module `nosuch`: neither nosuch.py in "),
        ("mime.Net", "there is no module `mime` (did you mean mine?)"),
        ("pylearn2.models.mlp.Sigmoyd", "has no `Sigmoyd`"),
        ("pylearn2.models.mpl.MLP", "module `pylearn2.models` has no `mpl` (did you mean mlp?)"),
        ("os.system", "If you trust `os`, list it in the header: `modules: [os]`."),
        ("", "`` is no dotted name of a module, class or function."),
        ("mine.5", "`mine.5` is no dotted name of a module, class or function."),
    ],
)
def test_a_name_that_is_not_there_is_told_with_its_line(check, name, told):
    assert told in error_of(check, name)


def test_a_tag_that_there_is_not_is_told_with_those_there_are(check):
    told = error_of(check, "mine.Net", tag="!object:{} {{ x: {{{{ x }}}} }}")
    assert told == "`!object:mine.Net` is no tag: there are !obj:, !import:, !pkl: and !float."


def test_a_name_that_an_axis_completes_is_looked_at_for_each_of_its_values(check):
    check("mine", tag="!obj:{}.{{{{ 'Net' if x == 1 else 'Loss' }}}} {{ x: {{{{ x }}}} }}")
    tag = "!obj:{}.{{{{ 'Net' if x == 1 else 'Los' }}}} {{ x: {{{{ x }}}} }}"
    assert "module `mine` has no `Los` (did you mean Loss?)" in error_of(check, "mine", tag=tag)


def test_what_may_be_installed_where_the_trials_run_is_not_refused(check):
    told = error_of(check, "faraway.Net", modules="faraway")
    assert told.startswith("there is no module `faraway`, which the header's `modules` allows")
    check("faraway.Net", modules="faraway", here=False)


def test_a_module_on_pythons_path_that_the_header_allows_is_let_through(check, tmp_path):
    (tmp_path / "path").mkdir()
    (tmp_path / "path" / "on_the_path_of_this_test.py").write_text("raise RuntimeError\n")
    sys.path.append(str(tmp_path / "path"))
    try:
        check("on_the_path_of_this_test.Net", modules="on_the_path_of_this_test")
    finally:
        sys.path.remove(str(tmp_path / "path"))


@pytest.mark.parametrize("name", ["random", "types"])
@pytest.mark.parametrize("here", [True, False])
def test_a_file_that_python_s_own_module_hides_is_told_by_its_name(check, tmp_path, name, here):
    (tmp_path / f"{name}.py").write_text("class Net: ...\n")
    told = error_of(check, f"{name}.Net", here=here)
    assert told.startswith(f"`{name}` is Python's own module, which hides {name}.py beside the exp")
    assert f"Rename {name}.py" in told
    check(f"{name}.Net", modules=name, here=here)  # Python's own is meant


def test_nothing_is_imported_to_find_a_name(check, tmp_path):
    (tmp_path / "mine.py").write_text(f"{MINE}raise RuntimeError\n")
    before = set(sys.modules)
    check("mine.Net")
    check("pylearn2.models.mlp.MLP")
    assert not {name for name in set(sys.modules) - before if "mine" in name or "pytensor" in name}


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_no_name_of_a_template_is_refused(template):
    names = re.findall(r"-D (\w+)", template.read_text())
    spec = load(template, dict.fromkeys(names, "1"))
    assert missing_names(spec, first_batch(spec)) == ()
