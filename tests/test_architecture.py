"""The layers of docs/architecture.md, held: every import is looked at, wherever it stands."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("sweeper", "pylearn2core", "pylearn2")
MOST_PARTS, MOST_EDGES = 12, 40  # of sweeper: folders and top modules, imports between them
FUNCTION = (ast.FunctionDef, ast.AsyncFunctionDef)

# One row a layer; a part is the first name below the package. Parts of a layer of `sweeper` do not
# know one another; a part of a layer of `pylearn2core` may import those that stand before it.
SWEEPER = (
    ("records",),
    ("host",),
    ("spec", "scheduler", "store"),
    ("runs",),
    ("workers", "launchers"),
    ("driver", "report", "testing"),
    ("cli",),
    ("__main__",),
)
PYLEARN2CORE = (
    ("types", "words", "errors", "paths", "log", "rng", "theano", "cache", "patches"),
    ("config", "space", "engine"),
    ("protocols", "utils", "expr", "linear", "energy_functions", "corruption", "blocks", "costs"),
    ("datasets", "models", "model_extensions", "testing", "gui"),
    ("monitor",),
    ("termination_criteria", "train_extensions", "checkpoint"),
    ("training_algorithms",),
    ("train",),
    ("scripts",),
)
# The same one level deeper, in packages whose parts are to be kept apart. Backends do not know one
# another; what chooses among them names them by strings.
INSIDE = {
    "sweeper.launchers": (
        ("base", "fit", "readers", "data"),
        ("local", "slurm", "remote", "cluster"),
        ("ray", "cloud", "kubernetes"),
        ("registry",),
        ("cluster_file",),
        ("choose",),
    ),
}
# One level deeper: a part of such a package may import those that stand before it. Its own __init__
# is its door and may import all of them.
WINGS = {
    "pylearn2core.engine": ("ops", "graph", "data", "program", "pack"),
    "sweeper.workers": ("interruption", "logs", "rules", "process", "runner", "actor", "pool"),
}
MOST_WINGS = 8
# The runner alone of sweeper imports pylearn2core, and so PyTensor: an actor loads it by name, once
# its environment is set. The spec may use the YAML nodes and the list of names that
# may be named, and everything the words of messages.
RUNNER = "sweeper.workers.runner"
ALL_MAY_IMPORT = ("pylearn2core.words",)
SPEC_MAY_IMPORT = (
    "pylearn2core.config.nodes",
    "pylearn2core.config.allowed",
    "pylearn2core.config.instead",
    "pylearn2core.errors",
)
# The engine's libraries are for workers; the driver and the command line start fast without them.
ENGINE_LIBRARIES = ("pytensor", "jax", "jaxlib", "numba", "theano")


@dataclass(frozen=True, slots=True)
class Import:
    importer: str
    target: str
    line: int
    is_inside: bool = False  # of a function, so it is made when that is called

    def __str__(self) -> str:
        return f"{self.importer} (line {self.line}) imports {self.target}"


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


FILES = {
    module_name(path): path
    for package in PACKAGES
    for path in sorted((ROOT / package).rglob("*.py"))
}


def absolute(node: ast.ImportFrom, importer: str) -> str:
    """The module after `from`, with the dots of a relative import resolved."""
    if not node.level:
        return node.module or ""
    is_package = FILES[importer].name == "__init__.py"
    parts = importer.split(".") if is_package else importer.split(".")[:-1]
    parts = parts[: len(parts) - (node.level - 1)]
    return ".".join([*parts, node.module] if node.module else parts)


def targets(node: ast.AST, importer: str) -> Iterator[str]:
    """What one node imports, as dotted modules: statements and import_module("a.b")."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        base = absolute(node, importer)
        for alias in node.names:
            full = f"{base}.{alias.name}"
            yield full if full in FILES else base
    elif isinstance(node, ast.Call) and node.args:
        called = node.func
        name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
        argument = node.args[0]
        if name in {"import_module", "__import__"} and isinstance(argument, ast.Constant):
            yield str(argument.value)


def imports(module: str) -> Iterator[Import]:
    tree = ast.parse(FILES[module].read_text())
    functions = [node for node in ast.walk(tree) if isinstance(node, FUNCTION)]
    inside = {id(node) for function in functions for node in ast.walk(function)}
    for node in ast.walk(tree):
        for target in targets(node, module):
            yield Import(module, target, getattr(node, "lineno", 0), id(node) in inside)


IMPORTS = [found for module in FILES for found in imports(module)]


def part_of(module: str) -> str:
    """`errors` of `sweeper.records.errors`; "" for the package's own __init__."""
    return [*module.split("."), ""][1]


def layer_of(layers: tuple[tuple[str, ...], ...], part: str) -> int | None:
    return next((n for n, parts in enumerate(layers) if part in parts), None)


