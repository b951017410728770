"""The compiled engine against calorine, on models that others trained."""

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from ase.io import read
from calorine.calculators import CPUNEP

from lr_correction import engine as module
from lr_correction.engine import Engine
from lr_correction.nepfile import read_nep

FIXTURES = {
    "BaTiO3": ("nep_BaTiO3.txt", "BaTiO3-nat40-rattled.xyz"),
    "BaZrO3": ("nep_BaZrO3.txt", "BaZrO3-nat40-rattled.xyz"),
    "carbon": ("nep_C.txt", "C-nat16-rattled.xyz"),
    "water": ("nep_water.txt", "water-nat63-from-md.xyz"),
    "BaTiO3 mode 1": ("qnep_mode1_BaTiO3.txt", "BaTiO3-nat40-rattled.xyz"),
    "BaTiO3 mode 2": ("qnep_mode2_BaTiO3.txt", "BaTiO3-nat40-rattled.xyz"),
    "water mode 1": ("qnep_mode1_water.txt", "water-nat63-from-md.xyz"),
    "water mode 2": ("qnep_mode2_water.txt", "water-nat63-from-md.xyz"),
}
OTHERS = ("PbTe", "PbTe mode 2", "superionic water", "NaCl", "squeezed NaCl", "two atoms", "one atom", "Li3YCl6")


@pytest.fixture(autouse=True)
def compiled(compiled_kernel, monkeypatch):
    monkeypatch.setattr(module, "kernel", lambda: compiled_kernel)


def salt(length, repeat=(2, 2, 2)):
    atoms = bulk("NaCl", "rocksalt", a=length, cubic=repeat != 1).repeat(repeat)
    atoms.rattle(0.1, seed=0)
    return atoms


def model_and_structure(case, data, repository):
    if case in FIXTURES:
        return tuple(data / "gpumd_fixtures" / name for name in FIXTURES[case])
    return {
        "PbTe": lambda: (data / "pbte_nep_train/nep.txt", data / "pbte_nep_train/train.xyz"),
        "PbTe mode 2": lambda: (data / "pbte_qnep_train/nep.txt", data / "pbte_nep_train/train.xyz"),
        "superionic water": lambda: (data / "superionic_water/nep.txt", data / "superionic_water/test.xyz"),
        "NaCl": lambda: (data / "nep89_nacl/nep.txt", salt(5.6)),
        "squeezed NaCl": lambda: (data / "nep89_nacl/nep.txt", salt(3.2)),
        "two atoms": lambda: (data / "nep89_nacl/nep.txt", salt(5.6, 1)),
        "one atom": lambda: (data / "nep89_ag/nep.txt", bulk("Ag")),
        "Li3YCl6": lambda: tuple(repository / "nepkit/data/li3ycl6" / name for name in ("nep.txt", "test.xyz")),
    }[case]()


@pytest.mark.parametrize("case", [*FIXTURES, *OTHERS])
def test_everything_calorine_computes(reference_data, repository, case):
    model, structure = model_and_structure(case, reference_data, repository)
    given = structure if isinstance(structure, Atoms) else read(structure, index="0")
    atoms = Atoms(given.symbols, positions=given.positions, cell=given.cell, pbc=True, calculator=CPUNEP(str(model)))
    nep = read_nep(model)
    types = [nep.elements.index(symbol) for symbol in atoms.symbols]

    def run(**how):
        return Engine(nep, **how).evaluate(atoms.positions, types, atoms.cell.array, atoms.pbc, bec=True)

    found, forces = run(), atoms.get_forces()
    assert abs(found.energy - atoms.get_potential_energy()) < 1e-9 * len(atoms)
    np.testing.assert_allclose(found.energies, atoms.calc.results["energies"], atol=1e-9)
    np.testing.assert_allclose(found.forces, forces, atol=1e-8)
    np.testing.assert_allclose(found.virial, -atoms.get_volume() * atoms.get_stress(voigt=False), atol=1e-7)
    if nep.charge_mode:
        np.testing.assert_allclose(found.charges, atoms.calc.results["charges"], atol=1e-8)
        born = atoms.calc.results["born_effective_charges"].reshape(-1, 3, 3)
        np.testing.assert_allclose(found.bec, born, atol=1e-8)
    single = run(single=True)
    assert np.sqrt(((single.forces - forces) ** 2).mean()) < 1e-4
    assert abs(single.energy - found.energy) < 1e-4 * len(atoms)
