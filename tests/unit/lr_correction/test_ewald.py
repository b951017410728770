"""Electrostatics of a batch: against plain sums, lattice constants of the literature, and finite differences."""

import math
from dataclasses import replace

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from scipy.special import erf, erfc

from lr_correction.batch import Batch, Pairs, neighbour_pairs
from lr_correction.errors import SettingsError
from lr_correction.ewald import Electrostatics
from lr_correction.kernels import COULOMB_CONSTANT, Interaction, coulomb, gpumd, screened, smeared, smeared_within

CUTOFF = 4.0
MODES = {
    "mode 1": gpumd(1, CUTOFF),
    "mode 2": gpumd(2, CUTOFF),
    "within": smeared_within(CUTOFF),
    "screened": screened(CUTOFF, 1.5 * CUTOFF),
    "coulomb": coulomb(0.9, 5.0, CUTOFF),
    "smeared": smeared(0.9, 5.0),
}
every_mode = pytest.mark.parametrize("interaction", MODES.values(), ids=MODES)


def random_atoms(seed: int, count: int) -> Atoms:
    """Atoms that keep their distance, in a skewed cell and reaching beyond it."""
    generator = np.random.default_rng(seed)
    cell = np.array([[5.1, 0.0, 0.0], [1.3, 4.6, 0.0], [-0.9, 0.8, 4.8]])
    grid = np.stack(np.meshgrid(*[np.arange(3)] * 3, indexing="ij"), axis=-1).reshape(-1, 3) / 3
    places = grid[generator.permutation(27)[:count]] + generator.uniform(-0.05, 0.05, (count, 3))
    return Atoms(f"X{count}", positions=(places + generator.integers(-1, 2, (count, 3))) @ cell, cell=cell, pbc=True)


@pytest.fixture
def batch() -> Batch:
    return Batch.from_atoms([random_atoms(1, 7), random_atoms(2, 10)], ["X"])


@pytest.fixture
def charges(batch: Batch) -> np.ndarray:
    return np.random.default_rng(3).normal(size=(len(batch.positions), 5))


def plain_matrix(atoms: Atoms, interaction: Interaction) -> np.ndarray:
    """The matrix K from its definition: every k of a box, every image of a box, one after the other."""
    positions, cell, size = atoms.positions, atoms.cell.array, len(atoms)
    matrix = COULOMB_CONSTANT * interaction.self_term * np.eye(size)
    prefactor = 4 * math.pi * COULOMB_CONSTANT / abs(np.linalg.det(cell))
    matrix += prefactor * (-0.25 / interaction.alpha**2 if interaction.background else 0.0)
    broad = interaction.high_pass
    if broad:
        matrix += prefactor * (0.25 / broad**2 - 0.25 / interaction.alpha**2)
    separation = positions[None] - positions[:, None]
    for n in np.ndindex(15, 15, 15):
        k = 2 * np.pi * (np.array(n) - 7) @ np.linalg.inv(cell).T
        if interaction.reciprocal and 0 < k @ k < interaction.k_cutoff**2:
            g = math.exp(-k @ k / (4 * interaction.alpha**2)) - (math.exp(-k @ k / (4 * broad**2)) if broad else 0.0)
            matrix += prefactor * g / (k @ k) * np.cos(separation @ k)
    for n in np.ndindex(9, 9, 9):
        r = np.linalg.norm(separation + (np.array(n) - 4) @ cell, axis=-1)
        inside = (r > 0) & (r < interaction.pair_cutoff)
        if interaction.pair == "coulomb":
            matrix[inside] += COULOMB_CONSTANT * erfc(interaction.alpha * r[inside]) / r[inside]
        elif interaction.pair == "smeared":
            t = np.maximum(2 * r[inside] / interaction.pair_cutoff - 1, 0)
            switch = 1 - 10 * t**3 + 15 * t**4 - 6 * t**5
            matrix[inside] += COULOMB_CONSTANT * switch * erf(interaction.alpha * r[inside]) / r[inside]
    return matrix


