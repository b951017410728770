"""Symmetries that every interaction has, on random periodic systems."""

from dataclasses import replace

import numpy as np
import pytest
from ase import Atoms
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from lr_correction.batch import Batch, neighbour_pairs
from lr_correction.ewald import Electrostatics
from lr_correction.kernels import coulomb, gpumd, screened, smeared, smeared_within

CUTOFF = 3.0
MODES = {
    "mode 1": gpumd(1, CUTOFF),
    "mode 2": gpumd(2, CUTOFF),
    "within": smeared_within(CUTOFF),
    "screened": screened(CUTOFF, 1.5 * CUTOFF),
    "coulomb": coulomb(1.1, 6.0, CUTOFF),
    "smeared": smeared(0.9, 5.0),
}
every_mode = pytest.mark.parametrize("interaction", MODES.values(), ids=MODES)
quick = settings(max_examples=15, deadline=None)

seeds = st.integers(0, 2**32 - 1)


def random_system(seed: int) -> tuple[Atoms, np.ndarray]:
    """A few atoms in a random cell, and charges that need not be neutral."""
    generator = np.random.default_rng(seed)
    count = int(generator.integers(1, 7))
    cell = 3.5 * np.eye(3) + generator.uniform(-1, 1, (3, 3))
    atoms = Atoms(f"X{count}", positions=generator.random((count, 3)) @ cell, cell=cell, pbc=True)
    assume(clear_of_trouble(atoms))
    return atoms, generator.normal(size=count)


def clear_of_trouble(atoms: Atoms) -> bool:
    """Whether no two atoms touch, and no pair and no k lies so near its cutoff that rounding decides its fate."""
    pairs = neighbour_pairs(Batch.from_atoms([atoms], ["X"]), CUTOFF + 0.1)
    lengths = np.linalg.norm(pairs.vector, axis=1)
    box = np.stack(np.meshgrid(*[np.arange(-9, 10)] * 3, indexing="ij"), axis=-1).reshape(-1, 3)
    k = np.linalg.norm(2 * np.pi * box @ np.linalg.inv(atoms.cell.array).T, axis=1)
    near = any(np.abs(k - mode.k_cutoff).min() < 1e-9 for mode in MODES.values() if mode.reciprocal)
    return bool(lengths.size == 0 or (lengths.min() > 0.4 and np.abs(lengths - CUTOFF).min() > 1e-9)) and not near


def results(atoms: Atoms, charges: np.ndarray, interaction):
    """Energy, potential, field and virial."""
    sums = Electrostatics(Batch.from_atoms([atoms], ["X"]), None, interaction)
    return (sums.energy(charges)[0], *sums.potential_and_field(charges), sums.virial(charges, charges)[0])


def assert_close(first, second):
    for a, b in zip(first, second, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-8)


@every_mode
@quick
@given(seeds)
def test_turning_a_system_turns_its_fields(interaction, seed):
    atoms, charges = random_system(seed)
    rotation = np.linalg.qr(np.random.default_rng(seed).normal(size=(3, 3)))[0]  # a reflection half of the times
    turned = Atoms(atoms.symbols, atoms.positions @ rotation.T, cell=atoms.cell.array @ rotation.T, pbc=True)
    energy, potential, field, virial = results(atoms, charges, interaction)
    expected = energy, potential, field @ rotation.T, rotation @ virial @ rotation.T
    assert_close(results(turned, charges, interaction), expected)


@every_mode
@quick
@given(seeds)
def test_shifts_wrapping_and_order_do_not_matter(interaction, seed):
    atoms, charges = random_system(seed)
    generator = np.random.default_rng(seed + 1)
    order = generator.permutation(len(atoms))
    images = generator.integers(-2, 3, (len(atoms), 3)) @ atoms.cell.array
    other = atoms[order]
    other.positions += images + generator.normal(size=3)
    energy, potential, field, virial = results(atoms, charges, interaction)
    assert_close(results(other, charges[order], interaction), (energy, potential[order], field[order], virial))


@every_mode
@quick
@given(seeds, st.permutations([1, 2, 1]))
def test_energy_is_extensive(interaction, seed, repeat):
    atoms, charges = random_system(seed)
    energy, potential, field, virial = results(atoms, charges, interaction)
    expected = 2 * energy, np.tile(potential, 2), np.tile(field, (2, 1)), 2 * virial
    assert_close(results(atoms.repeat(repeat), np.tile(charges, 2), interaction), expected)


@every_mode
@quick
@given(seeds)
def test_the_choice_of_lattice_vectors_does_not_matter(interaction, seed):
    atoms, charges = random_system(seed)
    other = atoms.copy()
    other.set_cell(np.array([[1, 1, 0], [0, 1, 0], [1, 0, -1]]) @ atoms.cell.array)
    assert_close(results(other, charges, interaction), results(atoms, charges, interaction))


@every_mode
@quick
@given(seeds)
def test_no_net_force_and_a_symmetric_matrix(interaction, seed):
    atoms, charges = random_system(seed)
    sums = Electrostatics(Batch.from_atoms([atoms], ["X"]), None, interaction)
    forces = charges[:, None] * sums.field(charges)
    np.testing.assert_allclose(forces.sum(axis=0), 0, atol=1e-10 * (1 + np.abs(forces).max()))
    matrix = sums.potential(np.eye(len(atoms)))
    np.testing.assert_allclose(matrix, matrix.T, atol=1e-10 * np.abs(matrix).max())
    if interaction.pair is None:
        assert np.linalg.eigvalsh(matrix).min() > -1e-10 * np.abs(matrix).max()  # smeared charges never attract alone


@quick
@given(seeds, st.floats(0.9, 1.4))
def test_a_converged_sum_does_not_depend_on_the_splitting(seed, alpha):
    atoms, charges = random_system(seed)
    assert_close(
        results(atoms, charges, coulomb(alpha, 11 * alpha, 5.5 / alpha)),
        results(atoms, charges, coulomb(1.1, 12.0, 5.2)),
    )


@quick
@given(seeds, st.floats(0.5, 2.0))
def test_point_charges_scale_with_length(seed, scale):
    atoms, charges = random_system(seed)
    larger = Atoms(atoms.symbols, scale * atoms.positions, cell=scale * atoms.cell.array, pbc=True)
    first = coulomb(1.1, 12.0, 5.2)
    second = replace(first, alpha=1.1 / scale, k_cutoff=12.0 / scale, pair_cutoff=5.2 * scale)
    second = replace(second, self_term=first.self_term / scale)
    energy, potential, field, virial = results(atoms, charges, first)
    expected = energy / scale, potential / scale, field / scale**2, virial / scale
    assert_close(results(larger, charges, second), expected)
    assert np.trace(virial) == pytest.approx(energy, rel=1e-7, abs=1e-7)  # Clausius: the energy goes as 1/length
