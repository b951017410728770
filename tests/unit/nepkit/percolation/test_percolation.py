import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from nepkit.core.errors import InputError, UnknownNameError
from nepkit.percolation.clusters import contacts, grid_contacts, percolation
from nepkit.percolation.statistics import independent_frames, network, threshold, wilson


def atoms_percolation(atoms, cutoff):
    return percolation(len(atoms), *contacts(atoms.positions, atoms.cell.array, cutoff))


@pytest.mark.parametrize(("size", "rank"), [((1, 1, 1), 3), ((2, 1, 3), 3)])
def test_crystals_are_endless_in_every_direction(size, rank):
    """Cells smaller than the cutoff, where atoms are linked to their own images."""
    assert atoms_percolation(bulk("Cu", cubic=True) * size, 2.7).highest == rank
    assert atoms_percolation(bulk("Cu"), 2.7).highest == rank


@pytest.mark.parametrize(
    ("cell", "rank", "wraps"),
    [
        ([2.0, 9.0, 9.0], 1, [True, False, False]),
        ([2.0, 2.0, 9.0], 2, [True, True, False]),
        ([2.0, 2.0, 2.0], 3, [True, True, True]),
        ([9.0, 9.0, 9.0], 0, [False, False, False]),
    ],
)
def test_chains_sheets_and_isolated_atoms(cell, rank, wraps):
    found = atoms_percolation(Atoms("Li", cell=cell, pbc=True), 2.5)
    assert found.highest == rank
    assert found.wraps[0].tolist() == wraps


def test_a_diagonal_winding_has_rank_one():
    occupied = np.eye(4, dtype=bool) | np.roll(np.eye(4, dtype=bool), 1, axis=1)  # a staircase
    found = percolation(*grid_contacts(occupied))
    assert found.highest == 1
    assert found.wraps.tolist() == [[True, True]]


def test_rank_three_needs_three_independent_windings():
    twice = [[1, 1, 0], [2, 2, 0], [1, 0, 1], [0, 1, -1]]  # of rank two
    assert percolation(1, [0] * 4, [0] * 4, twice).highest == 2
    assert percolation(1, [0] * 5, [0] * 5, [*twice, [0, 0, 1]]).highest == 3


def test_clusters_are_counted():
    occupied = np.zeros((6, 6), dtype=bool)
    occupied[0] = True  # a line around the second axis
    occupied[3, 1:3] = True
    found = percolation(*grid_contacts(occupied))
    assert sorted(found.size.tolist()) == [2, 6]
    assert found.largest == pytest.approx(6 / 8)
    assert found.endless == pytest.approx(6 / 8)
    empty = percolation(*grid_contacts(np.zeros((3, 3))))
    assert (empty.highest, empty.largest, empty.endless) == (0, 0.0, 0.0)


def direct(occupied):
    """Rank by the definition: which images of a node can be reached in a torus that is unrolled far enough."""
    count, first, second, shift = grid_contacts(occupied)
    edges = [(a, b, tuple(s)) for a, b, s in zip(first, second, shift.tolist(), strict=True)]
    edges += [(b, a, tuple(-x for x in s)) for a, b, s in edges]
    best = 0
    for start in range(count):
        seen, todo = {(start, (0, 0))}, [(start, (0, 0))]
        while todo:
            node, (x, y) = todo.pop()
            for a, b, (dx, dy) in edges:
                there = (b, (x + dx, y + dy))
                if a == node and max(abs(x + dx), abs(y + dy)) <= 3 and there not in seen:
                    seen.add(there)
                    todo.append(there)
        images = np.array([cell for node, cell in seen if node == start])
        best = max(best, int(np.linalg.matrix_rank(images)))
    return best


@given(arrays(bool, (4, 3)))
def test_rank_is_that_of_the_unrolled_network(occupied):
    assert percolation(*grid_contacts(occupied)).highest == direct(occupied)


@given(st.integers(0, 2**32 - 1))
def test_the_origin_of_the_cell_does_not_matter(seed):
    rng = np.random.default_rng(seed)
    points, move = rng.uniform(0, 6, (20, 3)), rng.uniform(-20, 20, 3)
    cell = np.array([[6.0, 0, 0], [2.0, 5.0, 0], [-1.0, 1.0, 7.0]])
    one, two = (percolation(20, *contacts(place, cell, 2.2)) for place in (points, points + move))
    assert one.highest == two.highest
    assert sorted(one.size.tolist()) == sorted(two.size.tolist())
    np.testing.assert_array_equal(one.wraps.any(axis=0), two.wraps.any(axis=0))


