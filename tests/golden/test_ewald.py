"""Ewald sums of displaced, sheared crystals against nvalchemi-toolkit-ops: stored results, and live where installed."""

import importlib.util
import json
import warnings
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms

from lr_correction.batch import Batch
from lr_correction.ewald import Electrostatics
from lr_correction.kernels import COULOMB_CONSTANT, coulomb

SCRIPT = Path(__file__).with_name("ewald_nvalchemi.py")
RECORDS = json.loads(SCRIPT.with_suffix(".json").read_text())


def ours(record):
    """Energy, forces, dE/dq and virial of one record with another splitting than the stored results have."""
    positions, q = record["positions"], np.array(record["charges"])
    atoms = Atoms(f"X{len(q)}", positions=positions, cell=record["cell"], pbc=True)
    sums = Electrostatics(Batch.from_atoms([atoms], ["X"]), None, coulomb(0.8, 10.0, 8.5))
    potential, field = sums.potential_and_field(q)
    results = {"energy": sums.energy(q)[0], "forces": q[:, None] * field, "potential": potential}
    results["virial"] = sums.virial(q, q)[0]
    return {name: value / COULOMB_CONSTANT for name, value in results.items()}


def assert_same(results, reference):
    for name, value in results.items():
        scale = np.abs(reference[name]).max()
        np.testing.assert_allclose(value, reference[name], rtol=0, atol=1e-11 * scale, err_msg=name)


@pytest.mark.parametrize("record", RECORDS.values(), ids=RECORDS)
def test_displaced_crystals_agree_with_an_independent_library(record):
    assert_same(ours(record), record)


def test_the_library_itself_gives_the_stored_results():
    pytest.importorskip("torch")
    pytest.importorskip("nvalchemiops")
    spec = importlib.util.spec_from_file_location("ewald_nvalchemi", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    record = RECORDS["fluorite"]
    atoms = Atoms("X12", positions=record["positions"], cell=record["cell"], pbc=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the libraries, not ours
        reference = module.oracle(atoms, record["charges"])
    assert_same(ours(record), reference)
