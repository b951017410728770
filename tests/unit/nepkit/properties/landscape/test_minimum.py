import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from ase.calculators.emt import EMT
from ase.constraints import FixAtoms
from ase.filters import FrechetCellFilter
from ase.optimize import BFGS

from nepkit.core.errors import InputError
from nepkit.frames import labels
from nepkit.models.potentials import as_potential, load_potential
from nepkit.properties.landscape.minimum import OPTIMISERS, relax

EMT_POTENTIAL = load_potential("emt")


def rattled(scale=0.1):
    atoms = bulk("Cu", cubic=True).repeat((2, 2, 1))
    atoms.rattle(scale, seed=3)
    return atoms


@pytest.mark.parametrize("optimiser", OPTIMISERS)
def test_the_minimum_is_that_of_ase(optimiser):
    expected = rattled()
    expected.calc = EMT()
    BFGS(expected, logfile=None).run(fmax=0.002)
    found = relax(rattled(), EMT_POTENTIAL, fmax=0.002, optimiser=optimiser)
    assert found.converged
    assert found.reason == ""
    assert found.energy == pytest.approx(expected.get_potential_energy(), abs=1e-5)
    assert found.start_energy > found.energy
    forces = labels(found.atoms).forces
    assert found.max_force == pytest.approx(np.linalg.norm(forces, axis=1).max())
    assert found.max_force < 0.002
    assert np.abs(forces).max() < found.max_force  # the largest component is not the longest vector
    assert found.max_stress is None
    assert found.space_groups[0] == "P1"


def test_the_start_is_left_as_it_is_and_every_step_is_shown():
    start = rattled()
    before = start.positions.copy()
    seen = []
    found = relax(start, EMT_POTENTIAL, fmax=0.05, watch=seen.append)
    np.testing.assert_array_equal(start.positions, before)
    assert start.calc is None
    assert len(seen) == found.steps + 1
    energies = [labels(atoms).energy for atoms in seen]
    assert energies[0] == pytest.approx(found.start_energy)
    assert energies[-1] == found.energy


@pytest.mark.parametrize("pressure", [0.0, 20.0])
def test_full_and_isotropic_cells_reach_the_pressure(pressure):
    start = bulk("Au", cubic=True)
    strain = np.array([[1.02, 0.01, 0.0], [0.01, 0.99, 0.0], [0.0, 0.0, 1.03]])
    start.set_cell(start.cell.array @ strain, scale_atoms=True)
    full = relax(start, EMT_POTENTIAL, cell="full", pressure=pressure, fmax=1e-4)
    assert full.converged
    assert full.max_stress < 0.01
    stress = labels(full.atoms).virial / full.atoms.get_volume() * 160.2177
    np.testing.assert_allclose(stress, pressure * np.eye(3), atol=0.01)
    isotropic = relax(bulk("Au", cubic=True, a=4.3), EMT_POTENTIAL, cell="isotropic", pressure=pressure, fmax=1e-4)
    assert isotropic.atoms.get_volume() == pytest.approx(full.atoms.get_volume(), rel=1e-4)
    np.testing.assert_allclose(isotropic.atoms.cell.angles(), 90.0)


def test_isotropic_keeps_the_shape():
    start = bulk("Cu", "hcp", a=2.7, c=4.1).repeat((2, 1, 1))
    found = relax(start, EMT_POTENTIAL, cell="isotropic", fmax=1e-3)
    ratio = found.atoms.cell.array[np.abs(start.cell.array) > 1e-9] / start.cell.array[np.abs(start.cell.array) > 1e-9]
    np.testing.assert_allclose(ratio, ratio[0], rtol=1e-9)
    assert ratio[0] != pytest.approx(1.0, abs=1e-3)


def test_symmetry_is_kept_on_request():
    """A layer between two minima: with its symmetry it stays on the saddle, without it leaves."""
    start = bulk("Cu", "bcc", a=2.9, cubic=True)
    start.set_cell([2.9, 2.9, 3.0], scale_atoms=True)
    kept = relax(start, EMT_POTENTIAL, cell="full", symmetry=True, fmax=1e-4, steps=200)
    assert kept.space_groups == ("I4/mmm", kept.space_groups[1])
    np.testing.assert_allclose(kept.atoms.cell.angles(), 90.0, atol=1e-8)
    assert kept.atoms.cell.lengths()[0] == pytest.approx(kept.atoms.cell.lengths()[1], abs=1e-8)
    assert kept.atoms.constraints == []
    fixed = rattled()
    fixed.set_constraint(FixAtoms([0]))
    with pytest.raises(InputError, match="either the symmetry is kept or the constraints"):
        relax(fixed, EMT_POTENTIAL, symmetry=True)


def test_constraints_are_kept_and_do_not_count():
    start = rattled()
    start.set_constraint(FixAtoms([0]))
    found = relax(start, EMT_POTENTIAL, fmax=0.01)
    np.testing.assert_array_equal(found.atoms.positions[0], start.positions[0])
    assert found.max_force < 0.01
    assert np.linalg.norm(labels(found.atoms).forces[0]) >= 0.0
    assert len(found.atoms.constraints) == 1


def test_not_converged_is_said():
    found = relax(rattled(), EMT_POTENTIAL, fmax=1e-6, steps=2)
    assert not found.converged
    assert found.steps == 2
    assert found.reason == "not converged within 2 steps"
    assert found.energy < found.start_energy


def test_the_last_good_structure_is_kept_when_forces_are_no_numbers():
    class Breaks(EMT):
        calls = 0

        def calculate(self, *args, **kwargs):
            super().calculate(*args, **kwargs)
            Breaks.calls += 1
            if Breaks.calls > 4:
                self.results["forces"] = self.results["forces"] * np.nan

    found = relax(rattled(), as_potential(Breaks), fmax=1e-4)
    assert not found.converged
    assert "not finite numbers" in found.reason
    assert np.isfinite(found.atoms.positions).all()
    assert found.energy < found.start_energy


def test_a_cell_that_flies_apart_is_given_up():
    start = bulk("Cu", cubic=True)
    found = relax(start, EMT_POTENTIAL, cell="full", pressure=-60.0, steps=300, optimiser="fire")
    assert not found.converged
    assert "the structure flies apart" in found.reason
    assert found.atoms.get_volume() > start.get_volume()


def test_bad_input():
    with pytest.raises(InputError, match=r"^structure: element Og"):
        relax(Atoms("Og"), EMT_POTENTIAL)
    slab = rattled()
    slab.pbc = (True, True, False)
    with pytest.raises(InputError, match="periodic in all directions"):
        relax(slab, EMT_POTENTIAL, cell="full")


def test_curvature_of_a_similar_structure_saves_steps():
    first = relax(rattled(), EMT_POTENTIAL, fmax=0.005)
    again = relax(rattled(0.11), EMT_POTENTIAL, fmax=0.005, stiffness=first.stiffness)
    assert again.steps <= relax(rattled(0.11), EMT_POTENTIAL, fmax=0.005).steps
    assert first.stiffness != 70.0


def test_the_filter_is_ases():
    start = bulk("Cu", a=3.65)
    atoms = start.copy()
    atoms.calc = EMT()
    BFGS(FrechetCellFilter(atoms), logfile=None).run(fmax=1e-4)
    assert relax(start, EMT_POTENTIAL, cell="full", fmax=1e-4).atoms.get_volume() == pytest.approx(
        atoms.get_volume(), rel=1e-4
    )
