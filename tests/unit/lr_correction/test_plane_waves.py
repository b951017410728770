"""Reciprocal vectors and the two sums over plane waves, against their definitions."""

import numpy as np
import pytest

from lr_correction.plane_waves import PlaneWaves, half_space

SKEW = np.array([[4.0, 0.0, 0.0], [3.1, 5.0, 0.0], [-2.7, 1.9, 9.0]])
CELLS = {"cube": 4.0 * np.eye(3), "skew": SKEW, "long first": SKEW[[2, 0, 1]], "left-handed": SKEW[[1, 0, 2]]}


@pytest.mark.parametrize("cell", CELLS.values(), ids=CELLS)
def test_half_space_and_its_mirror_image_are_the_sphere(cell):
    k_cutoff = 5.0
    box = np.stack(np.meshgrid(*[np.arange(-12, 13)] * 3, indexing="ij"), axis=-1).reshape(-1, 3)
    length = np.linalg.norm(2 * np.pi * box @ np.linalg.inv(cell).T, axis=1)
    sphere = {tuple(n) for n in box[(length > 0) & (length < k_cutoff)].tolist()}
    half = [tuple(n) for n in half_space(cell, k_cutoff).tolist()]
    assert len(half) == len(set(half)) == len(sphere) // 2
    assert set(half) | {tuple(-x for x in n) for n in half} == sphere


def test_the_boundary_of_the_sphere_is_left_out():
    assert len(half_space(np.eye(3), 2 * np.pi)) == 0
    assert len(half_space(np.eye(3), 2 * np.pi * (1 + 1e-12))) == 3


@pytest.fixture(params=CELLS.values(), ids=CELLS)
def system(request):
    generator = np.random.default_rng(5)
    positions = generator.uniform(-3, 3, (11, 3)) @ request.param
    return positions, request.param, half_space(request.param, 4.0)


@pytest.mark.parametrize("memory", [1, 10_000, 2**24])
def test_both_sums_follow_their_definition_in_tiles_of_any_size(system, memory):
    positions, cell, integers = system
    generator = np.random.default_rng(6)
    waves = PlaneWaves(positions, cell, integers, memory)
    np.testing.assert_allclose(waves.k @ cell.T, 2 * np.pi * integers, atol=1e-12)
    phase = np.exp(1j * positions @ waves.k.T)
    values = generator.normal(size=(11, 4))
    np.testing.assert_allclose(waves.sum_atoms(values), phase.conj().T @ values, atol=1e-10)
    amplitudes = generator.normal(size=(len(integers), 5)) + 1j * generator.normal(size=(len(integers), 5))
    np.testing.assert_allclose(waves.sum_waves(amplitudes), (phase @ amplitudes).real, atol=1e-10)


def test_any_set_of_integers_will_do(system):
    positions, cell, _ = system
    integers = np.array([[2, -1, 5], [2, -1, -5], [0, 0, 0], [-7, 3, 1]])
    waves = PlaneWaves(positions, cell, integers, 2**20)
    phase = np.exp(1j * positions @ waves.k.T)
    np.testing.assert_allclose(waves.sum_atoms(np.ones((11, 1)))[:, 0], phase.conj().sum(axis=0), atol=1e-10)


def test_no_vectors_give_zeros():
    waves = PlaneWaves(np.ones((2, 3)), np.eye(3), np.zeros((0, 3), dtype=np.int64), 2**20)
    assert waves.sum_atoms(np.ones((2, 3))).shape == (0, 3)
    np.testing.assert_array_equal(waves.sum_waves(np.zeros((0, 3), dtype=complex)), np.zeros((2, 3)))
