"""Symmetries of the corrected model, whatever the frame."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from tests.factories import random_frame, random_nep
from tests.truth import potential_of

ELEMENTS = ("Li", "Cl", "Y")
NEP = random_nep(5, elements=ELEMENTS, neurons=3, zbl=(0.7, 2.2, None))
POTENTIALS = [potential_of(NEP, {"Li": 1.0, "Cl": -0.8, "Y": 1.7}, mode=mode) for mode in (1, 2)]
both_modes = pytest.mark.parametrize("potential", POTENTIALS, ids=["mode 1", "mode 2"])
seeds = st.integers(0, 10_000)
few = settings(max_examples=8)
CLOSE = {"rtol": 1e-8, "atol": 1e-8}


def frame(seed):
    return random_frame(seed, elements=ELEMENTS, grid=(2, 2, 2))


@both_modes
@few
@given(seed=seeds)
def test_a_rotation_turns_forces_virial_and_born_charges(potential, seed):
    atoms, turn = frame(seed), Rotation.random(rng=np.random.default_rng(seed)).as_matrix()
    turned = atoms.copy()
    turned.set_cell(atoms.cell.array @ turn.T)
    turned.positions = atoms.positions @ turn.T
    one, two = potential.evaluate([atoms], bec=True), potential.evaluate([turned], bec=True)
    np.testing.assert_allclose(two.energy, one.energy, **CLOSE)
    np.testing.assert_allclose(two.charges, one.charges, **CLOSE)
    np.testing.assert_allclose(two.forces, one.forces @ turn.T, **CLOSE)
    np.testing.assert_allclose(two.virial, turn @ one.virial @ turn.T, **CLOSE)
    np.testing.assert_allclose(two.bec, turn @ one.bec @ turn.T, **CLOSE)


@both_modes
@few
@given(seed=seeds, shift=st.tuples(*[st.floats(-30, 30)] * 3))
def test_a_shift_and_a_wrap_change_nothing(potential, seed, shift):
    atoms = frame(seed)
    moved = atoms.copy()
    moved.positions += shift
    moved.wrap()
    one, two = potential.evaluate([atoms], bec=True), potential.evaluate([moved], bec=True)
    for name in ("energy", "forces", "virial", "charges", "bec"):
        np.testing.assert_allclose(getattr(two, name), getattr(one, name), **CLOSE)


@both_modes
@few
@given(seed=seeds)
def test_the_order_of_atoms_does_not_matter(potential, seed):
    atoms, order = frame(seed), np.random.default_rng(seed).permutation(8)
    one, two = potential.evaluate([atoms], bec=True), potential.evaluate([atoms[order]], bec=True)
    np.testing.assert_allclose(two.energy, one.energy, **CLOSE)
    for name in ("forces", "charges", "bec"):
        np.testing.assert_allclose(getattr(two, name), getattr(one, name)[order], **CLOSE)


@both_modes
@few
@given(seed=seeds, total=st.floats(-3, 3))
def test_sums_over_the_atoms(potential, seed, total):
    found = potential.evaluate([frame(seed)], total_charges=[total], bec=True)
    assert found.charges.sum() == pytest.approx(total, abs=1e-10)
    np.testing.assert_allclose(found.forces.sum(axis=0), 0.0, atol=1e-8)
    np.testing.assert_allclose(found.bec.sum(axis=0), total * np.eye(3), atol=1e-8)  # a rigid shift moves the charge


@few
@given(seed=seeds)
def test_the_sign_of_all_charges_does_not_matter(seed):
    plus = POTENTIALS[1]
    family = type(plus.charges)(-plus.charges.weights, -plus.charges.constants)
    minus = type(plus)(plus.nep, family, plus.energies, plus.mode)
    one, two = plus.evaluate([frame(seed)], bec=True), minus.evaluate([frame(seed)], bec=True)
    for name in ("energy", "forces", "virial"):
        np.testing.assert_allclose(getattr(two, name), getattr(one, name), **CLOSE)
    np.testing.assert_allclose(two.bec, -one.bec, **CLOSE)
