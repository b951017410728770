"""The arrows between the packages, read from their imports."""

import ast
import sys
from pathlib import Path

import pytest

LAYERS = ["cli", "workflow", "plots", "analysis", "middle", "frames", "conventions", "base"]
"""Every layer may import from itself and from those after it."""

PLACES = {
    "nepkit.cli": "cli",
    "nepkit.__main__": "cli",
    # Things that run from data to a finished page: they use everything below.
    "nepkit.active": "workflow",
    "nepkit.compare": "workflow",
    "nepkit.quickstart": "workflow",
    "nepkit.watch": "workflow",
    "nepkit.prepare": "workflow",
    "nepkit.presets": "workflow",
    "nepkit.report": "workflow",
    "nepkit.training": "workflow",
    "nepkit.plots": "plots",
    "nepkit.analysis": "analysis",
    "nepkit.doctor": "analysis",
    "nepkit.dynamics": "middle",
    "nepkit.gpumd": "middle",
    "nepkit.models": "middle",
    "nepkit.formats": "middle",
    "nepkit.sampling": "middle",
    "nepkit.labelling": "middle",
    "nepkit.frames": "frames",
    "nepkit.neighbours": "base",
    "nepkit.conventions": "conventions",
    "nepkit.atomic": "base",
    "nepkit.errors": "base",
    "nepkit.programs": "base",
    "nepkit.progress": "base",
    "nepkit.record": "base",
    "nepkit.registry": "base",
    "nepkit.table": "base",
    "nepkit": "base",
}

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


def place_of(name: str) -> str | None:
    while name and name not in PLACES:
        name = name.rpartition(".")[0]
    return PLACES.get(name)


def test_the_reader_of_imports_sees_both_kinds():
    assert "nepkit.errors.NepkitError" in imports(Path("nepkit/cli/main.py"), everywhere=False)
    assert "nepkit.cli.main.main" in imports(Path("nepkit/cli/menu.py"), everywhere=True)
    assert "nepkit.cli.main.main" not in imports(Path("nepkit/cli/menu.py"), everywhere=False)


@pytest.mark.parametrize("path", [path for path in MODULES if path.parts[0] == "nepkit"], ids=name_of)
def test_arrows_run_one_way(path):
    name = name_of(path)
    if name == "nepkit" or path.parts[1] == "data":
        allowed = set(LAYERS[-1:])
    else:
        assert name in PLACES or place_of(name) != "base", f"{name} has no place in PLACES"
        allowed = set(LAYERS[LAYERS.index(str(place_of(name))) :])
    for target in imports(path, everywhere=True):
        if target.partition(".")[0] == "nepkit":
            assert place_of(target) in allowed, f"{name} ({place_of(name)}) imports {target} ({place_of(target)})"


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
            assert place_of(target) in ("cli", "base"), target
        else:
            assert target.partition(".")[0] in light, target
