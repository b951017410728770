"""The study of composites: what it computes from its parts, and that its table is of its own making."""

import importlib.util
import re
import sys

import numpy as np
import pytest


@pytest.fixture(scope="module")
def study(repository):
    path = repository / "examples" / "composite_percolation" / "study.py"
    spec = importlib.util.spec_from_file_location("composite_study", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


def test_weight_of_a_volume(study):
    assert study.weight_percent(0.1) == pytest.approx(100 * 0.51 / (0.51 + 1.08))


def test_conductivity_lies_between_those_of_its_parts(study):
    """Wiener's bounds: parts in series and in parallel."""
    found = study.conductivity(0.1, 0.3, 0.05, 2, 0)
    shares = np.array([0.1, 0.15, 0.75])  # filler, shell (about), matrix
    parts = np.array([study.CONDUCTIVITY["LLZO"], 0.05, study.CONDUCTIVITY["PEO-LiTFSI"]])
    assert 1.0 / (shares / parts).sum() < found.value < shares @ parts
    assert found.error < found.value


def test_the_table_has_every_case_with_an_error(study, repository):
    text = (repository / "examples" / "composite_percolation" / "table.md").read_text(encoding="utf-8")
    for case in study.CASES:
        value, error = re.search(rf"{re.escape(case.name)} \| ([\d.]+) ± ([\d.]+)", text).groups()
        assert case.loadings[0] < float(value) < case.loadings[-1]
        assert 0.0 < float(error) < 0.3 * float(value)
