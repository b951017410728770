"""qNEP files of GPUMD, both modes, against calorine, and Born effective charges written by GPUMD."""

import numpy as np
import pytest
from ase.io import read
from calorine.calculators import CPUNEP

from lr_correction.correction import LongRangePotential
from lr_correction.nepfile import read_nep

CASES = {
    "BaTiO3 mode 1": ("qnep_mode1_BaTiO3.txt", "BaTiO3-nat40-rattled.xyz"),
    "BaTiO3 mode 2": ("qnep_mode2_BaTiO3.txt", "BaTiO3-nat40-rattled.xyz"),
    "water mode 1": ("qnep_mode1_water.txt", "water-nat63-from-md.xyz"),
    "water mode 2": ("qnep_mode2_water.txt", "water-nat63-from-md.xyz"),
}


@pytest.fixture
def folder(reference_data):
    return reference_data / "gpumd_fixtures"


@pytest.mark.parametrize("case", CASES)
def test_everything_calorine_computes(folder, case):
    model, structure = CASES[case]
    atoms = read(folder / structure)
    found = LongRangePotential.from_nep(read_nep(folder / model)).evaluate([atoms], bec=True)
    atoms.calc = CPUNEP(str(folder / model))
    close = {"rtol": 1e-9, "atol": 1e-9}
    np.testing.assert_allclose(found.energy[0], atoms.get_potential_energy(), **close)
    np.testing.assert_allclose(found.forces, atoms.get_forces(), **close)
    virial = -atoms.get_volume() * atoms.get_stress(voigt=False)
    np.testing.assert_allclose(found.virial[0], virial, rtol=1e-9, atol=1e-8)
    np.testing.assert_allclose(found.charges, atoms.calc.results["charges"], **close)
    np.testing.assert_allclose(found.bec, atoms.calc.results["born_effective_charges"].reshape(-1, 3, 3), **close)
    assert np.abs(found.charges).max() > 0.1


def test_born_charges_that_gpumd_wrote(folder):
    model, structure = CASES["BaTiO3 mode 1"]
    with np.load(folder / "bec_bulk_perovskite_qnep_mode1_ewald.npz") as file:
        expected = file["bec"].reshape(-1, 3, 3)  # single precision on a GPU
    potential = LongRangePotential.from_nep(read_nep(folder / model))
    np.testing.assert_allclose(potential.evaluate([read(folder / structure)], bec=True).bec, expected, atol=2e-5)
