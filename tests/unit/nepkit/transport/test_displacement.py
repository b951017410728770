import numpy as np
import pytest
from ase import Atoms

from nepkit.core.errors import InputError
from nepkit.transport import follow
from nepkit.transport.displacement import check_times

CELL = np.array([[8.0, 0, 0], [3.0, 7.0, 0], [-2.0, 2.5, 9.0]])


def frames_of(paths, cells, interval=100.0):
    """Wrap the atoms of every frame into its cell."""
    frames = []
    for number, (positions, cell) in enumerate(zip(paths, cells, strict=True)):
        atoms = Atoms(f"Li{len(positions)}", positions=positions, cell=cell, pbc=True, info={"Time": interval * number})
        atoms.wrap()
        frames.append(atoms)
    return frames


@pytest.fixture
def paths():
    return np.random.default_rng(0).normal(scale=0.5, size=(60, 12, 3)).cumsum(axis=0)


def test_wrapped_paths_in_a_triclinic_cell_are_found_again(paths):
    found = follow(frames_of(paths, [CELL] * len(paths)))
    np.testing.assert_allclose(found.positions - found.positions[0], paths - paths[0], atol=1e-9)
    np.testing.assert_allclose(found.time, 0.1 * np.arange(60))
    assert found.timed
    assert found.volume == pytest.approx(8 * 7 * 9)


def test_continuous_paths_stay_as_they_are(paths):
    frames = [Atoms("Li12", positions=positions, cell=CELL, pbc=True) for positions in paths]
    found = follow(frames)
    np.testing.assert_allclose(found.positions, paths, atol=1e-9)
    assert not found.timed


def test_breathing_of_the_cell_does_not_move_atoms_at_rest():
    """Atoms that sit at their fractional coordinates many cells away must not seem to jump with the barostat."""
    scales = 1.0 + 0.02 * np.random.default_rng(1).normal(size=50)
    place = np.array([[0.9, 0.1, 0.5]])
    found = follow([Atoms("Li", scaled_positions=place, cell=CELL * scale, pbc=True) for scale in scales])
    np.testing.assert_allclose(found.positions, found.positions[:1].repeat(50, axis=0), atol=1e-9)


def test_steps_of_half_a_cell_are_refused():
    frames = [Atoms("Li", positions=[[x, 0, 0]], cell=np.eye(3) * 10, pbc=True) for x in (0.0, 1.0, 5.9)]
    with pytest.raises(InputError, match=r"frame 3: Li 1 moved by 0\.49 of the cell"):
        follow(frames)


def test_long_steps_are_noted():
    frames = [Atoms("Li", positions=[[x, 0, 0]], cell=np.eye(3) * 10, pbc=True) for x in (0.0, 3.0, 6.0)]
    assert "Li 1 moved by 0.30 of the cell between two frames" in follow(frames).notes[0]


@pytest.mark.parametrize(
    ("frames", "message"),
    [
        ([Atoms("Li", cell=CELL, pbc=True)], "1 frame, at least two"),
        ([Atoms("Li", cell=CELL, pbc=True), Atoms("Na", cell=CELL, pbc=True)], "frame 2: other atoms"),
        ([Atoms("Li"), Atoms("Li")], "frame 1: no cell"),
    ],
)
def test_bad_trajectories_get_one_line(frames, message):
    with pytest.raises(InputError, match=message):
        follow(frames)


def test_times_must_be_equally_spaced():
    check_times(np.array([0.0, 0.1, 0.2, 0.3]))
    with pytest.raises(InputError, match=r"run, frame 4: 0.2 ps after the frame before"):
        check_times(np.array([0.0, 0.1, 0.2, 0.4]), "run")
    with pytest.raises(InputError, match="frame 2: its time is not after"):
        check_times(np.array([0.0, 0.0]))


def test_paths_of_the_ions_alone_are_kept_and_the_framework_is_followed():
    rng = np.random.default_rng(2)
    walk = rng.normal(scale=0.3, size=(30, 6, 3)).cumsum(axis=0) + rng.uniform(0, 9, (6, 3))
    frames = [Atoms("LiOLiO2Li", positions=place, cell=CELL, pbc=True) for place in walk]
    for frame in frames:
        frame.wrap()
    whole, ions = follow(frames), follow(frames, keep=["Li"], dtype=np.float32)
    np.testing.assert_array_equal(ions.index, [0, 2, 5])
    assert ions.symbols == ("Li",) * 3
    assert ions.positions.dtype == np.float32
    expected = whole.positions[:, [0, 2, 5]]
    np.testing.assert_allclose(ions.positions, expected - expected[0], atol=1e-5)
    oxygen = whole.positions[:, [1, 3, 4]].mean(axis=1)
    np.testing.assert_allclose(ions.framework, oxygen - oxygen[0], atol=1e-12)
