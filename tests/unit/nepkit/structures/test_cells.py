"""Supercells, orders, vacuum, primitive cells and strains."""

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, fcc111, molecule
from ase.spacegroup import crystal
from hypothesis import given
from hypothesis import strategies as st

from nepkit.core.errors import InputError
from nepkit.datasets.distances import closest_contacts
from nepkit.frames import Labels, labels, set_labels
from nepkit.structures.grouping import grouped, molecules
from nepkit.structures.renumbering import order_like, renumbered, reordered
from nepkit.structures.strains import parse_strain, strained
from nepkit.structures.supercells import compact_matrix, replicated, supercell
from nepkit.structures.symmetry import dataset, standardised
from nepkit.structures.vacuum import with_vacuum


def rutile():
    return crystal(["Ti", "O"], [(0, 0, 0), (0.305, 0.305, 0)], spacegroup=136, cellpar=[4.59, 4.59, 2.96, 90, 90, 90])


@pytest.mark.parametrize(("lattice", "atoms"), [("fcc", 108), ("bcc", 128), ("hcp", 96), ("diamond", 64)])
def test_compact_supercells_are_rounder_than_straight_ones(lattice, atoms):
    start = bulk("X", lattice, a=3.0)
    made = supercell(start, compact_matrix(start, atoms))
    assert abs(len(made) - atoms) <= 0.1 * atoms
    heights = 1 / np.linalg.norm(np.linalg.inv(made.cell.array), axis=0)
    assert heights.min() >= 0.93 * np.cbrt(made.get_volume()) * (0.9 if lattice == "hcp" else 1.0)
    assert closest_contacts(made)["X", "X"].distance == pytest.approx(closest_contacts(start)["X", "X"].distance)


def test_supercells_multiply_the_total_charge_and_keep_columns():
    atoms = bulk("NaCl", "rocksalt", 5.6)
    atoms.info.update(charge=-1, config_type="salt")
    atoms.arrays["group"] = np.array([[0, 4], [1, 5]])
    for made in (replicated(atoms, (1, 2, 3)), supercell(atoms, np.diag([1, 2, 3]))):
        assert made.info == {"charge": -6.0, "config_type": "salt"}
        assert all((made.arrays["group"][made.symbols == "Cl"] == [1, 5]).all(axis=1))


def test_molecules_are_found_through_the_faces_of_the_cell():
    water = molecule("H2O", cell=[6, 6, 6], pbc=True)
    box = water.repeat((2, 1, 1)) + Atoms("Ar", positions=[[6, 3, 3]])
    box.positions += [0.0, -0.05, 0.2]
    box.wrap()
    assert molecules(box).tolist() == [0, 0, 0, 1, 1, 1, 2]
    found = grouped(box, ["bonds", "formula", "c:0.5", "sphere:6,3,3,1"]).arrays["group"]
    assert found[:, 1].tolist() == [0] * 6 + [1]
    assert found[-1].tolist() == [2, 1, int(box.get_scaled_positions()[-1, 2] >= 0.5), 0]


def test_a_sphere_sees_periodic_images():
    atoms = Atoms("H2", positions=[[0.5, 0, 0], [5, 0, 0]], cell=[10, 10, 10], pbc=True)
    assert grouped(atoms, ["sphere:9.5,0,0,1.5"]).arrays["group"].tolist() == [[0], [1]]


def test_everything_of_an_atom_goes_with_it():
    atoms = Atoms("ClLiClLi", positions=np.arange(12.0).reshape(4, 3), cell=[20] * 3, pbc=True)
    atoms.arrays.update(vel=np.arange(12.0).reshape(4, 3), id=np.array([4, 3, 2, 1]))
    set_labels(atoms, Labels(energy=-1.0, forces=10 * atoms.positions, bec=np.arange(36.0).reshape(4, 3, 3)))
    made = renumbered(atoms, ["element:Li,Cl", "id"])
    assert made.positions[:, 0].tolist() == [9.0, 3.0, 6.0, 0.0]
    np.testing.assert_array_equal(made.arrays["vel"], made.positions)
    np.testing.assert_array_equal(labels(made).forces, 10 * made.positions)
    assert labels(made).bec[:, 0, 0].tolist() == [27.0, 9.0, 18.0, 0.0]
    assert labels(made).energy == -1.0
    assert made.arrays["id"].tolist() == [1, 2, 3, 4]


@given(st.permutations(range(6)))
def test_the_order_of_a_reference_comes_back(order):
    reference = rutile()
    moved = reference.copy()
    moved.rattle(0.1, seed=1)
    moved.set_cell(moved.cell * 1.02, scale_atoms=True)
    shuffled = moved[order]
    shuffled.positions += shuffled.cell.array[0]
    back = reordered(shuffled, order_like(shuffled, reference))
    np.testing.assert_allclose(back.get_scaled_positions(), moved.get_scaled_positions(), atol=1e-9)


def test_another_structure_is_no_reference():
    with pytest.raises(InputError, match="composition"):
        order_like(rutile(), bulk("NaCl", "rocksalt", 5.6))
    far = rutile()
    far.set_cell([30, 30, 30], scale_atoms=True)
    other = far.copy()
    other.positions[2] += [7, 0, 0]
    with pytest.raises(InputError, match="no atom is near atom 3"):
        order_like(other, far)


