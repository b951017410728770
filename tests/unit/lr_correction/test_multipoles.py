"""Sums over k of charges, dipoles and quadrupoles against finite differences, charges alone, and point charges."""

import numpy as np
import pytest
from ase import Atoms

from lr_correction.batch import Batch
from lr_correction.errors import SettingsError
from lr_correction.ewald import Electrostatics
from lr_correction.kernels import gpumd, screened
from lr_correction.multipoles import MultipoleSum

INTERACTIONS = {"mode 2": gpumd(2, 5.0), "screened": screened(5.0, 5.0)}
every_interaction = pytest.mark.parametrize("interaction", INTERACTIONS.values(), ids=INTERACTIONS)
every_size = pytest.mark.parametrize("size", [1, 4, 10])
CELL = np.array([[6.0, 0.3, 0.1], [0.2, 6.5, -0.4], [0.5, 0.0, 7.0]])


def made(size, atoms=5):
    random = np.random.default_rng(3)
    positions = random.uniform(size=(atoms, 3)) @ CELL
    return positions, random.normal(size=(atoms, size))


def system(positions, cell=CELL):
    return Batch.from_atoms([Atoms(f"H{len(positions)}", positions, cell=cell, pbc=True)], ["H"])


def slope(function, step=1e-3):
    near = (function(step) - function(-step)) / (2 * step)
    return (4 * (function(step / 2) - function(-step / 2)) / step - near) / 3


@every_interaction
@every_size
def test_forces_are_the_gradient_of_the_energy(interaction, size):
    positions, moments = made(size)
    forces = MultipoleSum(system(positions), interaction).forces(moments)
    for axis in range(3):

        def energy(step, axis=axis):
            moved = positions.copy()
            moved[2, axis] += step
            return MultipoleSum(system(moved), interaction).energy(moments)

        assert forces[2, axis] == pytest.approx(-slope(energy), rel=1e-8, abs=1e-8)
    np.testing.assert_allclose(forces.sum(axis=0), 0.0, atol=1e-10)


@every_interaction
@every_size
def test_virial_is_minus_the_strain_derivative_at_fixed_moments_and_waves(interaction, size):
    positions, moments = made(size)
    operator = MultipoleSum(system(positions), interaction)
    found, expected = operator.virial(moments), np.zeros((3, 3))
    for a in range(3):
        for b in range(3):

            def energy(step, a=a, b=b):
                change = np.eye(3)
                change[a, b] += step
                strained = system(positions @ change, CELL @ change)
                return MultipoleSum(strained, interaction, integers=operator.integers).energy(moments)

            expected[a, b] = -slope(energy)
    np.testing.assert_allclose(found, expected, rtol=1e-8, atol=1e-8 * abs(found).max())


@every_interaction
@every_size
def test_conjugates_are_the_gradient_by_the_moments(interaction, size):
    positions, moments = made(size)
    operator, change = MultipoleSum(system(positions), interaction), made(size)[1][::-1]
    expected = slope(lambda step: operator.energy(moments + step * change))
    assert (operator.conjugates(moments) * change).sum() == pytest.approx(expected, rel=1e-8)


@every_interaction
def test_charges_alone_are_those_of_the_sum_for_charges(interaction):
    positions, moments = made(1)
    batch = system(positions)
    operator, known = MultipoleSum(batch, interaction), Electrostatics(batch, None, interaction)
    charges = moments[:, 0]
    assert operator.energy(moments) == pytest.approx(known.energy(charges)[0], rel=1e-12)
    np.testing.assert_allclose(operator.forces(moments), charges[:, None] * known.field(charges), atol=1e-11)
    np.testing.assert_allclose(operator.virial(moments), known.virial(charges, charges)[0], atol=1e-11)


@every_interaction
def test_a_dipole_is_two_charges_close_together(interaction):
    positions, _ = made(1, atoms=3)
    moment, gap = np.array([0.3, -0.2, 0.5]), 1e-3
    moments = np.array([[1.0, 0, 0, 0], [-1.0, 0, 0, 0], [0.0, *moment]])
    ends = np.concatenate([positions[:2], positions[2] + [0.5 * gap * moment, -0.5 * gap * moment]])
    charges = np.array([1.0, -1.0, 1 / gap, -1 / gap])
    energy = Electrostatics(system(ends), None, interaction).potential(charges)[:2] @ charges[:2]
    bare = Electrostatics(system(ends[:2]), None, interaction).potential(charges[:2]) @ charges[:2]
    dipole = MultipoleSum(system(positions), interaction).conjugates(moments)[:2, 0] @ charges[:2]
    assert dipole - bare == pytest.approx(energy - bare, rel=1e-6)


@every_size
def test_turning_everything_turns_the_forces(size):
    positions, moments = made(size)
    turn = np.linalg.qr(np.random.default_rng(1).normal(size=(3, 3)))[0]
    turned = moments.copy()
    turned[:, 1:4] = moments[:, 1:4] @ turn if size > 1 else moments[:, 1:4]
    if size == 10:
        rows, columns = np.triu_indices(3)
        tensor = np.zeros((len(moments), 3, 3))
        tensor[:, rows, columns] = tensor[:, columns, rows] = moments[:, 4:]
        turned[:, 4:] = (turn.T @ tensor @ turn)[:, rows, columns]
    still = MultipoleSum(system(positions), gpumd(2, 5.0)).forces(moments)
    found = MultipoleSum(system(positions @ turn, CELL @ turn), gpumd(2, 5.0)).forces(turned)
    np.testing.assert_allclose(found, still @ turn, atol=1e-12 * max(1.0, abs(still).max()))


def test_what_it_cannot_do_is_refused():
    positions, moments = made(4)
    with pytest.raises(SettingsError, match="use mode 2"):
        MultipoleSum(system(positions), gpumd(1, 5.0))
    with pytest.raises(SettingsError, match="expected \\(5, 1, 4 or 10\\)"):
        MultipoleSum(system(positions), gpumd(2, 5.0)).energy(moments[:, :2])