@every_mode
def test_potential_and_energy_follow_the_definition(interaction, charges):
    frames = [random_atoms(1, 7), random_atoms(2, 10)]
    frames[1].positions += 20.0  # far outside of the cell
    sums = Electrostatics(Batch.from_atoms(frames, ["X"]), None, interaction)
    parts = [plain_matrix(atoms, interaction) @ q for atoms, q in zip(frames, (charges[:7], charges[7:]), strict=True)]
    np.testing.assert_allclose(sums.potential(charges), np.concatenate(parts), rtol=1e-10, atol=1e-10)
    energies = [0.5 * (charges[:7] * parts[0]).sum(axis=0), 0.5 * (charges[7:] * parts[1]).sum(axis=0)]
    np.testing.assert_allclose(sums.energy(charges), energies, rtol=1e-10, atol=1e-10)
    np.testing.assert_allclose(sums.energy(charges[:, 2]), np.array(energies)[:, 2], rtol=1e-10, atol=1e-10)


# Madelung constants referred to the nearest-neighbour distance: Y. Sakamoto, J. Chem. Phys. 28, 164 (1958),
# doi:10.1063/1.1744060; digits from OEIS A085469 (NaCl), A181152 (CsCl) and A182566 (zinc blende). Fluorite, 5.03878,
# is 4 zinc blende - sqrt(3)/2 NaCl, because its three sublattices and the empty one make up those two crystals.
NACL, CSCL, ZINC_BLENDE = 1.74756459463318219, 1.76267477307098839, 1.63805505338878942
MADELUNG = {
    "NaCl": (bulk("NaCl", "rocksalt", a=2.0), [1, -1], 1, NACL),
    "NaCl cubic": (bulk("NaCl", "rocksalt", a=2.0, cubic=True), [1, -1] * 4, 4, NACL),
    "CsCl": (bulk("CsCl", "cesiumchloride", a=2 / math.sqrt(3)), [1, -1], 1, CSCL),
    "ZnS": (bulk("ZnS", "zincblende", a=4 / math.sqrt(3)), [1, -1], 1, ZINC_BLENDE),
    "CaF2": (bulk("CaF2", "fluorite", a=4 / math.sqrt(3)), [2, -1, -1], 1, 4 * ZINC_BLENDE - math.sqrt(0.75) * NACL),
}


@pytest.mark.parametrize(("atoms", "charges", "formula_units", "constant"), MADELUNG.values(), ids=MADELUNG)
@pytest.mark.parametrize("alpha", [1.8, 2.4])
def test_madelung_constants(atoms, charges, formula_units, constant, alpha):
    batch = Batch.from_atoms([atoms], sorted(set(atoms.symbols)))
    energy = Electrostatics(batch, None, coulomb(alpha, 12 * alpha, 6 / alpha)).energy(np.array(charges, dtype=float))
    assert -energy[0] / formula_units / COULOMB_CONSTANT == pytest.approx(constant, abs=1e-12)


@pytest.mark.parametrize(("cutoff", "energy"), [(6.0, 0.58), (8.0, 0.041), (10.0, 0.0014)])
def test_gpumd_modes_on_rock_salt(cutoff, energy):
    atoms = bulk("NaCl", "rocksalt", a=5.64)
    batch, charges = Batch.from_atoms([atoms], ["Na", "Cl"]), np.array([1.0, -1.0])
    smeared_energy = Electrostatics(batch, None, gpumd(2, cutoff)).energy(charges)[0]
    assert smeared_energy == pytest.approx(energy, rel=0.02)  # of calorine's CPUNEP: wide clouds cancel
    points = Electrostatics(batch, None, gpumd(1, cutoff)).energy(charges)[0]
    assert points == pytest.approx(-NACL * COULOMB_CONSTANT / 2.82, rel=2e-5)


def moved(batch: Batch, atom: int, axis: int, step: float) -> Batch:
    positions = batch.positions.copy()
    positions[atom, axis] += step
    return replace(batch, positions=positions)


@every_mode
def test_field_is_minus_the_gradient_of_the_potential_at_the_atom(interaction, batch, charges):
    field = Electrostatics(batch, None, interaction).field(charges)
    h = 1e-5
    for atom, axis in [(0, 0), (4, 1), (9, 2)]:
        # The derivative with respect to both places of K_ij: the other atoms' potentials move as well.
        forward, back = (Electrostatics(moved(batch, atom, axis, s), None, interaction) for s in (h, -h))
        gradient = (forward.potential(charges)[atom] - back.potential(charges)[atom]) / (2 * h)
        np.testing.assert_allclose(field[atom, axis], -gradient, rtol=1e-6, atol=1e-6)
        force = charges[atom] * field[atom, axis]
        energy = (forward.energy(charges) - back.energy(charges)).sum(axis=0) / (2 * h)
        np.testing.assert_allclose(force, -energy, rtol=1e-6, atol=1e-6)


