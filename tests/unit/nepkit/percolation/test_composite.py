"""Fillers in a matrix, exact where they are spheres and rods and on a grid where they are anything."""

import numpy as np
import pytest

from nepkit.core.errors import InputError
from nepkit.percolation.composite import Fillers, composite, connected, place_fillers, segment_distance, volume
from nepkit.percolation.composite_grid import FILLER, MATRIX, SHELL, effective_conductivity, phases, points_of, regions

X, Y, Z = np.eye(3)


def test_hard_fillers_keep_their_distance():
    for length in (0.0, 3.0):
        found = place_fillers(0.15, 11.0, np.random.default_rng(0), length=length)
        assert found.loading == pytest.approx(0.15, abs=0.01)
        apart = found.centres[:, None] - found.centres
        apart -= 11.0 * np.round(apart / 11.0)
        squared = segment_distance(apart, found.directions[:, None], found.directions, length)
        np.fill_diagonal(squared, np.inf)
        assert squared.min() >= 4.0
        assert connected(found).highest == 0


def test_distances_of_segments_are_the_smallest():
    rng = np.random.default_rng(1)
    for _ in range(40):
        apart, one, two = rng.normal(scale=2.0, size=3), *(v / np.linalg.norm(v) for v in rng.normal(size=(2, 3)))
        s = np.linspace(-1.5, 1.5, 301)
        direct = np.linalg.norm(apart + s[:, None, None] * two - s[None, :, None] * one, axis=2).min()
        assert np.sqrt(segment_distance(apart, one, two, 3.0)) == pytest.approx(direct, abs=2e-3)


def test_shells_connect_what_fillers_do_not():
    row = Fillers(np.array([[x, 1.0, 1.0] for x in (0.0, 2.5, 5.0, 7.5)]), np.tile(X, (4, 1)), 1.0, 0.0, 10.0)
    assert connected(row).highest == 0
    assert connected(row, 0.24).highest == 0
    assert connected(row, 0.26).highest == 1
    rods = Fillers(np.array([[0.0, 1, 1], [5.0, 1, 1]]), np.tile(X, (2, 1)), 1.0, 3.2, 10.0)
    assert connected(rods).highest == 1  # from end to end
    assert connected(Fillers(rods.centres, np.tile(Z, (2, 1)), 1.0, 3.2, 10.0)).highest == 0


def test_overlapping_spheres_begin_at_the_known_loading():
    """1 - exp(-0.34189) = 0.2896, doi of the value: arXiv:2010.02895."""
    found = composite([0.24, 0.28, 0.3, 0.34], [10.0, 18.0], hard=False, samples=60)
    assert found.threshold is not None
    assert abs(found.threshold.value - 0.2896) < 3.5 * found.threshold.error
    assert found.threshold.error < 0.01


def test_what_cannot_be_placed_is_told():
    rng = np.random.default_rng(0)
    with pytest.raises(InputError, match="jam at a loading of"):
        place_fillers(0.6, 8.0, rng)
    with pytest.raises(InputError, match="too small for fillers of 12"):
        place_fillers(0.1, 12.0, rng, length=10.0)
    with pytest.raises(InputError, match="expected a volume fraction"):
        place_fillers(1.5, 12.0, rng)
    assert composite([0.02], [8.0, 10.0], samples=3).why_no_threshold


def test_the_grid_has_the_volumes_of_the_shapes():
    cell = np.array([[14.0, 0, 0], [4.0, 13.0, 0], [0, -3.0, 15.0]])
    rod = Fillers(np.array([[13.0, 1.0, 1.0]]), Y[None], 2.0, 6.0, 14.0)
    grid = phases(points_of(rod), cell, 2.0, 1.0, 0.3)
    size = abs(np.linalg.det(cell))
    assert (grid == FILLER).mean() * size == pytest.approx(volume(2.0, 6.0), rel=0.02)
    assert (grid != MATRIX).mean() * size == pytest.approx(volume(3.0, 6.0), rel=0.02)
    found = regions(grid)
    assert (found.filler_rank, found.coated_rank, found.matrix_rank) == (0, 0, 3)
    assert found.shell == pytest.approx((grid == SHELL).mean())


def test_shells_on_the_grid_carry_through_the_cell():
    points = [[x, 5.0, 5.0] for x in (0.0, 5.0)]
    found = regions(phases(points, np.eye(3) * 10.0, 2.0, 1.0, 0.25))
    assert (found.filler_rank, found.coated_rank, found.matrix_rank) == (0, 1, 3)
    assert found.accessible == pytest.approx(1.0)


def test_conductivity_of_a_dilute_composite_is_that_of_maxwell():
    """sigma = 1 + 3 phi (s - 1) / (s + 2 - phi (s - 1)) for spheres far apart."""
    grid = phases([[5.0, 5.0, 5.0]], np.eye(3) * 10.0, 2.5, 0.0, 0.25)
    phi = (grid == FILLER).mean()
    for contrast in (10.0, 0.1):
        sigma = effective_conductivity(np.where(grid == FILLER, contrast, 1.0), 2)
        maxwell = 1.0 + 3.0 * phi * (contrast - 1.0) / (contrast + 2.0 - phi * (contrast - 1.0))
        assert sigma == pytest.approx(maxwell, rel=0.02)
    with pytest.raises(InputError, match="not above zero"):
        effective_conductivity(np.zeros((2, 2, 2)))


def test_voxels_that_are_no_cubes():
    fine = np.ones((24, 24, 24))
    fine[6:18, 6:18, 6:18] = 5.0
    coarse = fine[::2]
    for axis in range(3):
        flat = effective_conductivity(coarse, axis, voxel=(2.0, 1.0, 1.0))
        assert flat == pytest.approx(effective_conductivity(fine, axis), rel=0.01)
    assert effective_conductivity(coarse, 1) != pytest.approx(effective_conductivity(fine, 1), rel=0.01)
