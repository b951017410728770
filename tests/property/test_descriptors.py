import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from lr_correction.batch import Batch, neighbour_pairs
from lr_correction.descriptors import forward, short_range
from lr_correction.invariants import cartesian
from tests.factories import random_frame, random_nep

NEP_MODEL = random_nep(11, zbl=(0.8, 2.2, None))
FEW = settings(max_examples=10, deadline=None, derandomize=True)
seeds = st.integers(0, 2**20)


def evaluate(*frames):
    return short_range(NEP_MODEL, Batch.from_atoms(frames, NEP_MODEL.elements))


def moments(frame):
    batch = Batch.from_atoms([frame], NEP_MODEL.elements)
    return forward(NEP_MODEL, batch, neighbour_pairs(batch, NEP_MODEL.cutoff_radial)).moments


@FEW
@given(seed=seeds, mirror=st.booleans())
def test_rotation_turns_forces_virial_and_moments(seed, mirror):
    frame = random_frame(seed, grid=(2, 2, 2))
    turn = Rotation.random(rng=seed).as_matrix() * (-1 if mirror else 1)
    turned = frame.copy()
    turned.set_cell(frame.cell.array @ turn.T)
    turned.positions = frame.positions @ turn.T
    before, after = evaluate(frame), evaluate(turned)
    np.testing.assert_allclose(after.atom_energy, before.atom_energy, atol=1e-9)
    np.testing.assert_allclose(after.forces, before.forces @ turn.T, atol=1e-8)
    np.testing.assert_allclose(after.virial[0], turn @ before.virial[0] @ turn.T, atol=1e-7)
    vector, vector_after = (m[:, :, :3] @ cartesian(1) for m in (moments(frame), moments(turned)))
    np.testing.assert_allclose(vector_after, vector @ turn.T, atol=1e-9)


@FEW
@given(seed=seeds)
def test_translation_and_choice_of_images_change_nothing(seed):
    rng = np.random.default_rng(seed)
    frame = random_frame(seed, grid=(2, 2, 2))
    moved = frame.copy()
    moved.positions += rng.normal(scale=5, size=3) + rng.integers(-2, 3, (len(frame), 3)) @ frame.cell.array
    before, after = evaluate(frame), evaluate(moved)
    np.testing.assert_allclose(after.forces, before.forces, atol=1e-8)
    np.testing.assert_allclose(after.virial, before.virial, atol=1e-7)
    np.testing.assert_allclose(after.energy, before.energy, rtol=1e-10)


@FEW
@given(seed=seeds)
def test_permutation_permutes(seed):
    frame = random_frame(seed, grid=(2, 2, 2))
    order = np.random.default_rng(seed).permutation(len(frame))
    before, after = evaluate(frame), evaluate(frame[order])
    np.testing.assert_allclose(after.atom_energy, before.atom_energy[order], atol=1e-10)
    np.testing.assert_allclose(after.forces, before.forces[order], atol=1e-9)


@FEW
@given(seed=seeds, repeat=st.sampled_from([(2, 1, 1), (1, 3, 1), (1, 2, 2)]))
def test_supercell_repeats(seed, repeat):
    frame = random_frame(seed, grid=(1, 2, 2))
    cell, supercell = evaluate(frame), evaluate(frame.repeat(repeat))
    count = int(np.prod(repeat))
    np.testing.assert_allclose(supercell.energy, count * cell.energy, rtol=1e-10)
    np.testing.assert_allclose(supercell.virial, count * cell.virial, atol=1e-7)
    np.testing.assert_allclose(supercell.forces, np.tile(cell.forces, (count, 1)), atol=1e-8)


@FEW
@given(seed=seeds)
def test_forces_and_virial_balance(seed):
    result = evaluate(random_frame(seed, grid=(2, 2, 2)))
    np.testing.assert_allclose(result.forces.sum(axis=0), 0, atol=1e-8)
    np.testing.assert_allclose(result.virial[0], result.virial[0].T, atol=1e-7)  # no torque
    assert result.energy[0] == pytest.approx(result.atom_energy.sum())
