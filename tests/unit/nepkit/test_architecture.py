"""The arrows between the packages, read from their imports."""

import ast
import sys
from pathlib import Path

import pytest

RANKS = [
    ["__main__"],
    ["cli"],
    # From data to a finished page.
    ["quickstart", "report", "watch", "prepare", "training"],
    ["plots", "doctor"],
    # From frames and files to numbers.
    ["accuracy", "datasets", "heat", "properties", "sampling", "transport"],
    ["percolation"],
    ["gpumd", "models"],
    ["inputs"],
    ["structures"],
    ["formats"],
    ["frames"],
    ["core"],
]
"""The rooms, from the roof to the ground: every room imports from itself and from lower ranks only.

`BESIDE` names the few that also use a room of their own rank.
"""

BESIDE = {"quickstart": {"report"}}
LIGHT = {"nepkit", "core"}
"""What commands may import at the top of their modules, beside each other."""

ROOT = Path(__file__).parents[3]
MODULES = sorted(
    path.relative_to(ROOT) for package in ("nepkit", "lr_correction") for path in (ROOT / package).rglob("*.py")
)


def name_of(path: Path) -> str:
    return ".".join(path.with_suffix("").parts).removesuffix(".__init__")


def imports(path: Path, *, everywhere: bool) -> set[str]:
    """Return the absolute names that a module imports; those inside functions only where ``everywhere``."""
    package = name_of(path) if path.name == "__init__.py" else name_of(path).rpartition(".")[0]
    found: set[str] = set()
    pending: list[ast.AST] = [ast.parse((ROOT / path).read_text(encoding="utf-8"))]
    while pending:
        node = pending.pop()
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            parent = package.rsplit(".", node.level - 1)[0] if node.level else ""
            base = ".".join(filter(None, [parent, node.module])) if node.level else node.module or ""
            found.update(f"{base}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            continue
        if everywhere or not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            pending.extend(ast.iter_child_nodes(node))
    return found


def room_of(name: str) -> str:
    """Return the room of a module or of a name in it: the word after ``nepkit``."""
    parts = name.split(".")
    return parts[1] if len(parts) > 1 and any(parts[1] in rank for rank in RANKS) else parts[0]


def rank_of(room: str) -> int:
    return next(number for number, rank in enumerate(RANKS) if room in rank)


def test_the_reader_of_imports_sees_both_kinds():
    assert "nepkit.core.errors.NepkitError" in imports(Path("nepkit/cli/main.py"), everywhere=False)
    assert "nepkit.cli.main.main" in imports(Path("nepkit/cli/menu.py"), everywhere=True)
    assert "nepkit.cli.main.main" not in imports(Path("nepkit/cli/menu.py"), everywhere=False)


@pytest.mark.parametrize("path", [path for path in MODULES if path.parts[0] == "nepkit"], ids=name_of)
def test_arrows_run_one_way(path):
    name = name_of(path)
    room = room_of(name)
    for target in imports(path, everywhere=True):
        if target.partition(".")[0] != "nepkit" or room_of(target) in ("nepkit", room):
            continue
        assert room != "nepkit", f"{name} imports {target}"
        lower = rank_of(room_of(target)) > rank_of(room)
        assert lower or room_of(target) in BESIDE.get(room, ()), f"{name} imports {target}, which is not below it"


def test_every_room_has_a_rank():
    rooms = {path.with_suffix("").parts[1] for path in MODULES if path.parts[0] == "nepkit"}
    assert rooms - {"__init__", "data"} == {room for rank in RANKS for room in rank}


@pytest.mark.parametrize("path", [path for path in MODULES if path.parts[0] == "lr_correction"], ids=name_of)
def test_the_long_range_library_stands_alone(path):
    roots = {target.partition(".")[0] for target in imports(path, everywhere=True)}
    assert roots - set(sys.stdlib_module_names) <= {
        "lr_correction",
        "numpy",
        "scipy",
        "ase",
        "vesin",
        "threadpoolctl",
        "cupy",
        "cupyx",
    }


@pytest.mark.parametrize("path", [path for path in MODULES if path.parts[:2] == ("nepkit", "cli")], ids=name_of)
def test_commands_import_nothing_heavy_at_the_top(path):
    light = {"click", *sys.stdlib_module_names}
    for target in imports(path, everywhere=False):
        if target.partition(".")[0] == "nepkit":
            assert room_of(target) in {"cli", *LIGHT}, target
        else:
            assert target.partition(".")[0] in light, target


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_no_module_reads_what_can_run_code(path):
    roots = {target.partition(".")[0] for target in imports(path, everywhere=True)}
    assert not roots & {"pickle", "cPickle", "dill", "cloudpickle", "shelve", "marshal"}
