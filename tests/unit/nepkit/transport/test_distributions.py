import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from ase.geometry.rdf import get_rdf
from scipy.stats import chi

from nepkit.core.errors import InputError, UnknownNameError
from nepkit.transport.mechanism.contacts import contact_times
from nepkit.transport.mechanism.motion import Motion
from nepkit.transport.mechanism.radial import radial
from nepkit.transport.mechanism.van_hove import van_hove
from tests.walks import brownian

CELL = np.array([[12.0, 0, 0], [3.0, 12.0, 0], [0, -2.0, 12.0]])


def gas(frames=40, seed=0):
    rng = np.random.default_rng(seed)
    return [Atoms("Li80Cl40", positions=rng.random((120, 3)) @ CELL, cell=CELL, pbc=True) for _ in range(frames)]


def walkers(d, seed=0, frames=400, atoms=40):
    """Brownian walkers (d in A^2 per frame) in a triclinic cell, from random places; and one atom at rest."""
    rng = np.random.default_rng(seed)
    paths = rng.random((atoms, 3)) @ CELL + brownian(seed, frames=frames, atoms=atoms, d=d)
    fractional = np.concatenate([np.linalg.solve(CELL.T, paths.reshape(-1, 3).T).T.reshape(paths.shape),
                                 np.zeros((frames, 1, 3))], axis=1)  # fmt: skip
    cells = np.repeat(CELL[None], frames, axis=0)
    return Motion("run", fractional, cells, ("Li",) * atoms + ("O",), np.ones(atoms + 1), 0.1)


def test_the_ideal_gas_is_flat_beyond_half_of_the_cell():
    for found in radial(gas(24), longest=11.6, width=0.2):
        z = (found.g - 1.0)[10:] / found.g_error[10:]
        assert abs(z.mean()) < 1.0
        assert np.std(z) == pytest.approx(1.1, abs=0.4)  # Student's with seven degrees of freedom
        others = {"Li": 80, "Cl": 40}[found.pair[1]] - (found.pair[0] == found.pair[1])
        density = others / 12.0**3
        assert found.number[-1] == pytest.approx(density * 4 / 3 * np.pi * found.edges[-1] ** 3, rel=0.05)
        assert found.coordination is None


def test_rock_salt_has_its_shells():
    frames = []
    for seed in range(4):
        atoms = bulk("NaCl", "rocksalt", 5.64, cubic=True)  # smaller than twice the largest distance
        atoms.rattle(0.08, seed=seed)
        frames.append(atoms)
    same, other, _ = radial(frames, longest=6.0)
    assert other.pair == ("Na", "Cl")
    assert other.peak == pytest.approx(2.82, abs=0.1)
    assert other.coordination.value == 6.0
    assert same.coordination.value == 12.0


def test_it_is_the_function_that_ase_computes():
    rng = np.random.default_rng(3)
    atoms = bulk("NaCl", "rocksalt", 5.64, cubic=True).repeat(3)
    atoms.positions += rng.normal(scale=0.2, size=atoms.positions.shape)
    pairs = [("Na", "Cl"), ("Na", "Na")]
    found = radial([atoms], pairs, longest=7.0, width=0.1)
    for one, numbers, factor in zip(found, ([11, 17], [11, 11]), (1.0, 107 / 108), strict=True):
        theirs, distance = get_rdf(atoms, 7.0, 70, elements=numbers)
        # ASE divides by the volume of a shell to first order, and counts an atom as its own neighbour in the density.
        shells = 4 * np.pi * distance**2 * 0.1 / (4 / 3 * np.pi * np.diff(one.edges**3))
        np.testing.assert_allclose(one.g * factor, theirs * shells, rtol=2e-3, atol=1e-3)


def test_the_cell_of_each_frame_counts():
    atoms = bulk("NaCl", "rocksalt", 5.64, cubic=True)
    wide = atoms.copy()
    wide.set_cell(atoms.cell * 1.1, scale_atoms=True)
    found = radial([atoms, wide], [("Na", "Cl")], longest=4.0, width=0.02)[0]
    assert found.distance[found.g > 0] == pytest.approx([2.82, 3.102], abs=0.02)
    assert found.number[-1] == 6.0


