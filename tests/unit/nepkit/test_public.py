"""The names that notebooks use: a promise, so that adding or losing one is a decision and not an accident."""

import importlib
import pkgutil
import subprocess
import sys
from inspect import isclass

import pytest

import lr_correction
import nepkit

NEPKIT = {
    "Labels", "NepkitError", "Quantity", "arrhenius", "as_potential", "check", "conductivity", "diffusion",
    "elastic_constants", "equation_of_state", "farthest_points", "find_band", "find_percolation", "fit_charges",
    "labels", "load_potential", "md", "msd", "open_run", "phonons", "predict_file", "read_frames", "relax",
    "set_labels", "train", "write_frames",
}  # fmt: skip
LR_CORRECTION = {
    "LongRangeCalculator", "LongRangeError", "LongRangePotential", "fit_charges", "load_charges", "read_nep",
    "save_charges", "write_nep", "write_qnep",
}  # fmt: skip
PUBLIC = [(nepkit, name) for name in sorted(NEPKIT)] + [(lr_correction, name) for name in sorted(LR_CORRECTION)]


def test_the_lists_are_as_promised():
    assert set(nepkit.__all__) - {"__version__"} == NEPKIT
    assert set(lr_correction.__all__) == LR_CORRECTION


@pytest.mark.parametrize(("package", "name"), PUBLIC, ids=lambda item: getattr(item, "__name__", item))
def test_every_public_name_is_documented(package, name):
    found = getattr(package, name)
    assert found.__doc__
    if not (isclass(found) and issubclass(found, Exception)):
        assert ">>>" in found.__doc__, f"{name} has no example"


@pytest.mark.parametrize("package", [nepkit, lr_correction], ids=lambda package: package.__name__)
def test_no_public_name_is_also_a_room(package):
    assert not {item.name for item in pkgutil.iter_modules(package.__path__)} & set(package.__all__)


@pytest.mark.parametrize("package", ["nepkit", "lr_correction"])
def test_importing_a_package_imports_nothing_heavy(package):
    code = f"import sys, {package}; print([name for name in sys.modules if name in ('numpy', 'ase', 'click', 'scipy')])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="nowhere"):
        importlib.import_module("nepkit").nowhere  # noqa: B018


def test_the_page_about_python_lists_every_public_name(repository):
    words = set((repository / "docs" / "python.md").read_text(encoding="utf-8").split())
    assert words >= NEPKIT | LR_CORRECTION
