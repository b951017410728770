import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk

from nepkit.core.errors import InputError
from nepkit.models.potentials import load_potential
from nepkit.properties.elasticity import VOIGT, elastic_constants, needed_strains, symmetric_basis, voigt_strain
from nepkit.properties.equation_of_state import equation_of_state
from nepkit.properties.landscape.minima import Relaxation
from nepkit.structures.strains import strained
from nepkit.structures.symmetry import dataset

EMT = load_potential("emt")


def rotations(atoms):
    columns = atoms.cell.array.T
    return np.array([columns @ r @ np.linalg.inv(columns) for r in dataset(atoms).rotations])


def rest(atoms, **how):
    return Relaxation(fmax=1e-5, cell="full", **how).one(atoms, EMT).atoms


@pytest.mark.parametrize(
    ("atoms", "independent", "strains"),
    [
        (bulk("Cu"), 3, [0, 3]),
        (bulk("Ti"), 5, [0, 2, 3]),
        (Atoms("CuO", cell=[3, 3, 4], scaled_positions=[[0, 0, 0], [0, 0, 0.4]], pbc=True), 6, [0, 2, 3, 5]),
        (Atoms("CuO", cell=[3, 4, 5], scaled_positions=[[0, 0, 0], [0, 0, 0.4]], pbc=True), 9, [0, 1, 2, 3, 4, 5]),
        (Atoms("Cu", cell=[3, 3, 3, 80, 80, 80], pbc=True), 6, [0, 2, 3]),
        (Atoms("Cu", cell=[3, 4, 5, 80, 75, 95], pbc=True), 21, [0, 1, 2, 3, 4, 5]),
    ],
)
def test_symmetry_leaves_as_many_constants_as_the_textbooks_say(atoms, independent, strains):
    basis = symmetric_basis(rotations(atoms))
    assert len(basis) == independent
    if atoms.cell.angles()[0] == 90.0 or len(atoms) == 2:
        assert needed_strains(basis) == strains
    for matrix in basis:  # every one is unchanged by every rotation of the crystal
        tensor = np.zeros((3, 3, 3, 3))
        for a, (i, j) in enumerate(VOIGT):
            for b, (k, m) in enumerate(VOIGT):
                for x in {(i, j), (j, i)}:
                    for y in {(k, m), (m, k)}:
                        tensor[x + y] = matrix[a, b]
        for r in rotations(atoms):
            np.testing.assert_allclose(np.einsum("ia,jb,kc,ld,abcd->ijkl", r, r, r, r, tensor), tensor, atol=1e-10)


def test_fewer_strains_give_what_all_six_give():
    atoms = rest(bulk("Cu", "hcp", a=2.55, c=4.2))
    found = elastic_constants(atoms, EMT, relax=Relaxation(fmax=1e-6))
    assert found.independent == 5
    step = 1e-3
    columns = []
    for place in range(6):
        stresses = []
        for sign in (1, -1):
            cell = Relaxation(fmax=1e-6).one(strained(atoms, voigt_strain(place, sign * step)), EMT).atoms
            stresses.append(-EMT.compute([cell])[0].virial / cell.cell.volume)
        slope = (stresses[0] - stresses[1]) / (2 * step) * 160.2177
        columns.append([slope[i, j] for i, j in VOIGT])
    np.testing.assert_allclose(found.stiffness, np.array(columns).T, atol=0.2)
    assert found.error.max() < 1.0


def test_moduli_of_copper_agree_with_its_equation_of_state_and_with_closed_forms():
    atoms = rest(bulk("Cu", a=3.6, cubic=True))
    found = elastic_constants(atoms, EMT)
    c11, c12, c44 = found.stiffness[0, 0], found.stiffness[0, 1], found.stiffness[3, 3]
    assert found.moduli.bulk[2] == pytest.approx((c11 + 2 * c12) / 3)
    assert found.moduli.bulk[2] == pytest.approx(equation_of_state(atoms, EMT).bulk_modulus.value, rel=1e-3)
    assert found.moduli.shear[0] == pytest.approx((c11 - c12 + 3 * c44) / 5)
    assert found.moduli.shear[1] == pytest.approx(5 * (c11 - c12) * c44 / (4 * c44 + 3 * (c11 - c12)))
    assert sorted(set(found.eigenvalues.round(3))) == pytest.approx([c11 - c12, 2 * c44, c11 + 2 * c12], abs=1e-3)
    ratio = 2 * c44 / (c11 - c12)
    assert found.moduli.anisotropy == pytest.approx(6 / 5 * (np.sqrt(ratio) - 1 / np.sqrt(ratio)) ** 2)
    assert found.stable
    assert found.notes == ()
    turned = rest(bulk("Cu", a=3.6))
    np.testing.assert_allclose(elastic_constants(turned, EMT).stiffness, found.stiffness, atol=0.02)


def test_a_stressed_cell_and_an_unstable_one_are_told():
    found = elastic_constants(bulk("Cu", a=3.65, cubic=True), EMT)
    assert "under a stress of up to" in found.notes[0]
    unstable = elastic_constants(rest(bulk("Cu", "bcc", a=2.87), symmetry=True), EMT)
    assert not unstable.stable
    assert unstable.eigenvalues[0] < 0


def test_what_is_no_crystal_has_no_constants():
    for atoms, words, message in (
        (Atoms("Cu"), {}, "need a crystal"),
        (bulk("Cu"), {"strain": 0.5}, "between 0 and 0.1"),
    ):
        with pytest.raises(InputError, match=message):
            elastic_constants(atoms, EMT, **words)
