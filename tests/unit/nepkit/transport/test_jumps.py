import numpy as np
import pytest
from ase import Atoms

from nepkit.core.errors import InputError, UnknownNameError
from nepkit.transport.mechanism.density import density
from nepkit.transport.mechanism.jumps import events_of, jumps
from nepkit.transport.mechanism.motion import Motion, motion_of
from nepkit.transport.mechanism.occupation import occupy
from nepkit.transport.mechanism.sites import Sites, find_sites, given_sites, symmetrise
from nepkit.transport.mechanism.strings import strings
from tests.lattice_hops import SIDE, SITES, A, box, hops, trajectory, vacancy

LATTICE = Sites((SITES + 0.5) / SIDE, ("site",) * len(SITES), box(), "lattice")


def off_lattice(place):
    """Largest distance of fractional coordinates from the true sites, A."""
    away = place * SIDE - 0.5
    return np.linalg.norm((away - np.round(away)) / SIDE @ box(), axis=1).max()


@pytest.fixture(scope="module")
def hopping():
    paths, done = hops(1, share=0.02, drift=1e-4)
    return motion_of(trajectory(paths, breathe=0.003, drift=1e-4), ["Li"]), done


def test_sites_are_found_in_the_density(hopping):
    motion, _ = hopping
    found = density(motion, "Li", spacing=0.4, smooth=0.3)
    sites = find_sites(found)
    assert len(sites.place) == len(SITES)
    assert off_lattice(sites.place) < 0.25  # a site that was visited a few times only is off by its noise
    assert np.allclose(LATTICE.nearest(), A)


def test_symmetry_completes_sites_and_sharpens_them(hopping):
    motion, _ = hopping
    found = density(motion, "Li", spacing=0.4, smooth=0.3)
    some = find_sites(found)
    few = Sites(some.place[::5], some.kind[::5], some.cell, "part")
    sites = symmetrise(few, found.structure)
    assert len(sites.place) == len(SITES)
    assert sites.kinds == ["A"]
    assert off_lattice(sites.place) < 1e-6  # a special position
    assert "symmetric" in sites.origin


def test_every_hop_is_found_and_no_other(hopping):
    motion, done = hopping
    occupation = occupy(motion, "Li", LATTICE)
    found = events_of(occupation)
    assert sorted(zip(found.frame.tolist(), found.ion.tolist(), strict=True)) == sorted(
        (frame, ion) for frame, ion, _ in done
    )
    np.testing.assert_allclose(sorted(found.length), sorted(np.linalg.norm(step / SIDE @ box()) for *_, step in done))
    total = occupation.path()[-1] - occupation.path()[0]
    expected = np.zeros_like(total)
    for _, ion, step in done:
        expected[ion] += step / SIDE @ box()
    np.testing.assert_allclose(total, expected, atol=1e-9)  # images are kept


def test_rates_times_and_correlation_of_poisson_hops(hopping):
    motion, _ = hopping
    found = jumps(occupy(motion, "Li", LATTICE))
    assert abs(found.rate.value - 0.2) < 3 * found.rate.error
    assert found.rate.error / found.rate.value == pytest.approx(1 / np.sqrt(len(found.events.ion)), rel=0.5)
    stay = found.residence["site"].lifetime
    assert abs(stay.value - -0.1 / np.log(0.98)) < 3 * stay.error
    assert abs(found.correlation.value - 1.0) < 3 * found.correlation.error
    assert found.correlation.error < 0.1
    assert found.backward == pytest.approx(1 / 6, abs=0.05)
    assert found.pairs[0].length == pytest.approx(np.mean(np.linalg.norm(motion.cell / SIDE, axis=1)), abs=0.02)


def test_the_correlation_factor_of_hops_that_tend_to_return():
    paths, _ = hops(3, share=0.05, ions=60, frames=3000, reverse=0.7)
    found = jumps(occupy(motion_of(trajectory(paths), ["Li"]), "Li", LATTICE))
    assert found.correlation.value == pytest.approx(0.3 / 0.7, abs=3 * found.correlation.error)
    assert found.correlation.error < 0.06
    assert found.backward == pytest.approx(0.7, abs=0.03)


