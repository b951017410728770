import ase
import numpy as np
import pytest
from ase.data import chemical_symbols
from calorine.calculators import CPUNEP

from lr_correction.batch import Batch, neighbour_pairs
from lr_correction.descriptors import short_range
from lr_correction.zbl import RADII, zbl
from tests.factories import random_frame, random_nep, through_file

REPULSIONS = {
    "plain": {"zbl": (0.8, 2.2, None)},
    "longer than the angular cutoff": {"zbl": (2.0, 4.0, None)},
    "typewise": {"zbl": (0.8, 2.2, 0.7)},
    "flexible": {"flexible": True},
}


@pytest.mark.parametrize("kind", REPULSIONS)
def test_repulsion_equals_calorine(kind, tmp_path):
    nep = through_file(random_nep(1, **REPULSIONS[kind]), tmp_path / "nep.txt")
    atoms = random_frame(2, spacing=1.8)
    ours = short_range(nep, Batch.from_atoms([atoms], nep.elements))
    atoms.calc = CPUNEP(str(tmp_path / "nep.txt"))
    assert ours.energy[0] == pytest.approx(atoms.get_potential_energy(), rel=1e-12)
    np.testing.assert_allclose(ours.forces, atoms.get_forces(), atol=1e-10)
    np.testing.assert_allclose(ours.virial[0], -atoms.get_volume() * atoms.get_stress(voigt=False), atol=1e-9)
    batch = Batch.from_atoms([atoms], nep.elements)
    energy, gradient = zbl(nep, batch, neighbour_pairs(batch, nep.cutoff_radial))
    assert energy[0] > 1
    assert np.abs(gradient).max() > 1


@pytest.mark.parametrize("kind", REPULSIONS)
def test_gradient_equals_differences(kind):
    nep = random_nep(1, **REPULSIONS[kind])
    step = 1e-5

    def dimer(distances):
        frames = [ase.Atoms("LiY", [[0, 0, 0], [0, 0, d]], cell=[12, 12, 12], pbc=True) for d in distances]
        batch = Batch.from_atoms(frames, nep.elements)
        return zbl(nep, batch, neighbour_pairs(batch, nep.cutoff_radial))

    for distance in (0.5, 1.0, 1.5):
        energy, _ = dimer([distance + step, distance - step])
        _, gradient = dimer([distance])
        slope = (energy[0] - energy[1]) / (2 * step)
        np.testing.assert_allclose(gradient, [[0, 0, slope / 2], [0, 0, -slope / 2]], rtol=1e-6, atol=1e-6)


def test_a_model_without_repulsion_has_none():
    nep = random_nep(1)
    batch = Batch.from_atoms([random_frame(1)], nep.elements)
    pairs = neighbour_pairs(batch, nep.cutoff_radial)
    energy, gradient = zbl(nep, batch, pairs)
    assert energy.shape == (1,)
    assert not energy.any()
    assert not gradient.any()


def test_covalent_radii_are_those_of_gpumd(tmp_path):
    """Every element's outer cutoff shows in calorine's energy of a dimer."""
    assert len(RADII) == 94
    symbols = tuple(chemical_symbols[1:95])
    plain = {"n_max": (0, 0), "basis_size": (0, 0), "l_max": 1, "invariants": (), "neurons": 1}
    for start in range(0, 94, 12):
        elements = symbols[start : start + 12]
        nep = through_file(random_nep(1, elements=elements, zbl=(0.8, 3.5, 0.7), **plain), tmp_path / "nep.txt")
        atoms = ase.Atoms(
            [symbol for symbol in elements for _ in range(2)],
            [[10.0 * i, 0, z] for i in range(len(elements)) for z in (0, 0.7)],
            cell=[120, 10, 10],
            pbc=True,
        )
        ours = short_range(nep, Batch.from_atoms([atoms], elements))
        atoms.calc = CPUNEP(str(tmp_path / "nep.txt"))
        np.testing.assert_allclose(ours.forces, atoms.get_forces(), rtol=1e-10, atol=1e-9)