@every_mode
def test_potential_is_the_derivative_of_the_energy(interaction, batch, charges):
    sums, q, h = Electrostatics(batch, None, interaction), charges[:, 0], 1e-3
    for atom in (0, 8):
        step = h * np.eye(len(q))[atom]
        difference = (sums.energy(q + step) - sums.energy(q - step)).sum() / (2 * h)  # exact: E is quadratic
        assert sums.potential(q)[atom] == pytest.approx(difference, rel=1e-9)


def strained(batch: Batch, pairs: Pairs, strain: np.ndarray) -> tuple[Batch, Pairs]:
    """Batch and pairs under a strain, the set of pairs kept."""
    m = np.eye(3) + strain
    return replace(batch, positions=batch.positions @ m.T, cells=batch.cells @ m.T), replace(
        pairs, vector=pairs.vector @ m.T
    )


@every_mode
def test_virial_is_minus_the_strain_derivative(interaction, batch, charges):
    pairs = neighbour_pairs(batch, CUTOFF)
    sums, h = Electrostatics(batch, pairs, interaction), 1e-5
    a, b = charges[:, 0], charges[:, 1:]
    virial = sums.virial(a, b)
    for x, y in [(0, 0), (1, 1), (2, 2), (0, 1), (1, 0), (2, 1), (0, 2)]:
        strain = np.zeros((3, 3))
        strain[x, y] = h
        forward, back = (
            Electrostatics(*strained(batch, pairs, s), interaction, integers=sums.integers) for s in (strain, -strain)
        )
        half = 0.5 * a[:, None] * (forward.potential(b) - back.potential(b)) / (2 * h)
        expected = np.stack([half[:7].sum(axis=0), half[7:].sum(axis=0)])
        np.testing.assert_allclose(virial[:, x, y], -expected, rtol=1e-6, atol=1e-6)


@every_mode
def test_virial_is_one_symmetric_bilinear_form(interaction, batch, charges):
    sums = Electrostatics(batch, None, interaction)
    matrix = sums.virial_matrix(charges)
    assert matrix.shape == (2, 3, 3, 5, 5)
    scale = abs(matrix).max()
    np.testing.assert_allclose(matrix, matrix.swapaxes(3, 4), atol=1e-13 * scale)
    np.testing.assert_allclose(matrix, matrix.swapaxes(1, 2), atol=1e-13 * scale)
    c = np.arange(1.0, 6.0)
    q = charges @ c
    np.testing.assert_allclose(matrix @ c, sums.virial(q, charges), atol=1e-11 * scale)
    np.testing.assert_allclose((matrix @ c) @ c, sums.virial(q, q), atol=1e-10 * scale)


@every_mode
def test_columns_and_systems_do_not_see_each_other(interaction, batch, charges):
    sums = Electrostatics(batch, None, interaction)
    both = sums.potential_and_field(charges)
    np.testing.assert_allclose(both[0], sums.potential(charges), rtol=1e-13)
    np.testing.assert_allclose(both[1], sums.field(charges), rtol=1e-13)
    np.testing.assert_allclose(both[0][:, 3], sums.potential(charges[:, 3]), rtol=1e-10, atol=1e-11)
    np.testing.assert_allclose(both[1][:, :, 3], sums.field(charges[:, 3]), rtol=1e-10, atol=1e-11)
    alone = Electrostatics(Batch.from_atoms([random_atoms(2, 10)], ["X"]), None, interaction)
    np.testing.assert_allclose(both[0][7:], alone.potential(charges[7:]), rtol=1e-10, atol=1e-11)
    np.testing.assert_allclose(sums.virial(charges[:, 0], charges)[1:], alone.virial(charges[7:, 0], charges[7:]))


@pytest.mark.parametrize("total", [0.0, 1.7])
def test_point_charges_do_not_depend_on_the_splitting(batch, charges, total):
    q = charges[:, 0] - charges[:, 0].mean() + total / len(charges)
    results = []
    for alpha in (0.9, 1.3):
        sums = Electrostatics(batch, None, coulomb(alpha, 13 * alpha, 6.5 / alpha))
        results.append((sums.potential(q), sums.field(q), sums.virial(q, q)))
    for first, second in zip(*results, strict=True):
        np.testing.assert_allclose(first, second, rtol=1e-10, atol=1e-10)