def test_wrapping_probabilities_on_the_torus():
    """Bond percolation on the square lattice at 1/2; exact for infinite size (Newman and Ziff 2001, Pinson 1994)."""
    rng, length, samples = np.random.default_rng(1), 16, 600
    node = np.arange(length * length).reshape(length, length)
    found = np.zeros(3)
    for _ in range(samples):
        keep = rng.random((2, length, length)) < 0.5
        first = np.concatenate([node[part] for part in keep])
        second = np.concatenate([np.roll(node, -1, axis)[part] for axis, part in enumerate(keep)])
        shift = np.zeros((len(first), 2), dtype=int)
        down = int(keep[0].sum())
        shift[:down, 0] = np.nonzero(keep[0])[0] == length - 1
        shift[down:, 1] = np.nonzero(keep[1])[1] == length - 1
        wraps = percolation(length**2, first, second, shift).wraps
        found += [wraps.any(), wraps[:, 0].any(), wraps.all(axis=1).any()]
    np.testing.assert_allclose(found / samples, [0.690474, 0.521058, 0.351643], atol=3 * 0.0204)


def test_threshold_from_sizes_that_cross():
    rng = np.random.default_rng(0)
    loading, length, good, samples = [], [], [], 60
    for size in (6, 12):
        for p in np.linspace(0.25, 0.38, 6):
            good.append(
                sum(percolation(*grid_contacts(rng.random((size,) * 3) < p)).highest > 0 for _ in range(samples))
            )
            loading.append(p)
            length.append(size)
    place, height = threshold(loading, length, good, [samples] * len(good))
    assert place.value == pytest.approx(0.3116, abs=3 * place.error + 0.003)  # small systems lie a little off
    assert place.error < 0.01
    assert 0.2 < height.value < 0.7
    with pytest.raises(InputError, match="at least two sizes"):
        threshold([0.1, 0.2], [4, 4], [0, 1], [1, 1])
    with pytest.raises(InputError, match="widen the range"):
        threshold([0.1, 0.2], [4, 8], [0, 0], [1, 1])


def test_wilson_interval():
    found = wilson(8, 10)
    assert (found.value, found.low, found.high) == pytest.approx((0.8, 0.4902, 0.9433), abs=1e-4)
    assert wilson(0, 20).low == 0.0
    assert wilson(20, 20).high == 1.0
    with pytest.raises(InputError, match="at least one trial"):
        wilson(0, 0)


def test_correlated_frames_are_worth_less():
    rng = np.random.default_rng(0)
    white = rng.normal(size=4000)
    assert independent_frames(white) == pytest.approx(4000, rel=0.15)
    slow = np.zeros(4000)
    for step in range(1, 4000):
        slow[step] = 0.9 * slow[step - 1] + white[step]
    assert independent_frames(slow) == pytest.approx(4000 * (1 - 0.9) / (1 + 0.9), rel=0.4)
    assert independent_frames(np.ones(50)) == 1.0


def test_networks_of_a_trajectory():
    rng = np.random.default_rng(0)
    frames = [Atoms("Li30Cl", positions=rng.uniform(0, 10, (31, 3)), cell=np.eye(3) * 10, pbc=True) for _ in range(40)]
    dense, sparse = (network(frames, ["Li"], cutoff) for cutoff in (6.0, 1.0))
    assert dense.probability(3).value == 1.0
    assert dense.probability().low > 0.8
    assert sparse.probability().value == 0.0
    assert dense.neighbours.mean() == pytest.approx(29 / 1000 * 4 / 3 * np.pi * 6**3, rel=0.1)
    with pytest.raises(UnknownNameError, match="frame 1: no Na"):
        network(frames, ["Na"], 3.0)
    with pytest.raises(InputError, match="trajectory, frame 1: no cell"):
        network([Atoms("Li2")], ["Li"], 3.0)
    with pytest.raises(InputError, match="no frames"):
        network([], ["Li"], 3.0)
