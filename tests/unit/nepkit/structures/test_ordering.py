"""Orderings against brute force and against Madelung constants."""

import itertools
import math

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk

from lr_correction.batch import Batch
from lr_correction.ewald import Electrostatics
from lr_correction.kernels import COULOMB_CONSTANT, coulomb
from nepkit.core.errors import InputError
from nepkit.formats.disorder import DisorderedCrystal, occupied, parse_rule, read_disordered
from nepkit.structures.annealing import sample_orderings
from nepkit.structures.ordering import enumerate_orderings
from nepkit.structures.sites import Problem

SALT = {"Na": 1.0, "Cl": -1.0}
CIF = """data_mixed
_symmetry_space_group_name_H-M 'F m -3 m'
_cell_length_a 5.6
_cell_length_b 5.6
_cell_length_c 5.6
_cell_angle_alpha 90
_cell_angle_beta 90
_cell_angle_gamma 90
loop_
_atom_site_label
_atom_site_type_symbol
_atom_site_fract_x
_atom_site_fract_y
_atom_site_fract_z
_atom_site_occupancy
Li1 Li 0 0 0 0.5
Na1 Na 0 0 0 0.25
Cl1 Cl 0.5 0.5 0.5 1.0
"""


def lattice(atoms, copies):
    return occupied(atoms, {"Na": {"Na": 0.5, "Cl": 0.5}}).repeated(copies)


def energy_of(atoms, charges):
    """Energy of one structure by an Ewald sum of its own, eV."""
    elements = sorted(set(atoms.symbols))
    batch = Batch.from_atoms([atoms], elements)
    values = np.array([charges[symbol] for symbol in atoms.symbols])
    return float(Electrostatics(batch, None, coulomb(0.7, 9.0, 9.0)).energy(values)[0])


@pytest.mark.parametrize(
    ("atoms", "copies", "pairs", "madelung", "nearest"),
    [
        (Atoms("Na", cell=[2.8] * 3, pbc=True), (2, 2, 2), 4, 1.7475645946, 2.8),  # rock salt
        (bulk("Na", "bcc", 4.0, cubic=True), (2, 1, 2), 4, 1.7626747731, 4.0 * np.sqrt(3) / 2),  # caesium chloride
        (Atoms("Na2", cell=[9, 9, 1.5 * 2], positions=[[0, 0, 0], [0, 0, 1.5]], pbc=True), (1, 1, 2), 2, None, 1.5),
    ],
)
def test_the_lowest_ordering_is_the_known_crystal(atoms, copies, pairs, madelung, nearest):
    found = enumerate_orderings(Problem(lattice(atoms, copies), SALT), keep=100)
    lowest = found.lowest[0]
    assert sum(item.degeneracy for item in found.lowest) == found.total == math.comb(2 * pairs, pairs)
    assert found.distinct == len(found.lowest)
    assert lowest.energy == pytest.approx(energy_of(lowest.atoms, SALT), abs=1e-7)
    if madelung is not None:
        assert lowest.energy == pytest.approx(-madelung * COULOMB_CONSTANT * pairs / nearest, rel=1e-9)


def test_every_ordering_and_its_energy_against_brute_force():
    """Two kinds of shared sites, empty ones among them, in a cell without symmetry between the kinds."""
    atoms = bulk("NaCl", "rocksalt", 5.6, cubic=True)
    crystal = occupied(atoms, {"Na": {"Na": 0.5, "Mg": 0.25}, "Cl": {"Cl": 0.75, "F": 0.25}})
    charges = {"Na": 1.0, "Mg": 2.0, "Cl": -1.0, "F": -1.0}
    found = enumerate_orderings(Problem(crystal, charges), keep=1000, distinct=False)
    wanted = []
    metals, anions = np.flatnonzero(atoms.symbols == "Na"), np.flatnonzero(atoms.symbols == "Cl")
    for cations in set(itertools.permutations(["Na", "Na", "Mg", "X"])):
        for others in set(itertools.permutations(["Cl", "Cl", "Cl", "F"])):
            made = atoms.copy()
            made.symbols[metals], made.symbols[anions] = list(cations), list(others)
            wanted.append(energy_of(made[made.numbers > 0], charges))
    assert found.total == len(wanted) == 48
    np.testing.assert_allclose([item.energy for item in found.lowest], sorted(wanted), atol=1e-7)
    for item in found.lowest:
        assert item.atoms.get_chemical_formula() == "Cl3FMgNa2"
        assert item.energy == pytest.approx(energy_of(item.atoms, charges), abs=1e-7)
        assert item.atoms.info["electrostatic_energy"] == item.energy