def test_without_background_a_charged_cell_depends_on_the_splitting(batch, charges):
    """The modes of GPUMD have no background term: the difference is the one that is documented."""
    energy = {}
    for background in (True, False):
        sums = Electrostatics(batch, None, coulomb(1.0, 13.0, 6.5, background))
        energy[background] = sums.energy(charges[:, 0])
    total = np.array([charges[:7, 0].sum(), charges[7:, 0].sum()])
    expected = -math.pi * COULOMB_CONSTANT * total**2 / (2 * batch.volumes)
    np.testing.assert_allclose(energy[True] - energy[False], expected, rtol=1e-10)


def test_smeared_charges_far_apart_are_point_charges_with_a_self_energy():
    """Mode 2 differs from point charges by the self energy alone where Gaussians do not overlap."""
    atoms = bulk("NaCl", "rocksalt", a=20.0)
    batch, q = Batch.from_atoms([atoms], ["Na", "Cl"]), np.array([1.0, -1.0])
    alpha = 1.2
    cloud = Electrostatics(batch, None, smeared(alpha, 12 * alpha)).energy(q)[0]
    point = Electrostatics(batch, None, coulomb(0.6, 7.2, 12.0)).energy(q)[0]
    assert cloud - point == pytest.approx(2 * COULOMB_CONSTANT * alpha / math.sqrt(math.pi), rel=1e-12)


def test_screened_charges_feel_each_other_at_short_range_alone():
    """The sum over k of the high pass is [erf(alpha r) - erf(beta r)] / r of one pair, and no background."""
    interaction = replace(screened(CUTOFF, 1.5 * CUTOFF), k_cutoff=7.0)
    for distance in (1.0, 3.0, 7.0):
        atoms = Atoms("X2", positions=[[0, 0, 0], [0, distance, 0]], cell=24 * np.eye(3), pbc=True)
        sums = Electrostatics(Batch.from_atoms([atoms], ["X"]), None, interaction)
        expected = (erf(interaction.alpha * distance) - erf(interaction.high_pass * distance)) / distance
        found = sums.potential(np.array([0.0, 1.0]))[0] / COULOMB_CONSTANT
        assert found == pytest.approx(expected, abs=1e-8)


def test_forces_within_the_cutoff_do_not_jump_there():
    """A pair that crosses the cutoff changes neither the energy nor the force of `smeared_within` noticeably."""
    interaction, q = smeared_within(CUTOFF), np.array([1.0, -1.0])
    results = []
    for distance in (CUTOFF - 1e-4, CUTOFF + 1e-4):
        atoms = Atoms("X2", positions=[[0, 0, 0], [distance, 0, 0]], cell=20 * np.eye(3), pbc=True)
        sums = Electrostatics(Batch.from_atoms([atoms], ["X"]), None, interaction)
        results.append((sums.energy(q)[0], sums.field(q)))
    assert abs(results[0][0] - results[1][0]) < 1e-10
    np.testing.assert_allclose(results[0][1], results[1][1], atol=1e-6)


def test_single_precision_positions_are_summed_in_double(batch, charges):
    rounded = replace(batch, positions=batch.positions.astype(np.float32))
    phi = Electrostatics(rounded, None, gpumd(2, CUTOFF)).potential(charges.astype(np.float32))
    assert phi.dtype == np.float64
    np.testing.assert_allclose(phi, Electrostatics(batch, None, gpumd(2, CUTOFF)).potential(charges), atol=1e-3)


def test_pairs_beyond_the_cutoff_are_left_out(batch, charges):
    longer = Electrostatics(batch, neighbour_pairs(batch, CUTOFF + 1), gpumd(1, CUTOFF))
    exact = Electrostatics(batch, neighbour_pairs(batch, CUTOFF), gpumd(1, CUTOFF))
    np.testing.assert_allclose(longer.potential(charges), exact.potential(charges), rtol=1e-12)


@pytest.mark.parametrize("shape", [(16,), (17, 2, 2), (1, 17)])
def test_charges_of_the_wrong_shape_are_refused(batch, shape):
    with pytest.raises(SettingsError, match=r"expected \(17,\) or \(17, m\)"):
        Electrostatics(batch, None, gpumd(2, CUTOFF)).potential(np.ones(shape))


def test_sets_of_reciprocal_vectors_must_be_one_per_system(batch):
    with pytest.raises(SettingsError, match="1 sets of reciprocal vectors given, expected 2"):
        Electrostatics(batch, None, gpumd(2, CUTOFF), integers=[np.array([[1, 0, 0]])])