def crossing(found: Import, layers: tuple[tuple[str, ...], ...], ordered: bool) -> str | None:
    """Why this import inside one package breaks its layers, or None."""
    here, there = part_of(found.importer), part_of(found.target)
    if here == there or not there:
        return None
    low, high = layer_of(layers, there), layer_of(layers, here)
    if low is None or (high is None and here):
        return f"{found}: a part without a layer; give it one here and in docs/architecture.md"
    if not here:
        return f"{found}: a package's __init__ imports none of its parts"
    assert high is not None
    before = layers[high].index(there) < layers[high].index(here) if low == high else low < high
    if before and (ordered or low != high):
        return None
    return f"{found}: layer {high} may import what is below it, {there} is in layer {low}"


def within(package: str) -> list[Import]:
    prefix = f"{package}."
    return [
        found
        for found in IMPORTS
        if f"{found.importer}.".startswith(prefix) and f"{found.target}.".startswith(prefix)
    ]


def test_the_walk_sees_the_files_and_their_imports() -> None:
    assert "sweeper.records" in FILES
    assert any(found.importer == "sweeper.__main__" for found in IMPORTS)


@pytest.mark.parametrize(
    ("importer", "target"),
    [
        ("sweeper.spec.load", "sweeper.store.sql"),  # neighbours in one layer
        ("sweeper.spec.load", "sweeper.driver"),  # upwards
        ("sweeper.spec", "sweeper.cli"),
        ("sweeper", "sweeper.records"),  # an __init__ that would load its parts
        ("sweeper.helpers", "sweeper.records"),  # a part that nobody placed
    ],
)
def test_a_wrong_import_is_found(importer: str, target: str) -> None:
    assert crossing(Import(importer, target, 1), SWEEPER, ordered=False)


def test_order_inside_a_layer_counts_in_pylearn2core_alone() -> None:
    earlier = Import("pylearn2core.costs.mlp", "pylearn2core.utils.serial", 1)
    later = Import("pylearn2core.utils.serial", "pylearn2core.costs.mlp", 1)
    assert crossing(earlier, PYLEARN2CORE, ordered=True) is None
    assert crossing(later, PYLEARN2CORE, ordered=True)


@pytest.mark.parametrize(
    ("package", "layers", "ordered"),
    [("sweeper", SWEEPER, False), ("pylearn2core", PYLEARN2CORE, True)],
)
def test_a_layer_imports_only_what_is_below_it(
    package: str, layers: tuple[tuple[str, ...], ...], ordered: bool
) -> None:
    wrong = [crossing(found, layers, ordered) for found in within(package)]
    assert [line for line in wrong if line] == []


@pytest.mark.parametrize(
    ("package", "layers"), [("sweeper", SWEEPER), ("pylearn2core", PYLEARN2CORE)]
)
def test_every_file_has_a_layer(package: str, layers: tuple[tuple[str, ...], ...]) -> None:
    parts = {part_of(module) for module in FILES if module.startswith(f"{package}.")}
    assert sorted(part for part in parts if layer_of(layers, part) is None) == []


def below(package: str, module: str) -> str:
    """`launchers.slurm.queue` of `sweeper.launchers.slurm.queue`: its part is the second name."""
    return module.removeprefix(f"{package.rpartition('.')[0]}.")


@pytest.mark.parametrize("package", INSIDE)
def test_inside_a_package_a_layer_imports_only_what_is_below_it(package: str) -> None:
    found = [
        Import(below(package, one.importer), below(package, one.target), one.line)
        for one in within(package)
    ]
    assert len(found) > 10
    assert [line for one in found if (line := crossing(one, INSIDE[package], ordered=False))] == []
    parts = {part_of(below(package, name)) for name in FILES if name.startswith(f"{package}.")}
    assert {part for part in parts if layer_of(INSIDE[package], part) is None} == set()


def is_runner(module: str) -> bool:
    return f"{module}.".startswith(f"{RUNNER}.")


def test_only_the_runner_imports_pylearn2core() -> None:
    wrong = [
        str(found)
        for found in IMPORTS
        if found.importer.startswith("sweeper")
        and found.target.split(".")[0] in {"pylearn2core", "pylearn2"}
        and found.target not in ALL_MAY_IMPORT
        and not is_runner(found.importer)
        and not (found.importer.startswith("sweeper.spec") and found.target in SPEC_MAY_IMPORT)
    ]
    assert wrong == []


