import numpy as np
import pytest
from ase.calculators.vasp import VaspChargeDensity
from ase.io.cube import read_cube
from ase.units import Bohr

from nepkit.core.conventions import BOLTZMANN
from nepkit.core.errors import InputError, OutputError
from nepkit.transport.mechanism.density import density, write_density
from nepkit.transport.mechanism.free_energy import barrier, way_through
from nepkit.transport.mechanism.motion import Motion, motion_of
from tests.lattice_hops import SIDE, box, hops, trajectory

CELL = np.array([[4.0, 0, 0], [1.0, 4.0, 0], [0, 1.0, 4.0]])
T, HALF_BARRIER = 600.0, 0.06


def boltzmann(seed=0, frames=1000, ions=50):
    """Ions in a channel along a with the potential HALF_BARRIER (1 - cos 2 pi a), narrow along b and c."""
    rng = np.random.default_rng(seed)
    tries = rng.random(20 * frames * ions)
    weight = np.exp(-HALF_BARRIER * (1 - np.cos(2 * np.pi * tries)) / (BOLTZMANN * T))
    a = tries[rng.random(len(tries)) < weight][: frames * ions].reshape(frames, ions)
    rest = rng.normal(scale=0.05, size=(2, frames, ions)) + 0.5
    paths = np.stack([a, *rest], axis=-1)
    paths = np.concatenate([paths, np.zeros((frames, 1, 3))], axis=1)
    cells = np.repeat(CELL[None], frames, axis=0)
    return Motion("run", paths, cells, ("Li",) * ions + ("O",), np.ones(ions + 1), 1.0)


def channel(n):
    """Free energy of the saddle on a grid of n points along a, whose voxels average over their length."""
    edges = np.linspace(0, 1, n + 1)
    fine = (np.arange(20000) + 0.5) / 20000
    weight = np.exp(HALF_BARRIER * np.cos(2 * np.pi * fine) / (BOLTZMANN * T))
    share = np.add.reduceat(weight, np.searchsorted(fine, edges[:-1]))
    return -BOLTZMANN * T * np.log(share.min() / share.max())


def test_density_counts_every_ion_once():
    found = density(boltzmann(frames=100), "Li", spacing=0.5)
    assert found.values.sum() * found.voxel == pytest.approx(50.0)
    smooth = density(boltzmann(frames=100), "Li", spacing=0.5, smooth=0.4)
    assert smooth.values.sum() * smooth.voxel == pytest.approx(50.0)
    assert smooth.values.max() < found.values.max()


def test_the_barrier_of_a_known_potential():
    found = density(boltzmann(), "Li", spacing=0.5)
    saddle = barrier(found, T)
    assert abs(saddle.energy.value - channel(found.shape[0])) < 3 * saddle.energy.error
    assert saddle.energy.error < 0.01
    assert saddle.energy.value == pytest.approx(2 * HALF_BARRIER, abs=0.015)
    assert saddle.rank == 1
    assert saddle.visits > 100
    assert barrier(found, T, along="a").energy == saddle.energy
    with pytest.raises(InputError, match="no way of Li through the cell around b"):
        barrier(found, T, along="b")


def test_errors_of_the_barrier_are_those_of_repeated_runs():
    z = []
    for seed in range(16):
        found = density(boltzmann(seed, frames=300), "Li", spacing=0.6)
        saddle = barrier(found, T).energy
        z.append((saddle.value - channel(found.shape[0])) / saddle.error)
    assert np.std(z) == pytest.approx(1.0, abs=0.4)
    assert abs(np.mean(z)) < 1.0


def test_the_way_leads_over_the_saddle_to_the_next_image():
    found = density(boltzmann(), "Li", spacing=0.5)
    saddle = barrier(found, T)
    way = way_through(found, saddle, T)
    np.testing.assert_allclose(way.place[-1] - way.place[0], [1, 0, 0], atol=1e-9)
    assert way.energy.max() == pytest.approx(saddle.energy.value, abs=1e-9)
    assert way.energy[0] == 0.0
    assert way.distance[-1] == pytest.approx(4.0, abs=1.5)  # at most some steps aside


def test_cube_and_chgcar_hold_the_density(tmp_path):
    found = density(boltzmann(frames=50), "Li", spacing=0.8)
    assert write_density(tmp_path / "a.cube", found) == "cube"
    assert write_density(tmp_path / "CHGCAR_Li", found) == "CHGCAR"
    with (tmp_path / "a.cube").open() as file:
        cube = read_cube(file)
    np.testing.assert_allclose(cube["data"] / Bohr**3, found.values, atol=1e-5)
    np.testing.assert_allclose(cube["atoms"].cell, CELL, atol=1e-4)
    np.testing.assert_allclose(VaspChargeDensity(str(tmp_path / "CHGCAR_Li")).chg[0], found.values, atol=1e-8)
    with pytest.raises(OutputError):
        write_density(tmp_path / "a.cube", found)


def test_wrapped_triclinic_frames_of_a_breathing_cell_that_drifts():
    paths, _ = hops(0, frames=300, drift=2e-3, rattle=0.1)
    found = density(motion_of(trajectory(paths, breathe=0.01, drift=2e-3), ["Li"]), "Li", spacing=0.75)
    middle = np.stack(np.meshgrid(*[(np.arange(n) + 0.5) / n for n in found.shape], indexing="ij"), axis=-1)
    away = middle * SIDE - 0.5
    far = np.linalg.norm((away - np.round(away)) / SIDE @ box(), axis=-1)
    assert found.values[far < 0.9].sum() / found.values.sum() > 0.98
    assert (far < 0.9).mean() < 0.15


@pytest.mark.parametrize(
    ("how", "message"),
    [({"spacing": 0.0}, "expected more than zero"), ({"smooth": -1.0}, "expected more than zero"),
     ({"spacing": 0.005}, "too fine; take a larger spacing")],
)  # fmt: skip
def test_bad_grids_are_refused(how, message):
    with pytest.raises(InputError, match=message):
        density(boltzmann(frames=10), "Li", **how)
