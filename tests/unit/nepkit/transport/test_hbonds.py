import numpy as np
import pytest
from ase import Atoms

from nepkit.core.errors import InputError
from nepkit.transport.hydroxide.hbonds import frame_bonds, hydrogen_bonds
from nepkit.transport.hydroxide.protonation import protonation
from nepkit.transport.mechanism.motion import motion_of
from tests.water_chains import chains


def dimer(distance=2.9, tilt=0.0, box=20.0, shift=0.0):
    """Two waters; the first gives a hydrogen whose bond is tilted (degrees) from the line of the oxygens."""
    angle = np.radians(tilt)
    places = np.array([
        [0, 0, 0], [0.96 * np.cos(angle), 0.96 * np.sin(angle), 0], [-0.24, -0.93, 0],
        [distance, 0, 0], [distance + 0.6, 0, 0.75], [distance + 0.6, 0, -0.75],
    ])  # fmt: skip
    atoms = Atoms("OH2OH2", positions=places + np.array([shift, 1, 1]), cell=[box] * 3, pbc=True)
    atoms.wrap()
    return motion_of([atoms, atoms], interval=0.1)


@pytest.mark.parametrize(
    ("distance", "tilt", "bonded"),
    [(2.9, 0, True), (2.9, 29, True), (2.9, 31, False), (3.49, 0, True), (3.51, 0, False)],
)
def test_the_criterion_of_luzar_and_chandler(distance, tilt, bonded):
    motion = dimer(distance, tilt)
    found = frame_bonds(motion, protonation(motion), 0)
    assert len(found.donor) == int(bonded)
    if bonded:
        assert (found.donor[0], found.acceptor[0], found.hydrogen[0]) == (0, 1, 0)
        away = np.hypot(distance - 0.96 * np.cos(np.radians(tilt)), 0.96 * np.sin(np.radians(tilt)))
        assert found.delta[0] == pytest.approx(away - 0.96)


def test_a_bond_across_the_face_of_the_cell_has_its_shift():
    motion = dimer(shift=18.0)
    found = frame_bonds(motion, protonation(motion), 0)
    assert found.shift.tolist() == [[1, 0, 0]]


def test_counts_network_and_rank_of_closed_chains():
    motion = motion_of(chains(0, count=4, length=8, frames=60).frames)
    found = hydrogen_bonds(motion, protonation(motion))
    # Along each chain of 8 all but one pair, opposite to the ion, is bonded; the ion gives none.
    assert found.accepted["OH"].value == 2.0
    assert found.donated["H2O"].value == 1.0
    assert found.accepted["H2O"].value == pytest.approx(5 / 7)
    assert found.accepted_by_ion.tolist() == [0, 0, 1]
    assert found.hydration == 7.0
    assert found.network.largest == pytest.approx(8 / 32)
    assert (found.network.rank == 0).all()
    assert found.network.neighbours == pytest.approx(2 * 7 / 8)


def test_a_ring_of_bonds_through_the_cell_percolates():
    # Waters in a row along x, each giving to the next, and the last to the first of the next cell.
    places, symbols = [], []
    for k in range(4):
        places += [[2.8 * k, 1, 1], [2.8 * k + 0.96, 1, 1], [2.8 * k - 0.24, 1.93, 1]]
        symbols += ["O", "H", "H"]
    atoms = Atoms(symbols, positions=places, cell=[11.2, 9, 9], pbc=True)
    motion = motion_of([atoms] * 3, interval=0.1)
    found = hydrogen_bonds(motion, protonation(motion))
    assert found.network.rank.tolist() == [1, 1, 1]
    assert found.network.wraps.tolist() == [[True, False, False]] * 3
    assert np.isnan(found.hydration)
    assert list(found.accepted) == ["H2O"]


def test_a_bond_that_breaks_at_random_has_its_lifetime():
    rng = np.random.default_rng(0)
    near, far = dimer(2.9), dimer(3.4, 40.0)
    bonded, frames = True, []
    for _ in range(1200):
        bonded = rng.random() >= 0.1 if bonded else rng.random() < 0.1
        source = near if bonded else far
        frames.append(Atoms(source.symbols, positions=source.fractional[0] * 20.0, cell=[20.0] * 3, pbc=True))
    motion = motion_of(frames, interval=0.05)
    found = hydrogen_bonds(motion, protonation(motion), longest=2.0).lifetime
    assert abs(found.lifetime.value - -0.05 / np.log(0.9)) < 3 * found.lifetime.error


def test_no_bond_at_all_is_an_error():
    motion = dimer(3.6)
    with pytest.raises(InputError, match="no hydrogen bond in any frame"):
        hydrogen_bonds(motion, protonation(motion))