def test_what_all_may_import_brings_the_standard_library_alone() -> None:
    code = (
        "import sys; before = set(sys.modules); "
        f"[__import__(name) for name in {ALL_MAY_IMPORT}]; "
        "brought = {name.split('.')[0] for name in set(sys.modules) - before}; "
        "print(sorted(brought - sys.stdlib_module_names))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "['pylearn2core']\n"


def test_nothing_imports_the_runner_before_its_environment_is_set() -> None:
    wrong = [
        str(found) for found in IMPORTS if is_runner(found.target) and not is_runner(found.importer)
    ]
    assert wrong == []


def test_pylearn2core_knows_nothing_of_sweeps() -> None:
    wrong = [
        str(found)
        for found in IMPORTS
        if not found.importer.startswith("sweeper") and found.target.split(".")[0] == "sweeper"
    ]
    assert wrong == []


def test_the_driver_and_the_command_line_import_no_engine() -> None:
    wrong = [
        str(found)
        for found in IMPORTS
        if found.importer.startswith("sweeper")
        and not is_runner(found.importer)
        # A worker asks its JAX for devices, in a function that only its own process calls.
        and not (found.importer.startswith("sweeper.workers.") and found.is_inside)
        and found.target.split(".")[0] in ENGINE_LIBRARIES
    ]
    assert wrong == []


def test_what_the_driver_loads_brings_no_engine_with_it() -> None:
    code = (
        "import sys, sweeper.driver.launch, sweeper.workers.pool; "
        f"print([name for name in {ENGINE_LIBRARIES} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


# ------------------------------------------------------------------ how much there is to hold
def edges_of(package: str) -> set[tuple[str, str]]:
    """(importing part, imported part) of a package, each pair once."""
    pairs = {(wing_of(package, one.importer), wing_of(package, one.target)) for one in IMPORTS}
    return {
        (here, there) for here, there in pairs if here and there and here not in {there, "__main__"}
    }


def test_the_sweeper_has_few_parts_and_few_imports_between_them() -> None:
    parts = {part_of(module) for module in FILES if module.startswith("sweeper.")}
    assert len(parts - {"", "__main__"}) <= MOST_PARTS
    assert len(edges_of("sweeper")) <= MOST_EDGES


# ------------------------------------------------------------------ inside a package
def wing_of(package: str, module: str) -> str | None:
    """The wing of a module below `package`; "" for its __init__, None outside."""
    if not f"{module}.".startswith(f"{package}."):
        return None
    return [*module.removeprefix(package).split("."), ""][1]


def is_backwards(package: str, found: Import) -> bool:
    """Whether a wing imports a later one, or the door that imports them all."""
    here, there = wing_of(package, found.importer), wing_of(package, found.target)
    if here is None or there is None or here in ("", there):
        return False
    wings = WINGS[package]
    return not there or wings.index(there) > wings.index(here)


@pytest.mark.parametrize("package", WINGS)
def test_a_wing_imports_only_those_before_it(package: str) -> None:
    wings = {wing_of(package, module) for module in FILES} - {None, ""}
    assert wings == set(WINGS[package])
    assert len(wings) <= MOST_WINGS
    assert [str(found) for found in IMPORTS if is_backwards(package, found)] == []


def test_a_wrong_import_of_a_wing_is_found() -> None:
    engine = "pylearn2core.engine"
    for importer, target in [("ops.conv", "graph.step"), ("data.order", "program"), ("pack", "")]:
        wrong = Import(f"{engine}.{importer}", f"{engine}.{target}".rstrip("."), 1)
        assert is_backwards(engine, wrong)
    assert not is_backwards(engine, Import(engine, f"{engine}.pack", 1))


def circles(edges: dict[str, set[str]]) -> list[list[str]]:
    """The groups of modules that reach one another: none of them can be understood alone."""
    reached: dict[str, set[str]] = {}
    for start in edges:
        seen: set[str] = set()
        waiting = [start]
        while waiting:
            for target in edges.get(waiting.pop(), set()) - seen:
                seen.add(target)
                waiting.append(target)
        reached[start] = seen
    found = {
        frozenset(other for other in reached[one] if one in reached.get(other, set()))
        for one in edges
        if one in reached[one]
    }
    return sorted(sorted(group) for group in found)


def test_a_circle_is_found() -> None:
    edges = {"a": {"b"}, "b": {"c"}, "c": {"b"}, "d": {"a"}}
    assert circles(edges) == [["b", "c"]]


@pytest.mark.parametrize("package", PACKAGES)
def test_no_imports_inside_go_in_a_circle_not_even_late_ones(package: str) -> None:
    edges: dict[str, set[str]] = {}
    for found in within(package):
        if found.importer != found.target:  # a program that sends itself to other hosts
            edges.setdefault(found.importer, set()).add(found.target)
    assert circles(edges) == []


# ------------------------------------------------------------------ doors
def test_the_engine_has_one_door_and_its_ops() -> None:
    engine = "pylearn2core.engine"
    wrong = [
        str(found)
        for found in IMPORTS
        if wing_of(engine, found.importer) is None
        and wing_of(engine, found.target) not in (None, "", "ops")
    ]
    assert wrong == []


def test_only_entries_install_patches() -> None:
    importers = {found.importer for found in IMPORTS if found.target == "pylearn2core.patches"}
    assert importers == {"pylearn2core.train", "sweeper.workers.runner.runner"}
