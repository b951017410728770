"""The ASE calculator: results, units, and a fresh calculation after every change."""

import numpy as np
import pytest
from ase.calculators.calculator import PropertyNotImplementedError

from lr_correction.calculator import LongRangeCalculator
from lr_correction.errors import DataError, ModelError
from lr_correction.export import write_qnep
from tests.factories import random_frame, random_nep
from tests.truth import potential_of

ELEMENTS = ("Li", "Cl", "Y")
POTENTIAL = potential_of(
    random_nep(5, elements=ELEMENTS, neurons=3, zbl=(0.7, 2.2, None)), {"Li": 1.0, "Cl": -1.0, "Y": 1.2}
)


@pytest.fixture
def atoms():
    atoms = random_frame(6, elements=ELEMENTS, grid=(2, 2, 2))
    atoms.calc = LongRangeCalculator(POTENTIAL)
    return atoms


def test_results_are_those_of_the_model(atoms):
    expected = POTENTIAL.evaluate([atoms], bec=True)
    assert atoms.get_potential_energy() == pytest.approx(expected.energy[0])
    assert atoms.get_potential_energy(force_consistent=True) == atoms.get_potential_energy()
    np.testing.assert_allclose(atoms.get_forces(), expected.forces)
    np.testing.assert_allclose(atoms.get_charges(), expected.charges)
    np.testing.assert_allclose(atoms.calc.get_property("born_effective_charges", atoms), expected.bec)


def test_stress_follows_ases_order_and_sign(atoms):
    stress = atoms.get_stress()
    assert stress.shape == (6,)
    step = 1e-5
    for index, (a, b) in enumerate([(0, 0), (1, 1), (2, 2), (1, 2), (0, 2), (0, 1)]):
        energies = []
        for sign in (1, -1):
            strained = atoms.copy()
            change = np.eye(3)
            change[a, b] += sign * step / 2
            change[b, a] += sign * step / 2
            strained.set_cell(atoms.cell.array @ change, scale_atoms=True)
            strained.calc = LongRangeCalculator(POTENTIAL)
            energies.append(strained.get_potential_energy())
        slope = (energies[0] - energies[1]) / (2 * step) / atoms.get_volume()
        assert stress[index] == pytest.approx(slope, rel=1e-5, abs=1e-8)
    np.testing.assert_allclose(atoms.get_stress(voigt=False)[0, 1], stress[5])


def test_a_change_of_positions_cell_or_species_is_seen(atoms):
    seen = [atoms.get_potential_energy()]
    atoms.positions[0] += 0.1
    seen.append(atoms.get_potential_energy())
    atoms.set_cell(atoms.cell.array * 1.02)
    seen.append(atoms.get_potential_energy())
    atoms.symbols[1] = "Li"
    seen.append(atoms.get_potential_energy())
    assert len({round(energy, 6) for energy in seen}) == 4
    fresh = atoms.copy()
    fresh.calc = LongRangeCalculator(POTENTIAL)
    assert fresh.get_potential_energy() == seen[-1]


def test_nothing_is_computed_twice(atoms, monkeypatch):
    calls = []
    evaluate = type(POTENTIAL).evaluate
    monkeypatch.setattr(type(POTENTIAL), "evaluate", lambda *a, **k: calls.append(1) or evaluate(*a, **k))
    atoms.get_potential_energy()
    atoms.get_forces()
    atoms.get_stress()
    assert len(calls) == 1


def test_born_charges_do_not_cost_anything_unless_asked_for(atoms):
    atoms.get_forces()
    assert "born_effective_charges" not in atoms.calc.results
    born = atoms.calc.get_property("born_effective_charges", atoms)
    assert born.shape == (8, 3, 3)
    np.testing.assert_allclose(atoms.get_forces(), POTENTIAL.evaluate([atoms]).forces)


def test_results_do_not_change_when_the_caller_writes_into_them(atoms):
    forces = atoms.get_forces()
    expected = forces.copy()
    forces += 1.0
    np.testing.assert_array_equal(atoms.get_forces(), expected)


def test_total_charge(atoms):
    atoms.calc = LongRangeCalculator(POTENTIAL, total_charge=2.0)
    assert atoms.get_charges().sum() == pytest.approx(2.0)


def test_a_path_is_read(tmp_path, atoms):
    write_qnep(POTENTIAL, tmp_path / "qnep.txt")
    energy = atoms.get_potential_energy()
    atoms.calc = LongRangeCalculator(tmp_path / "qnep.txt")
    assert atoms.get_potential_energy() == pytest.approx(energy, abs=1e-5)


def test_what_it_cannot_do_is_said(tmp_path, atoms):
    with pytest.raises(PropertyNotImplementedError):
        atoms.get_dipole_moment()
    with pytest.raises(ModelError, match="cannot read the NEP model"):
        LongRangeCalculator(tmp_path / "missing.txt")
    atoms.pbc = False
    with pytest.raises(DataError, match="pbc"):
        atoms.get_potential_energy()