@pytest.mark.parametrize("lag", [1, 10])
def test_brownian_walkers_are_gaussian(lag):
    d = 0.02
    found = van_hove(walkers(d), "Li", [0.1 * lag], longest=5.0)
    expected = np.diff(chi(3, scale=np.sqrt(2 * d * lag)).cdf(found.edges)) / np.diff(found.edges)
    np.testing.assert_allclose(found.self_part[0], expected, atol=5 * found.self_error.max())
    assert (found.self_part[0] * np.diff(found.edges)).sum() == pytest.approx(1.0)
    assert abs(found.non_gaussian[0]) < 4 * found.non_gaussian_error[0]
    assert found.non_gaussian_error[0] < 0.1
    np.testing.assert_allclose(found.distinct[0][10:].mean(), 1.0, atol=0.1)


def test_the_distinct_part_begins_as_the_radial_distribution():
    motion = walkers(0.0, frames=4)
    found = van_hove(motion, "Li", [0.0], longest=9.0, width=0.5)
    frames = [Atoms("Li40", positions=motion.place(0)[:40], cell=CELL, pbc=True)]
    np.testing.assert_allclose(found.distinct[0], radial(frames, longest=9.0, width=0.5)[0].g, rtol=1e-9)
    assert np.isnan(found.non_gaussian[0])  # nothing has moved


def test_few_that_jump_far_are_not_gaussian():
    motion = walkers(1e-6, frames=300)
    jumped = motion.fractional.copy()
    jumped[150:, :3, 0] += 3.0 / 12.0
    found = van_hove(Motion("run", jumped, *[getattr(motion, name) for name in ("cells", "symbols", "masses")], 0.1),
                     "Li", [1.0], distinct=False)  # fmt: skip
    assert found.non_gaussian[0] > 20
    assert len(found.distinct) == 0
    peak = found.distance[found.distance > 1.0][np.argmax(found.self_part[0][found.distance > 1.0])]
    assert peak == pytest.approx(3.0, abs=0.1)


def test_contacts_of_ions_that_come_and_go():
    rng = np.random.default_rng(0)
    near, rows = rng.random(60) < 0.5, []
    for _ in range(800):
        near = np.where(near, rng.random(60) >= 0.05, rng.random(60) < 0.05)
        x = np.where(near, 0.1, 0.25)
        rows.append(np.concatenate([np.stack([x, 0 * x, (np.arange(60) + 0.5) / 60], axis=1),
                                    np.stack([0 * x, 0 * x, (np.arange(60) + 0.5) / 60], axis=1)]))  # fmt: skip
    cells = np.repeat(np.diag([20.0, 20.0, 300.0])[None], 800, axis=0)
    motion = Motion("run", np.array(rows), cells, ("Li",) * 60 + ("O",) * 60, np.ones(120), 0.1)
    found = contact_times(motion, "Li", ["O"], 3.0)
    assert abs(found.survival.lifetime.value - -0.1 / np.log(0.95)) < 3 * found.survival.lifetime.error
    assert found.coordination == pytest.approx(0.5, abs=0.05)


def test_bad_input_gets_one_line():
    with pytest.raises(UnknownNameError, match="frames: no Na"):
        radial(gas(2), [("Na", "Cl")], where="frames")
    with pytest.raises(InputError, match="frame 2: other atoms"):
        radial([*gas(1), Atoms("Li", cell=CELL, pbc=True)])
    with pytest.raises(InputError, match="no cell, so no density"):
        radial([Atoms("Li2", positions=np.eye(3)[:2])])
    with pytest.raises(InputError, match="no frames"):
        radial([])
    with pytest.raises(InputError, match="expected some from 0 to"):
        van_hove(walkers(0.01, frames=10), "Li", [5.0])
    with pytest.raises(InputError, match="give other elements"):
        contact_times(walkers(0.01, frames=10), "Li", ["Li"], 3.0)
    with pytest.raises(InputError, match=r"no Li is ever within 0\.001 A of O"):
        contact_times(walkers(0.01, frames=10), "Li", ["O"], 0.001)
