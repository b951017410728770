"""Fixtures for all tests."""

import importlib.util
import os
import shutil
import subprocess
import sysconfig
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import settings

settings.register_profile("nepkit", deadline=None, derandomize=True, max_examples=50)
settings.load_profile("nepkit")

REPOSITORY = Path(__file__).parents[1]

os.environ["NEPKIT_PLUGINS"] = "off"  # commands of whoever runs the tests are not tested
os.environ.pop("NEPKIT_LANG", None)  # the language of whoever runs the tests neither


@pytest.fixture(scope="session")
def repository() -> Path:
    """Root of the checkout."""
    return REPOSITORY


@pytest.fixture(scope="session")
def reference_data() -> Path:
    """Folder of files that nepkit did not write, kept outside the repository."""
    folder = Path(os.environ.get("NEPKIT_REFERENCE_DATA") or REPOSITORY.parent / "shared" / "data")
    if not folder.is_dir():
        pytest.skip(f"no reference data: set NEPKIT_REFERENCE_DATA or put them in {folder}")
    return folder


def _compiled(installed: ModuleType | None, name: str, folder: Path) -> ModuleType:
    """Return a module of ours that is written in C++: the installed one, else compiled here."""
    if installed is not None:
        return installed
    compiler = shutil.which("g++") or shutil.which("c++")
    if compiler is None:
        pytest.skip("no C++ compiler")
    source = REPOSITORY.joinpath(*name.split(".")).with_suffix(".cpp")
    target = folder / f"{source.stem}{sysconfig.get_config_var('EXT_SUFFIX')}"
    include = sysconfig.get_paths()["include"]
    words = ["-std=c++17", "-O2", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", f"-I{include}"]
    subprocess.run([compiler, *words, str(source), "-o", str(target)], check=True)
    spec = importlib.util.spec_from_file_location(name, target)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def compiled_rows(tmp_path_factory: pytest.TempPathFactory) -> ModuleType:
    """Our own parser of rows of extended xyz."""
    from nepkit.formats import extxyz_rows

    return _compiled(extxyz_rows.compiled, "nepkit.formats._rows", tmp_path_factory.mktemp("rows"))


@pytest.fixture(scope="session")
def compiled_kernel(tmp_path_factory: pytest.TempPathFactory) -> ModuleType:
    """Our own engine for NEPs."""
    from lr_correction import engine

    return _compiled(engine.kernel(), "lr_correction._kernel", tmp_path_factory.mktemp("kernel"))


@pytest.fixture(params=["our own parser", "the parser of libAtoms"])
def both_parsers(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run a test with either parser of rows."""
    from nepkit.formats import extxyz_rows

    own = request.getfixturevalue("compiled_rows") if request.param == "our own parser" else None
    monkeypatch.setattr(extxyz_rows, "compiled", own)
