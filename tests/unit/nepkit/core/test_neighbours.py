"""Pairs within a cutoff against all images, one by one."""

from itertools import product

import numpy as np
import pytest

from nepkit.core.neighbours import neighbours


def by_images(points, cell, cutoff, periodic):
    """Return the lengths of all pairs in both directions, and an atom with its own images."""
    found = []
    for shift in product(*[range(-3, 4) if repeated else (0,) for repeated in periodic]):
        vectors = points[None] - points[:, None] + np.array(shift) @ cell
        distance = np.linalg.norm(vectors, axis=2)
        here = distance < cutoff
        if not any(shift):
            np.fill_diagonal(here, False)
        found += distance[here].tolist()
    return np.sort(found)


@pytest.mark.parametrize("cutoff", [0.4, 2.5, 5.0])
@pytest.mark.parametrize("periodic", [(True, True, True), (True, False, True), (False, False, False)])
def test_pairs_are_those_of_all_images(cutoff, periodic):
    cell = np.array([[4.0, 0.0, 0.0], [1.5, 4.2, 0.0], [-0.7, 0.9, 5.0]])
    points = np.random.default_rng(1).uniform(size=(20, 3)) @ cell
    found = neighbours(points, cell, cutoff, periodic)
    both = np.sort(found.directed().distance)
    np.testing.assert_allclose(both, by_images(points, cell, cutoff, periodic), atol=1e-10)
    assert len(both) == 2 * len(found.distance)
    apart = points[found.second] + found.shift @ cell - points[found.first]
    np.testing.assert_allclose(apart, found.vector, atol=1e-10)


def test_a_short_cutoff_in_a_large_cell_needs_no_grid_of_its_size():
    """Cells of 0.001 A in one of 400 A would be 6e16."""
    found = neighbours([[1, 1, 1], [1, 1, 1.0005], [300, 300, 300]], np.eye(3) * 400, 0.001)
    assert found.distance.tolist() == pytest.approx([0.0005])


def test_no_points_have_no_pairs():
    assert not len(neighbours(np.zeros((0, 3)), np.eye(3), 1.0).distance)
