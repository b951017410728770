"""Point defects of crystals whose sites and voids are known."""

from pathlib import Path

import numpy as np
import pytest
from ase.build import bulk
from ase.spacegroup import crystal

import nepkit
from nepkit.core.errors import InputError
from nepkit.formats.files import read_frames
from nepkit.frames import labels
from nepkit.structures.defects import defects
from nepkit.structures.symmetry import dataset
from nepkit.structures.voids import voids

SALT = bulk("NaCl", "rocksalt", 5.6)
CHARGES = {"Na": 1.0, "Cl": -1.0, "Mg": 2.0}


@pytest.mark.parametrize(
    ("atoms", "known"),
    [
        (bulk("Cu", "fcc", 4.0), [(6, 2.0, 1), (4, np.sqrt(3), 2)]),
        (bulk("Cu", "fcc", 4.0, cubic=True), [(6, 2.0, 4), (4, np.sqrt(3), 8)]),
        (bulk("Fe", "bcc", 4.0), [(4, np.sqrt(5), 6)]),
        (bulk("Mg", "hcp", a=3.2, c=3.2 * np.sqrt(8 / 3)), [(6, 3.2 / np.sqrt(2), 2), (4, 3.2 * np.sqrt(3 / 8), 4)]),
        (bulk("Si", "diamond", 5.43), [(4, 5.43 * np.sqrt(3) / 4, 2)]),
        (SALT, [(8, 1.4 * np.sqrt(3), 2)]),
    ],
)
def test_voids_are_the_known_holes(atoms, known):
    found = voids(atoms)[: len(known)]
    assert [(void.neighbours, void.multiplicity) for void in found] == [(n, m) for n, _, m in known]
    assert [void.radius for void in found] == pytest.approx([radius for _, radius, _ in known])


def test_rock_salt_has_two_vacancies_and_one_interstitial_of_each_kind():
    found = defects(SALT, vacancies=["Na", "Cl"], interstitials=["Na", "Cl"], antisites=True,
                    substitutions=[("Na", "Mg")], atoms=64, charges=CHARGES)  # fmt: skip
    told = {made.name: (made.multiplicity, made.charge, len(made.atoms)) for made in found}
    assert told == {
        "V_Na": (1.0, -1.0, 63),
        "V_Cl": (1.0, 1.0, 63),
        "Cl_Na": (1.0, -2.0, 64),
        "Na_Cl": (1.0, 2.0, 64),
        "Mg_Na": (1.0, 1.0, 64),
        "Na_i": (2.0, 1.0, 65),
        "Cl_i": (2.0, -1.0, 65),
    }
    assert len(defects(bulk("NaCl", "rocksalt", 5.6, cubic=True), vacancies=["Na"])) == 1
    for made in found:
        assert labels(made.atoms).charge == made.charge
        assert made.atoms.info["defect"] == made.name
    vacancy, hole = found[0], found[-1]
    assert vacancy.distance == pytest.approx(2.8)
    assert hole.distance == pytest.approx(1.4 * np.sqrt(3))


def test_a_supercell_with_a_defect_has_its_symmetry():
    """The site of a vacancy in rock salt has the symmetry of the cube, the hole that of the tetrahedron."""
    vacancy, hole = defects(bulk("NaCl", "rocksalt", 5.6), vacancies=["Na"], interstitials=["Na"], atoms=64)
    assert len(np.unique(dataset(vacancy.atoms).rotations, axis=0)) == 48
    assert len(np.unique(dataset(hole.atoms).rotations, axis=0)) == 24


def test_sites_of_a_spinel_are_told_apart():
    spinel = crystal(["Mg", "Al", "O"], [(0.125,) * 3, (0.5,) * 3, (0.2624,) * 3], spacegroup=227, setting=2,
                     cellpar=[8.08] * 3 + [90] * 3)  # fmt: skip
    found = defects(spinel, vacancies=["Mg", "Al", "O"], charges=[0, -1])
    assert [(made.name, made.multiplicity, made.charge) for made in found] == [
        ("V_Mg", 2.0, 0.0), ("V_Mg", 2.0, -1.0), ("V_Al", 4.0, 0.0), ("V_Al", 4.0, -1.0), ("V_O", 8.0, 0.0),
        ("V_O", 8.0, -1.0)]  # fmt: skip
    assert found[0].site.endswith(" -43m")


def test_multiplicities_of_a_real_crystal_add_up():
    path = Path(nepkit.__file__).parent / "data" / "li3ycl6" / "train.xyz"
    frames = list(read_frames(path))
    relaxed = min(frames, key=lambda atoms: (-len(dataset(atoms, 0.1).rotations), len(atoms)))
    known = dataset(relaxed, 0.1)
    found = defects(relaxed, vacancies=["Li", "Y", "Cl"], symprec=0.1, charges={"Li": 1, "Y": 3, "Cl": -1})
    primitive = int(known.mapping_to_primitive.max()) + 1
    for element in ("Li", "Y", "Cl"):
        share = sum(symbol == element for symbol in relaxed.symbols) / len(relaxed)
        mine = [made.multiplicity for made in found if made.name == f"V_{element}"]
        assert sum(mine) == pytest.approx(share * primitive)
    assert len(found) < len(relaxed) or len(known.rotations) == 1


def test_columns_stay_and_a_new_atom_is_in_the_group_of_its_kind():
    atoms = bulk("NaCl", "rocksalt", 5.6)
    atoms.arrays.update(group=np.array([[0, 5], [1, 6]]), vel=np.ones((2, 3)))
    (made,) = defects(atoms, interstitials=["Cl"], atoms=16)
    assert made.atoms.arrays["group"][-1].tolist() == [1, 6]
    assert made.atoms.arrays["vel"][-1].tolist() == [0, 0, 0]
    assert made.atoms.arrays["vel"][:-1].min() == 1


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        ({}, "no defect asked for"),
        ({"vacancies": ["K"]}, "no K in the crystal"),
        ({"substitutions": [("K", "Na")]}, "no K in the crystal"),
        ({"interstitials": ["K"], "min_radius": 4.0}, "no void"),
    ],
)
def test_defects_that_cannot_be(wanted, message):
    with pytest.raises(InputError, match=message):
        defects(SALT, **wanted)
