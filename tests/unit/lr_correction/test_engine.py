"""The compiled engine gives what our own arrays give, for every kind of model, cell and vector."""

import copy
import pickle
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from importlib import import_module

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from hypothesis import given, settings
from hypothesis import strategies as st

from lr_correction import engine as module
from lr_correction.batch import Batch, neighbour_pairs
from lr_correction.correction import LongRangePotential
from lr_correction.descriptors import forward, short_range
from lr_correction.engine import Engine
from lr_correction.errors import ModelError
from tests.factories import random_frame, random_nep

KINDS = {
    "all invariants": {},
    "no invariants": {"invariants": ()},
    "l_max 1": {"l_max": 1, "invariants": ()},
    "l_max 2": {"l_max": 2, "invariants": ("222", "112")},
    "l_max 8": {"l_max": 8},
    "many functions": {"n_max": (9, 8), "basis_size": (12, 10), "neurons": 37},
    "few functions": {"n_max": (0, 0), "basis_size": (0, 0), "neurons": 1},
    "version 3": {"version": 3},
    "version 5": {"version": 5},
    "universal repulsion": {"zbl": (0.7, 1.9, None)},
    "repulsion of its own radii": {"zbl": (0.7, 1.9, 0.7)},
    "flexible repulsion": {"flexible": True},
    "cutoffs of its own": {"typewise": ((4.5, 3.0), (4.0, 3.5), (3.5, 2.5))},
    "charges, mode 1": {"charge_mode": 1},
    "charges, mode 2": {"charge_mode": 2, "zbl": (0.7, 1.9, None)},
}


def variants():
    """Return the kernels that this processor can run, where they were compiled."""
    try:
        there = import_module("lr_correction._kernel").supported()
    except ImportError:
        return []
    names = [name for name, on in zip(("_kernel_avx512", "_kernel_avx2"), there, strict=True) if on]
    return ["_kernel", *names]


@pytest.fixture(autouse=True)
def compiled(compiled_kernel, monkeypatch):
    monkeypatch.setattr(module, "kernel", lambda: compiled_kernel)


def run(engine, atoms, **wanted):
    types = [engine.nep.elements.index(symbol) for symbol in atoms.symbols]
    return engine.evaluate(atoms.positions, types, atoms.cell.array, atoms.pbc, **wanted)


def check(found, nep, atoms, close=1e-11):
    batch = Batch.from_atoms([atoms], nep.elements)
    if nep.charge_mode:
        expected = LongRangePotential.from_nep(nep).evaluate([atoms], bec=True)
        np.testing.assert_allclose(found.charges, expected.charges, atol=close)
        np.testing.assert_allclose(found.bec, expected.bec, atol=100 * close)
    else:
        expected = short_range(nep, batch)
        np.testing.assert_allclose(found.energies, expected.atom_energy, atol=close)
    scale = 1 + np.abs(expected.forces).max()
    np.testing.assert_allclose(found.energy, expected.energy[0], rtol=close, atol=10 * close)
    np.testing.assert_allclose(found.forces, expected.forces, atol=10 * scale * close)
    np.testing.assert_allclose(found.virial, expected.virial[0], atol=100 * scale * close)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_model(kind):
    nep = random_nep(**KINDS[kind])
    engine = Engine(nep)
    for seed in range(2):
        atoms = random_frame(seed)
        found = run(engine, atoms, bec=True, features=True)
        check(found, nep, atoms)
        batch = Batch.from_atoms([atoms], nep.elements)
        state = forward(nep, batch, neighbour_pairs(batch, nep.cutoff_radial))
        for name in ("descriptors", "hidden", "moments"):
            np.testing.assert_allclose(getattr(found, name), getattr(state, name), atol=1e-11)


@pytest.mark.parametrize("name", variants())
def test_every_width_of_vectors(name, monkeypatch):
    widths = pytest.importorskip(f"lr_correction.{name}")
    monkeypatch.setattr(module, "kernel", lambda: widths)
    for how in ({}, {"charge_mode": 1, "l_max": 5}):
        nep = random_nep(**how)
        atoms = random_frame(3, grid=(2, 3, 3))
        check(run(Engine(nep), atoms, bec=True), nep, atoms)
        single = run(Engine(nep, single=True), atoms, bec=True)
        check(single, nep, atoms, close=2e-5)
        assert np.abs(single.forces - run(Engine(nep), atoms).forces).max() > 1e-9


@settings(max_examples=20)
@given(st.integers(0, 10**6), st.sampled_from([(1, 1, 1), (1, 2, 3), (2, 2, 5), (7, 1, 1), (6, 6, 1)]))
def test_cells_of_every_shape_atoms_outside_of_them_and_left_handed_ones(seed, grid):
    nep = random_nep(elements=("Li", "Cl"))
    atoms = random_frame(seed, grid=grid, elements=("Li", "Cl") if np.prod(grid) > 1 else ("Li",), rattle=0.3)
    rng = np.random.default_rng(seed)
    atoms.positions += rng.integers(-2, 3, (len(atoms), 3)) @ atoms.cell.array
    if seed % 2:
        atoms.set_cell(atoms.cell.array[[1, 0, 2]])
    check(run(Engine(nep), atoms), nep, atoms)


@pytest.mark.parametrize("pbc", [(0, 0, 0), (1, 0, 0), (1, 1, 0), (0, 1, 1)])
def test_directions_that_are_not_periodic(pbc):
    nep = random_nep()
    atoms = random_frame(5, grid=(2, 2, 3))
    large = atoms.copy()  # the same with vacuum, in a cell that is periodic
    for axis in np.flatnonzero(np.logical_not(pbc)):
        large.center(vacuum=20.0, axis=int(axis))
    large.pbc = True
    atoms.pbc = pbc
    found, expected = run(Engine(nep), atoms), run(Engine(nep), large)
    np.testing.assert_allclose(found.energies, expected.energies, atol=1e-12)
    np.testing.assert_allclose(found.forces, expected.forces, atol=1e-12)
    np.testing.assert_allclose(found.virial, expected.virial, atol=1e-11)


