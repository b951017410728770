"""Elastic constants and phonons against calorine's own and phonopy driven by hand, for a real NEP."""

import numpy as np
import pytest
from ase.build import bulk
from calorine.calculators import CPUNEP
from calorine.tools import get_elastic_stiffness_tensor

from nepkit.models.potentials import load_potential
from nepkit.properties.elasticity import elastic_constants
from nepkit.properties.landscape.minima import Relaxation


@pytest.fixture(scope="module")
def diamond(reference_data):
    model = reference_data / "gpumd_fixtures" / "nep_C.txt"
    potential = load_potential(model)
    return model, potential, Relaxation(fmax=1e-5, cell="full").one(bulk("C", "diamond", 3.57), potential).atoms


def test_elastic_constants_of_diamond(diamond):
    model, potential, atoms = diamond
    found = elastic_constants(atoms, potential, relax=Relaxation(fmax=1e-5))
    alone = atoms.copy()
    alone.calc = CPUNEP(str(model))
    expected = get_elastic_stiffness_tensor(alone, epsilon=1e-3, fmax=1e-5)
    scale = np.abs(expected).max()
    np.testing.assert_allclose(found.stiffness, expected, atol=1e-3 * scale, rtol=1e-3)


def test_phonons_of_diamond(diamond):
    phonopy = pytest.importorskip("phonopy", reason="phonopy is not installed (extra: phonon)")
    from nepkit.properties.phonons import phonons

    model, potential, atoms = diamond
    found = phonons(atoms, potential, supercell=(2, 2, 2), mesh=8.0)
    from phonopy.structure.atoms import PhonopyAtoms

    cell = PhonopyAtoms(symbols=["C", "C"], cell=atoms.cell.array, scaled_positions=atoms.get_scaled_positions())
    alone = phonopy.Phonopy(cell, 2 * np.eye(3, dtype=int), primitive_matrix="P")
    alone.generate_displacements(distance=0.01)
    forces = []
    for one in alone.supercells_with_displacements:
        structure = bulk("C", "diamond", 3.57).repeat(2)
        structure.set_cell(one.cell)
        structure.set_scaled_positions(one.scaled_positions)
        structure.calc = CPUNEP(str(model))
        forces.append(structure.get_forces())
    alone.forces = forces
    alone.produce_force_constants()
    alone.symmetrize_force_constants()
    for point in ([0.5, 0.5, 0.0], [0.5, 0.0, 0.0], [0.0, 0.0, 0.0]):
        alone.run_qpoints([point])
        found.engine.run_qpoints([point])
        one, other = (np.sort(engine.qpoints.frequencies[0]) for engine in (found.engine, alone))
        np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-2)


def test_optical_modes_of_barium_titanate_split(reference_data):
    pytest.importorskip("phonopy", reason="phonopy is not installed (extra: phonon)")
    from ase import Atoms

    from nepkit.properties.phonons import phonons, polar_of

    potential = load_potential(reference_data / "gpumd_fixtures" / "qnep_mode2_BaTiO3.txt")
    places = [[0, 0, 0], [0.5, 0.5, 0.5], [0.5, 0.5, 0], [0.5, 0, 0.5], [0, 0.5, 0.5]]
    atoms = Atoms("BaTiO3", cell=[4.01] * 3, pbc=True, scaled_positions=places)
    atoms = Relaxation(fmax=1e-4, cell="full", symmetry=True).one(atoms, potential).atoms
    polar = polar_of(atoms, potential)
    found = phonons(atoms, potential, supercell=(2, 2, 2), mesh=4.0, path="GX", polar=polar)
    assert np.trace(polar.born[1]) / 3 == pytest.approx(7.0, abs=0.2)  # Ti; its nominal charge is 4
    np.testing.assert_allclose(polar.born.sum(axis=0), 0.0, atol=1e-6)
    split = found.longitudinal["x"] - found.gamma
    assert split.max() > 2.0  # THz
    np.testing.assert_allclose(found.longitudinal["x"], found.longitudinal["y"], atol=0.02)
    assert found.notes[0].startswith("imaginary modes")  # the cubic phase is not stable at 0 K