def test_the_correlation_factor_of_a_vacancy_in_a_simple_cubic_crystal():
    paths = vacancy(1, jumps=2500)
    side = 6
    cells = np.repeat(np.eye(3)[None] * A * side, len(paths), axis=0)
    # A framework at rest that is no part of the crystal, so that its drift is not that of the vacancy.
    fractional = np.concatenate([paths / side + 0.25 / side, np.zeros((len(paths), 1, 3))], axis=1)
    atoms = len(fractional[0]) - 1
    motion = Motion("vacancy", fractional, cells, ("Li",) * atoms + ("O",), np.ones(atoms + 1), 1.0)
    corners = np.stack(np.meshgrid(*[np.arange(side)] * 3, indexing="ij"), axis=-1).reshape(-1, 3)
    sites = Sites((corners + 0.25) / side, ("site",) * side**3, cells[0], "lattice")
    found = jumps(occupy(motion, "Li", sites))
    assert len(found.events.ion) == len(paths) - 1
    assert found.rate.value == pytest.approx(1 / atoms)
    # 0.6531 in an infinite crystal, 0.6581 in one of 6^3 sites (benchmarks/calibration.py).
    assert abs(found.correlation.value - 0.6581) < 3 * found.correlation.error
    assert found.correlation.error < 0.07
    # Of atoms that jump again, to the place before with the mean cosine (f - 1) / (f + 1) = -0.21, and more besides.
    assert 0.21 < found.backward < 0.5


