import numpy as np
import pytest
from ase import Atoms

from nepkit.core.errors import InputError
from nepkit.structures.local.displacements import displacements
from nepkit.structures.local.neighbours import nearest, read_neighbours
from tests.perovskite import perovskite, turned


@pytest.mark.parametrize("repeat", [(1, 1, 1), (2, 1, 3), (3, 3, 3)])
def test_neighbours_of_a_perovskite_in_cells_of_any_size(repeat):
    found = nearest(turned(perovskite(repeat), 20), ["Ti"], ["O"], 6)
    assert found.index.shape == (np.prod(repeat), 6)
    np.testing.assert_allclose(np.linalg.norm(found.vector, axis=-1), 2.0)
    np.testing.assert_allclose(found.vector.sum(axis=1), 0.0, atol=1e-9)
    assert found.ties == 0
    twelve = nearest(perovskite(repeat), ["Ba"], ["O"], 12)
    np.testing.assert_allclose(np.linalg.norm(twelve.vector, axis=-1), 2.0 * np.sqrt(2))
    assert nearest(perovskite(repeat), ["Ba"], ["O"], 11).ties == np.prod(repeat)


def test_bonds_are_followed_although_copies_change():
    start = perovskite((1, 1, 1))
    found = nearest(start, ["Ti"], ["O"], 6)
    moved = start.copy()
    moved.positions += np.random.default_rng(1).normal(0, 0.2, moved.positions.shape)
    expected = found.vector + moved.positions[found.index] - start.positions[found.index]
    expected -= (moved.positions - start.positions)[found.centres][:, None]
    moved.positions += np.array([[1, 0, -2], [0, 3, 1], [-1, -1, 0], [2, 2, 2], [0, 0, 0]]) @ moved.cell.array
    np.testing.assert_allclose(found.vectors(moved), expected, atol=1e-9)
    stretched = start.copy()
    stretched.set_cell(start.cell.array * 1.1, scale_atoms=True)
    np.testing.assert_allclose(found.vectors(stretched), 1.1 * found.vector, atol=1e-9)


def test_displacements_are_from_the_middle_of_the_cage():
    start = perovskite((2, 2, 2))
    found = nearest(start, ["Ti"], ["O"], 6)
    moved = start.copy()
    shifts = np.random.default_rng(2).normal(0, 0.1, (8, 3))
    moved.positions[moved.symbols == "Ti"] += shifts
    np.testing.assert_allclose(displacements([start, moved], found).values, [np.zeros((8, 3)), shifts], atol=1e-9)


def test_a_file_of_neighbours_comes_back(tmp_path):
    atoms = perovskite((3, 3, 3))
    found = nearest(atoms, ["Ti"], ["O"], 6)
    found.write(tmp_path / "nl.dat")
    again = read_neighbours(tmp_path / "nl.dat", atoms)
    np.testing.assert_array_equal(again.index, found.index)
    np.testing.assert_allclose(again.vector, found.vector, atol=1e-9)
    first = (tmp_path / "nl.dat").read_text().split()[0]
    assert int(first) == found.centres[0] + 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1 2 3\n4 5\n", "line 2: expected the numbers"),
        ("1 2 99\n", "line 1: expected the numbers of a centre and its neighbours, 1 to 5"),
        ("1 2 x\n", "line 1"),
        ("# nothing\n", "no neighbours"),
        ("1 2 2\n", "stands twice"),
    ],
)
def test_bad_files(tmp_path, text, message):
    (tmp_path / "nl.dat").write_text(text)
    with pytest.raises(InputError, match=message):
        read_neighbours(tmp_path / "nl.dat", perovskite((1, 1, 1)))


def test_bad_input():
    with pytest.raises(InputError, match="no Sr in the structure, which has Ba O Ti"):
        nearest(perovskite(), ["Sr"], ["O"], 6)
    with pytest.raises(InputError, match=r"atom 2 \(Ti\) has 6 neighbours O within 3 A, expected 8"):
        nearest(perovskite(), ["Ti"], ["O"], 8, cutoff=3.0)
    with pytest.raises(InputError, match="frame 2: 1 atoms, but the neighbours are of a structure with more"):
        displacements([perovskite(), Atoms("O", cell=[4, 4, 4], pbc=True)], nearest(perovskite(), ["Ti"], ["O"], 6))
    with pytest.raises(InputError, match="no frames"):
        displacements([], nearest(perovskite(), ["Ti"], ["O"], 6))