def test_vacuum_is_what_was_asked_for_however_the_slab_is_cut():
    slab = fcc111("Cu", (1, 1, 4), vacuum=3.0)
    slab.pbc = True
    thickness = np.ptp(slab.positions[:, 2])
    slab.positions[:, 2] += 0.45 * slab.cell[2, 2]
    slab.wrap()
    made = with_vacuum(slab, "c", 12.0)
    assert np.ptp(made.positions[:, 2]) == pytest.approx(thickness)
    assert made.cell[2, 2] == pytest.approx(thickness + 12.0)
    assert made.positions[:, 2].min() == pytest.approx(6.0)
    again = with_vacuum(made, "c", 12.0)
    np.testing.assert_allclose(again.positions, made.positions, atol=1e-9)
    np.testing.assert_allclose(again.cell, made.cell, atol=1e-9)


def test_vacuum_along_a_skew_vector_is_measured_along_the_normal():
    atoms = bulk("Cu").repeat((1, 1, 3))
    made = with_vacuum(atoms, "c", 10.0, periodic=False)
    normal = np.cross(atoms.cell[0], atoms.cell[1])
    normal /= np.linalg.norm(normal)
    assert abs(made.cell[2] @ normal) - np.ptp(made.positions @ normal) == pytest.approx(10.0)
    assert made.pbc.tolist() == [True, True, False]


@pytest.mark.parametrize("idealise", [True, False])
def test_standard_cells_keep_columns_that_translations_agree_on(idealise):
    atoms = crystal(["Mg", "Al", "O"], [(0.125,) * 3, (0.5,) * 3, (0.2624,) * 3], spacegroup=227, setting=2,
                    cellpar=[8.08] * 3 + [90] * 3)  # fmt: skip
    atoms.rotate(20, "x", rotate_cell=True)
    site = np.array([{"Mg": 7, "Al": 8, "O": 9}[symbol] for symbol in atoms.symbols])
    atoms.arrays.update(group=site, vel=np.zeros((56, 3)), name=np.array([f"{s}x" for s in atoms.symbols]),
                        number=np.arange(56))  # fmt: skip
    made = standardised(atoms, idealise=idealise)
    assert (made.number, len(made.atoms), set(made.dropped)) == (227, 14, {"vel", "number"})
    assert made.atoms.arrays["name"].tolist() == [f"{s}x" for s in made.atoms.symbols]
    whole = standardised(atoms, primitive=False, idealise=idealise).atoms
    assert len(whole) == 56
    assert whole.arrays["group"].tolist() == [{"Mg": 7, "Al": 8, "O": 9}[symbol] for symbol in whole.symbols]
    if not idealise:
        np.testing.assert_allclose(whole.cell.array, atoms.cell.array, atol=1e-8)


def test_every_atom_of_a_primitive_cell_has_the_column_of_its_own_sublattice():
    """Atoms of one element on different sublattices are told apart by a column alone."""
    cube = bulk("Cu", cubic=True, a=3.6)
    atoms = crystal(["Si"], [(0, 0, 0)], spacegroup=227, cellpar=[5.43] * 3 + [90] * 3).repeat((1, 1, 2))
    order = np.random.default_rng(3).permutation(len(atoms))
    atoms = atoms[order]
    primitive_lattice = np.array([[0, 0.5, 0.5], [0.5, 0, 0.5], [0.5, 0.5, 0]]) * 5.43
    whole = (atoms.positions - atoms.positions[0]) @ np.linalg.inv(primitive_lattice)
    second = np.abs(whole - np.rint(whole)).max(axis=1) > 0.1
    atoms.arrays["group"] = second.astype(int)
    made = standardised(atoms, idealise=False).atoms
    assert sorted(made.arrays["group"].tolist()) == [0, 1]
    # The vector from sublattice 0 to 1 is what it was, up to the lattice.
    one, two = (made.positions[made.arrays["group"] == kind][0] for kind in (0, 1))
    was = atoms.positions[second][0] - atoms.positions[~second][0]
    rest = (two - one - was) @ np.linalg.inv(primitive_lattice)
    np.testing.assert_allclose(rest, np.rint(rest), atol=1e-6)
    assert dataset(cube).number == 225


def test_strains_are_those_of_the_metric():
    atoms = rutile()
    tensor = parse_strain("0.01,-0.02,0.005,0.01,0.004,0.02")
    made = strained(atoms, tensor)
    np.testing.assert_allclose(made.cell.array, atoms.cell.array + atoms.cell.array @ tensor)
    np.testing.assert_allclose(made.get_scaled_positions(), atoms.get_scaled_positions(), atol=1e-12)
    assert tensor[0, 1] == 0.01  # half of the engineering shear
    turned = strained(atoms, parse_strain("0 0.1 0 0 0 0 0 0 0"))
    np.testing.assert_allclose(turned.cell.array[1], [0.1 * 4.59, 4.59, 0])
    assert strained(atoms, parse_strain("volume:-0.1")).get_volume() == pytest.approx(0.9 * atoms.get_volume())


@pytest.mark.parametrize("text", ["0.1", "a,b", "volume:-1", "volume:0.1,0.2", "1,2,3,4,5,nan", ""])
def test_other_texts_are_no_strain(text):
    with pytest.raises(InputError, match="is no strain"):
        parse_strain(text)