def test_one_atom_and_none():
    nep = random_nep(elements=("Cu",))
    check(run(Engine(nep), bulk("Cu", a=3.6)), nep, bulk("Cu", a=3.6))
    lonely, boxed = run(Engine(nep), Atoms("Cu")), run(Engine(nep), Atoms("Cu", cell=[30] * 3, pbc=True))
    assert lonely.energy == pytest.approx(boxed.energy)
    assert run(Engine(nep), Atoms()).energies.shape == (0,)


def test_lists_that_are_kept_serve_while_atoms_and_cell_move():
    nep = random_nep()
    engine, rng = Engine(nep), np.random.default_rng(0)
    atoms = random_frame(1, grid=(3, 3, 3))
    for step in range(40):
        atoms.positions += 0.05 * rng.normal(size=atoms.positions.shape)
        if step % 3 == 0:
            atoms.set_cell(atoms.cell.array @ (np.eye(3) + 0.004 * rng.normal(size=(3, 3))), scale_atoms=True)
        if step == 20:
            atoms.wrap()
        kept, fresh = run(engine, atoms), run(Engine(nep, skin=0.01), atoms)
        np.testing.assert_allclose(kept.forces, fresh.forces, atol=1e-11)
        np.testing.assert_allclose(kept.virial, fresh.virial, atol=1e-10)
    searched = engine._kernel.lists(engine._states[0])[0]
    assert 1 < searched < 40


def test_another_structure_is_not_taken_for_the_last_one():
    nep = random_nep()
    engine = Engine(nep)
    atoms = random_frame(1)
    others = [atoms, atoms[:-1], atoms.repeat((1, 1, 2)), random_frame(2), atoms]
    swapped = atoms.copy()
    swapped.symbols[0], swapped.symbols[1] = "Y", "Cl"
    slab = atoms.copy()
    slab.pbc = (True, True, False)
    for one in [*others, swapped, slab, atoms]:
        np.testing.assert_allclose(run(engine, one).forces, run(Engine(nep), one).forces, atol=1e-12)


def test_threads_over_atoms_and_over_structures():
    nep = random_nep(charge_mode=1)
    frames = [random_frame(seed, grid=(2, 3, 3)) for seed in range(8)]
    alone = [run(Engine(nep), atoms, bec=True) for atoms in frames]
    shared = Engine(nep, threads=3)
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda atoms: run(shared, atoms, bec=True), frames * 3))
    for one, other in zip(alone * 3, together, strict=True):
        for name in ("energies", "forces", "virial", "charges", "bec"):
            np.testing.assert_allclose(getattr(one, name), getattr(other, name), atol=1e-11)


@pytest.mark.parametrize("mode", [1, 2])
def test_large_cells_are_summed_on_a_mesh(mode, monkeypatch):
    nep = random_nep(charge_mode=mode)
    atoms = random_frame(3, grid=(4, 4, 3))
    expected = run(Engine(nep), atoms)
    monkeypatch.setattr(module, "worthwhile", lambda *_: True)
    engine = Engine(nep)
    for _ in range(2):  # the second time with the mesh at hand
        found = run(engine, atoms)
        for name in ("energies", "forces", "virial"):
            exact = getattr(expected, name)
            assert np.abs(getattr(found, name) - exact).max() < 3 * module.MESH_ACCURACY * np.abs(exact).max()
        assert np.abs(found.forces - expected.forces).max() > 0
    atoms.set_cell(atoms.cell.array * 1.01, scale_atoms=True)
    moved = run(engine, atoms)
    np.testing.assert_allclose(moved.forces, run(Engine(nep), atoms).forces, atol=1e-9)


def test_an_engine_may_be_copied_and_sent():
    engine = Engine(random_nep(), single=True, threads=2, skin=0.4)
    for other in (pickle.loads(pickle.dumps(engine)), copy.deepcopy(engine)):
        assert (other.single, other.threads, other.skin) == (True, 2, 0.4)
        np.testing.assert_array_equal(run(other, random_frame(0)).energies, run(engine, random_frame(0)).energies)


def test_what_cannot_be_computed_is_refused():
    engine = Engine(random_nep())
    atoms = random_frame(0)
    atoms.positions[4] = atoms.positions[1] + atoms.cell.array[0]
    with pytest.raises(ValueError, match=r"atoms [25] and [25] are at the same place"):
        run(engine, atoms)
    thin = Atoms("Li", cell=np.diag([1e-5, 1e-5, 10.0]), pbc=True)
    with pytest.raises(ValueError, match="too many images"):
        run(engine, thin)
    with pytest.raises(ValueError, match="periodic in all directions"):
        run(Engine(random_nep(charge_mode=2)), Atoms("Li"))
    run(engine, random_frame(0))  # and goes on


def test_without_the_compiled_part(monkeypatch):
    monkeypatch.setattr(module, "kernel", lambda: None)
    with pytest.raises(ModelError, match="compiler"):
        Engine(random_nep())


def test_a_model_beyond_the_limits():
    nep = random_nep(basis_size=(5, 4))
    wide = np.zeros((4, 40, 3, 3))
    with pytest.raises(ModelError, match="functions of the distance"):
        Engine(replace(nep, basis_size=(39, 4), c_radial=wide))