def test_distinct_orderings_are_counted_by_the_lemma_of_burnside():
    problem = Problem(lattice(Atoms("Na", cell=[2.8, 2.8, 3.5], pbc=True), (2, 2, 2)), SALT)
    found = enumerate_orderings(problem, keep=100)
    images = problem.symmetries()
    species = np.concatenate(list(problem.every()))
    fixed = sum(int((species[:, image] == species).all(axis=1).sum()) for image in images)
    assert fixed % len(images) == 0
    assert found.distinct == fixed // len(images)


def test_annealing_finds_the_lowest_of_all_and_is_seeded():
    problem = Problem(lattice(Atoms("Na", cell=[2.8] * 3, pbc=True), (2, 2, 2)), SALT)
    every = enumerate_orderings(problem, keep=3)
    for seed in (0, 1):
        found = sample_orderings(problem, keep=3, steps=400, runs=2, seed=seed)
        assert [item.energy for item in found.lowest] == pytest.approx([item.energy for item in every.lowest])
    again = sample_orderings(problem, keep=3, steps=400, runs=2, seed=1)
    assert [item.atoms == other.atoms for item, other in zip(found.lowest, again.lowest, strict=True)] == [True] * 3


def test_annealing_finds_rock_salt_among_more_than_can_be_looked_at():
    problem = Problem(lattice(Atoms("Na", cell=[2.8] * 3, pbc=True), (4, 2, 4)), SALT)
    with pytest.raises(InputError, match="orderings are more than 200000"):
        enumerate_orderings(problem)
    found = sample_orderings(problem, keep=1, steps=4000, runs=3)
    assert found.total == math.comb(32, 16)
    assert found.lowest[0].energy == pytest.approx(-1.7475645946 * COULOMB_CONSTANT * 16 / 2.8)


def test_split_sites_are_not_both_taken():
    positions = [[0, 0, 0], [0.5, 0, 0], [3, 0, 0], [3.5, 0, 0], [1.7, 2, 0], [4.7, 2, 0]]
    crystal = DisorderedCrystal(
        np.diag([6.0, 5.0, 5.0]), np.array(positions), np.array([0, 0, 0, 0, 1, 1]), ({"Na": 0.5}, {"Cl": 1.0})
    )
    for found in (
        enumerate_orderings(Problem(crystal, SALT), keep=99, distinct=False),
        sample_orderings(Problem(crystal, SALT), keep=99, steps=200),
    ):
        assert found.total == 6
        for item in found.lowest:
            assert len(set((item.atoms.positions[item.atoms.symbols == "Na", 0] > 2).tolist())) == 2
    assert len(enumerate_orderings(Problem(crystal, SALT), keep=99, distinct=False).lowest) == 4
    with pytest.raises(InputError, match="every ordering has atoms nearer than 4 A"):
        enumerate_orderings(Problem(crystal, SALT, closest=4.0))


def test_shares_of_a_cif(tmp_path):
    path = tmp_path / "mixed.cif"
    path.write_text(CIF)
    crystal = read_disordered(path)
    assert crystal.shares == ({"Li": 0.5, "Na": 0.25}, {"Cl": 1.0})
    assert len(crystal.kinds) == 8
    problem = Problem(crystal, {"Li": 1.0, "Na": 1.0, "Cl": -1.0})
    found = enumerate_orderings(problem)
    assert (found.total, found.distinct) == (12, 1)  # any two of the four Li and the one Na are alike by symmetry
    assert found.lowest[0].atoms.get_chemical_formula() == "Cl4Li2Na"
    assert found.charge == -1.0
    path.write_text(CIF.replace("0 0.25", "0 0.75"))
    with pytest.raises(InputError, match="together at most 1"):
        read_disordered(path)


@pytest.mark.parametrize("text", ["Cl", "Cl=Br", "Qq=Cl:1", "Cl=Cl:x", "Cl=Cl:0.5,Qq:0.5"])
def test_other_texts_are_no_rules(text):
    with pytest.raises(InputError, match="is no rule"):
        parse_rule(text)


def test_numbers_of_atoms_are_whole():
    crystal = occupied(Atoms("Na", cell=[3] * 3, pbc=True), {"Na": {"Na": 0.4, "K": 0.6}}).repeated((2, 1, 1))
    with pytest.raises(InputError, match="take a supercell"):
        Problem(crystal, {"Na": 1.0, "K": 1.0})
    assert Problem(crystal, {"Na": 1.0, "K": 1.0}, nearest=True).total == 2
    with pytest.raises(InputError, match="no site is shared"):
        Problem(occupied(bulk("NaCl", "rocksalt", 5.6), {}), SALT)
