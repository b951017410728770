"""Our compiled sums give the descriptors that lr_correction and calorine give."""

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from hypothesis import given, settings
from hypothesis import strategies as st

from lr_correction.batch import Batch, neighbour_pairs
from lr_correction.descriptors import forward
from lr_correction.nepfile import write_nep
from nepkit.core.errors import InputError
from nepkit.sampling import neighbour_sums
from nepkit.sampling.descriptors import AtomDescriptors
from nepkit.sampling.neighbour_sums import NeighbourSums
from tests.factories import random_frame, random_nep


@pytest.fixture(autouse=True)
def compiled(compiled_sums, monkeypatch):
    monkeypatch.setattr(neighbour_sums, "compiled", compiled_sums)


def expected(nep, atoms):
    batch = Batch.from_atoms([atoms], nep.elements)
    return forward(nep, batch, neighbour_pairs(batch, nep.cutoff_radial)).descriptors


@pytest.mark.parametrize(
    "how",
    [{}, {"charge_mode": 2}, {"typewise": ((4.5, 3.0), (4.0, 3.5), (3.5, 2.5))}, {"l_max": 2, "invariants": ("222",)}],
)
def test_every_kind_of_model(how):
    nep = random_nep(**how)
    for seed in range(2):
        atoms = random_frame(seed)
        np.testing.assert_allclose(NeighbourSums(nep)(atoms), expected(nep, atoms), atol=1e-12)


@settings(max_examples=25)
@given(st.integers(0, 10**6), st.sampled_from([(1, 1, 1), (1, 2, 3), (2, 2, 5), (7, 1, 1), (6, 6, 1)]))
def test_cells_of_every_shape_atoms_outside_of_them_and_left_handed_ones(seed, grid):
    nep = random_nep(elements=("Li", "Cl"))
    atoms = random_frame(seed, grid=grid, elements=("Li", "Cl") if np.prod(grid) > 1 else ("Li",), rattle=0.3)
    rng = np.random.default_rng(seed)
    atoms.positions += rng.integers(-2, 3, (len(atoms), 3)) @ atoms.cell.array
    if seed % 2:
        atoms.set_cell(atoms.cell.array[[1, 0, 2]])
    np.testing.assert_allclose(NeighbourSums(nep)(atoms), expected(nep, atoms), atol=1e-11)


def test_an_atom_alone_sees_its_images():
    nep = random_nep(elements=("Cu",))
    atoms = bulk("Cu", a=3.6)
    values = NeighbourSums(nep)(atoms)
    np.testing.assert_allclose(values, expected(nep, atoms), atol=1e-12)
    np.testing.assert_allclose(NeighbourSums(nep)(atoms.repeat((3, 2, 4))), np.repeat(values, 24, axis=0), atol=1e-11)


def test_atoms_at_the_same_place_are_told(tmp_path):
    write_nep(random_nep(), tmp_path / "nep.txt")
    atoms = Atoms("LiCl", positions=[[1, 1, 1], [1, 1, 1]], cell=[9, 9, 9], pbc=True)
    with pytest.raises(InputError, match=r"set.xyz, frame 3: atoms 1 and 2 are at the same place"):
        AtomDescriptors(tmp_path / "nep.txt")(atoms, "set.xyz, frame 3")


def test_frames_that_it_is_not_for_go_another_way(tmp_path, monkeypatch):
    write_nep(random_nep(), tmp_path / "nep.txt")
    engine = AtomDescriptors(tmp_path / "nep.txt")
    cluster = Atoms("LiCl", positions=[[0, 0, 0], [2.2, 0, 0]])
    boxed = Atoms("LiCl", positions=[[0, 0, 0], [2.2, 0, 0]], cell=[30, 30, 30], pbc=True)
    np.testing.assert_allclose(engine(cluster), engine(boxed), atol=1e-6)
    with pytest.raises(InputError, match="frame 2: element Na is not in the model"):
        engine(Atoms("Na", cell=[5, 5, 5], pbc=True), "frame 2")
    quick = engine(boxed)
    monkeypatch.setattr(neighbour_sums, "compiled", None)
    np.testing.assert_allclose(AtomDescriptors(tmp_path / "nep.txt")(boxed), quick, atol=1e-9)