def rattling(frames, amplitude, seed=0):
    """One ion that swings across the border between two sites, another that really hops, and the framework."""
    rng = np.random.default_rng(seed)
    swing = 0.5 + amplitude * np.sin(np.arange(frames)) + 0.01 * rng.normal(size=frames)
    place = np.zeros((frames, 2, 3)) + 1.0 / (2 * SIDE)
    place[:, 0, 0] += swing / SIDE
    place[:, 1, 1] += 0.5 + (np.arange(frames) >= frames // 2) / SIDE
    return motion_of(trajectory(place), ["Li"])


def test_flicker_at_a_border_is_no_jump():
    found = events_of(occupy(rattling(400, 0.1), "Li", LATTICE))
    assert found.ion.tolist() == [1]
    assert found.frame.tolist() == [200]
    nearest = np.round(rattling(400, 0.1).fractional[:, 0, 0] * SIDE - 0.5)
    assert (np.diff(nearest) != 0).sum() > 100  # which is what the nearest site would count


def test_short_stays_can_be_left_out():
    motion = rattling(400, 0.5)  # into the cores and back within three frames
    assert len(events_of(occupy(motion, "Li", LATTICE)).ion) > 50
    found = events_of(occupy(motion, "Li", LATTICE, settle=1.0))
    assert found.ion.tolist() == [1]


def test_a_jump_to_the_own_image_counts():
    one = Sites(np.array([[0.5, 0.5, 0.5]]), ("site",), np.eye(3) * 4, "one")
    place = np.array([0.5, 0.55, 0.8, 1.1, 1.45, 1.5, 1.5])
    frames = [Atoms("LiO", scaled_positions=[[x % 1, 0.5, 0.5], [0, 0, 0]], cell=[4] * 3, pbc=True) for x in place]
    found = events_of(occupy(motion_of(frames, ["Li"], interval=1.0), "Li", one))
    assert found.frame.tolist() == [4]
    np.testing.assert_allclose(found.vector, [[4, 0, 0]])


def test_occupancy_of_sites_with_errors():
    paths, _ = hops(2, share=0.3, frames=1500)  # quick, so that blocks of time are independent
    motion = motion_of(trajectory(paths), ["Li"])
    occupation = occupy(motion, "Li", LATTICE)
    assert occupation.occupancy_of_kinds()["site"].value == pytest.approx(20 / 64)
    parts = occupation.occupancies()
    assert sum(part.value for part in parts) == pytest.approx(20.0)
    z = [(part.value - 20 / 64) / part.error for part in parts]
    assert np.std(z) == pytest.approx(1.0, abs=0.5)


def ring_and_walkers(seed=0, frames=2000):
    """Four ions that turn round a square all at once, and ten that hop alone on other layers."""
    rng = np.random.default_rng(seed)
    corners = np.array([[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]])
    turn, alone = 0, np.array([[k % SIDE, k // SIDE, 2] for k in range(10)], dtype=float)
    rows, turns = [], 0
    for frame in range(frames):
        if frame and rng.random() < 0.01:
            turn, turns = turn + 1, turns + 1
        for ion in np.flatnonzero(rng.random(10) < 0.004 * bool(frame)):
            alone[ion, rng.integers(2)] += rng.choice([-1, 1])
        rows.append(np.concatenate([corners[(np.arange(4) + turn) % 4], alone]) / SIDE)
    paths = np.array(rows) + 1.0 / (2 * SIDE) + 0.01 * rng.normal(size=(frames, 14, 3))
    return motion_of(trajectory(paths), ["Li"]), turns


def test_a_ring_that_turns_as_one_is_seen():
    motion, turns = ring_and_walkers()
    events = events_of(occupy(motion, "Li", LATTICE))
    found = strings(events, motion.frames, motion.interval, 0.0)
    assert found.rings == turns
    assert found.followers == 4 * turns
    assert found.lengths[3] == turns
    assert found.p_value < 0.01
    assert found.excess > 10


def test_independent_ions_follow_each_other_as_chance_has_it():
    z, p = [], []
    for seed in range(6):
        paths, _ = hops(seed, share=0.02, frames=1500)
        events = events_of(occupy(motion_of(trajectory(paths), ["Li"]), "Li", LATTICE))
        found = strings(events, 1500, 0.1, 1.0, seed=seed, shuffles=100)
        z.append(found.excess)
        p.append(found.p_value)
    assert abs(np.mean(z)) < 1.0
    assert np.std(z) == pytest.approx(1.0, abs=0.6)
    assert min(p) > 0.005


def test_given_sites_and_their_kinds():
    structure = Atoms("Li2Cl", scaled_positions=[[0.1, 0, 0], [0.9, 0, 0], [0.5, 0.5, 0.5]], cell=box(), pbc=True)
    assert given_sites(structure, ["Li"], box()).kind == ("Li", "Li")
    structure.set_array("site", np.array(["oct", "tet", "x"]))
    assert given_sites(structure, [], box()).kinds == ["oct", "tet", "x"]
    with pytest.raises(UnknownNameError, match="no Na"):
        given_sites(structure, ["Na"], box())
    with pytest.raises(InputError, match="its cell is not that of the trajectory"):
        given_sites(structure, [], 2 * box())


def test_bad_input_gets_one_line(hopping):
    motion, _ = hopping
    with pytest.raises(InputError, match=r"sites are as close as 3\.00 A, take less"):
        occupy(motion, "Li", LATTICE, core=1.6)
    with pytest.raises(UnknownNameError, match="no K"):
        occupy(motion, "K", LATTICE)
    with pytest.raises(InputError, match="expected a small part of it"):
        strings(events_of(occupy(motion, "Li", LATTICE)), 2000, 0.1, 500.0)
    calm = motion_of(trajectory(np.full((5, 1, 3), 1 / 8)), ["Li"])
    with pytest.raises(InputError, match="Li does not jump"):
        events_of(occupy(calm, "Li", LATTICE))
    elsewhere = Sites(LATTICE.place + 0.5 / SIDE, LATTICE.kind, LATTICE.cell, "wrong")
    with pytest.raises(InputError, match="is ever at a site"):
        occupy(calm, "Li", elsewhere)
    with pytest.raises(InputError, match="every atom is an ion"):
        symmetrise(LATTICE, Atoms(cell=box(), pbc=True))
