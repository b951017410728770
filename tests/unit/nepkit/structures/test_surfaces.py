"""Slabs against what is known of well-studied surfaces."""

import numpy as np
import pytest
from ase.build import bulk
from ase.spacegroup import crystal

from nepkit.core.errors import InputError
from nepkit.datasets.distances import closest_contacts
from nepkit.structures.surfaces import is_symmetric, slabs
from nepkit.structures.symmetry import standardised

CHARGES = {"Ti": 4.0, "O": -2.0, "Na": 1.0, "Cl": -1.0}


@pytest.fixture
def rutile():
    return crystal(["Ti", "O"], [(0, 0, 0), (0.305, 0.305, 0)], spacegroup=136, cellpar=[4.59, 4.59, 2.96, 90, 90, 90])


def test_rutile_110_has_the_surface_with_bridging_oxygen(rutile):
    found = {(slab.bottom, slab.top): slab for slab in slabs(rutile, (1, 1, 0), charges=CHARGES)}
    bridging = found["O", "O"]
    assert (bridging.symmetric, bridging.polar, bridging.net_charge) == (True, False, 0.0)
    assert found["O Ti", "O"].polar
    # Tasker's type 2: planes O2 / Ti2O2 / O2, the outer one 1.27 A above the next.
    heights = np.unique(bridging.atoms.positions[:, 2].round(3))
    assert heights[1] - heights[0] == pytest.approx(0.195 * 4.59 * np.sqrt(2), abs=2e-3)
    assert sorted(bridging.atoms.cell.lengths()[:2]) == pytest.approx([2.96, 4.59 * np.sqrt(2)])


@pytest.mark.parametrize("cell", ["primitive", "conventional"])
def test_every_cut_has_the_bonds_of_the_bulk(cell, rutile):
    for crystal_, planes in ((rutile, [(1, 0, 0), (1, 0, 1), (2, 1, 0)]), (bulk("NaCl", "rocksalt", 5.6), [(1, 2, 1)])):
        start = standardised(crystal_, primitive=cell == "primitive").atoms
        nearest = min(contact.distance for contact in closest_contacts(start).values())
        for miller in planes:
            for slab in slabs(start, miller, vacuum=8.0):
                inside = min(contact.distance for contact in closest_contacts(slab.atoms).values())
                assert inside == pytest.approx(nearest, abs=1e-6)
                assert slab.thickness >= 10.0
                density = len(slab.atoms) / slab.atoms.get_volume() * slab.atoms.cell[2, 2] / (slab.thickness + 1.5)
                assert density == pytest.approx(len(start) / start.get_volume(), rel=0.2)


def test_planes_taken_off_make_a_polar_slab_symmetric():
    salt = bulk("NaCl", "rocksalt", 5.6, cubic=True)
    (polar,) = slabs(salt, (1, 1, 1), charges=CHARGES)
    # A dipole of one charge over half the period, for every repeat, by the area of the cell.
    area = 5.6**2 * np.sqrt(3) / 4
    assert abs(polar.dipole_density) == pytest.approx(4 * 5.6 / np.sqrt(12) / area)
    both = slabs(salt, (1, 1, 1), charges=CHARGES, symmetric=True)
    assert [(slab.bottom, slab.top, slab.net_charge, slab.polar) for slab in both] == [
        ("Na", "Na", 1.0, None),
        ("Cl", "Cl", -1.0, None),
    ]
    assert all(slab.symmetric and is_symmetric(slab.atoms) and slab.thickness >= 10.0 for slab in both)


def test_zincblende_111_has_no_symmetric_slab():
    with pytest.raises(InputError, match="no symmetric slab along 1 1 1"):
        slabs(bulk("ZnS", "zincblende", 5.41, cubic=True), (1, 1, 1), symmetric=True)
    with pytest.raises(InputError, match="name no plane"):
        slabs(bulk("Cu", cubic=True), (0, 0, 0))
