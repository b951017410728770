import ase
import numpy as np
import pytest

from lr_correction.batch import Batch, forces_and_virial, neighbour_pairs
from lr_correction.errors import DataError
from tests.factories import random_frame

ELEMENTS = ("Li", "Cl", "Y")


def images(frame, cutoff):
    """Return all ordered pair vectors by summing over lattice translations."""
    reach = range(-8, 9)
    shifts = np.stack(np.meshgrid(reach, reach, reach), axis=-1).reshape(-1, 3) @ frame.cell.array
    vectors = frame.positions[None, :, None] - frame.positions[:, None, None] + shifts
    i, j, s = np.nonzero((np.linalg.norm(vectors, axis=-1) < cutoff) & (np.abs(vectors).sum(axis=-1) > 1e-9))
    return i, j, vectors[i, j, s]


@pytest.mark.parametrize("cutoff", [2.0, 5.0, 9.0], ids=["few", "beyond half the cell", "beyond the cell"])
@pytest.mark.parametrize("handed", [1, -1])
def test_pairs_are_all_images(cutoff, handed):
    frame = random_frame(3, grid=(1, 2, 2))
    frame.set_cell(frame.cell.array[::handed])
    frame.positions += 30  # far outside the cell
    pairs = neighbour_pairs(Batch.from_atoms([frame], ELEMENTS), cutoff)
    i, j, vectors = images(frame, cutoff)
    found = np.column_stack([pairs.centre, pairs.neighbour, pairs.vector.round(6)])
    expected = np.column_stack([i, j, vectors.round(6)])
    assert len(found) == len(expected) > 0
    np.testing.assert_allclose(found[np.lexsort(found.T)], expected[np.lexsort(expected.T)], atol=2e-6)


def test_frames_are_laid_end_to_end():
    frames = [random_frame(1), random_frame(2, grid=(1, 1, 3))]
    batch = Batch.from_atoms(frames, ELEMENTS)
    assert len(batch) == 2
    assert batch.offsets == (0, 12, 15)
    assert [ELEMENTS[t] for t in batch.types] == [*frames[0].symbols, *frames[1].symbols]
    np.testing.assert_array_equal(batch.system, [0] * 12 + [1] * 3)
    np.testing.assert_allclose(batch.volumes, [frame.cell.volume for frame in frames])
    pairs = neighbour_pairs(batch, 4.0)
    assert (np.diff(pairs.centre) >= 0).all()
    assert (batch.system[pairs.centre] == batch.system[pairs.neighbour]).all()
    alone = neighbour_pairs(Batch.from_atoms(frames[1:], ELEMENTS), 4.0)
    np.testing.assert_array_equal(pairs.vector[pairs.centre >= 12], alone.vector)


def test_an_atom_alone_has_no_pairs():
    atom = ase.Atoms("Li", cell=[20, 20, 20], pbc=True)
    pairs = neighbour_pairs(Batch.from_atoms([atom], ELEMENTS), 5.0)
    assert len(pairs) == 0
    assert pairs.vector.shape == (0, 3)


def test_single_precision_is_kept():
    batch = Batch.from_atoms([random_frame(1)], ELEMENTS, dtype=np.float32)
    assert batch.positions.dtype == batch.volumes.dtype == neighbour_pairs(batch, 4.0).vector.dtype == np.float32


def changed(**changes):
    frame = random_frame(1)
    for name, value in changes.items():
        setattr(frame, name, value)
    return frame


@pytest.mark.parametrize(
    ("frames", "message"),
    [
        ([], "no frames given"),
        ([ase.Atoms(cell=[5, 5, 5], pbc=True)], "frame 1: no atoms"),
        ([random_frame(1), ase.Atoms("Na", cell=[5, 5, 5], pbc=True)], "frame 2: element Na is not in the model"),
        ([changed(pbc=(True, True, False))], 'frame 1: pbc is "T T F"'),
        ([changed(cell=np.zeros((3, 3)))], "frame 1: the cell has no volume"),
        ([changed(positions=np.full((12, 3), np.nan))], "frame 1: positions and cell must be finite"),
    ],
)
def test_unusable_frames_are_refused_in_one_line(frames, message):
    with pytest.raises(DataError, match=message) as error:
        Batch.from_atoms(frames, ELEMENTS)
    assert "\n" not in str(error.value)


def test_coinciding_atoms_are_named():
    frame = ase.Atoms("LiClLi", [[0, 0, 0], [2, 0, 0], [6, 0, 0]], cell=[6, 6, 6], pbc=True)
    with pytest.raises(DataError, match="frame 1: atoms 1 and 3 are at the same place"):
        neighbour_pairs(Batch.from_atoms([frame], ELEMENTS), 3.0)


def test_forces_and_virial_of_springs():
    frames = [random_frame(4), random_frame(5)]
    cutoff, step = 4.0, 1e-5

    def energy(frames):
        batch = Batch.from_atoms(frames, ELEMENTS)
        pairs = neighbour_pairs(batch, cutoff)
        square = (pairs.vector**2).sum(axis=1)
        well = np.where(square < cutoff**2, (square - cutoff**2) ** 3, 0)
        gradient = 6 * ((square - cutoff**2) ** 2)[:, None] * pairs.vector
        energies = np.bincount(batch.system[pairs.centre], well, minlength=len(batch))
        return energies, *forces_and_virial(batch, pairs, gradient)

    _, forces, virial = energy(frames)
    direction = np.random.default_rng(0).normal(size=(12, 3))
    strain = np.random.default_rng(1).normal(size=(3, 3))
    moved, strained = [], []
    for sign in (1, -1):
        shifted = frames[1].copy()
        shifted.positions += sign * step * direction
        moved.append(energy([frames[0], shifted])[0])
        stretched = frames[1].copy()
        stretched.set_cell(stretched.cell.array @ (np.eye(3) + sign * step * strain), scale_atoms=True)
        strained.append(energy([frames[0], stretched])[0])
    np.testing.assert_allclose((moved[0] - moved[1]) / (2 * step), [0, -(forces[12:] * direction).sum()], rtol=1e-6)
    np.testing.assert_allclose((strained[0] - strained[1]) / (2 * step), [0, -(virial[1] * strain).sum()], rtol=1e-6)
