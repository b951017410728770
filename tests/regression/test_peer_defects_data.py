"""Defects of other tool kits in the handling of data sets that nepkit must not have."""

import json

import numpy as np
import pytest
from ase import Atoms

from nepkit.analysis.datasets.distances import closest_contacts, closest_in_frames
from nepkit.cli.main import main


def test_elements_that_the_first_frame_lacks_have_distances_too():
    """The elements were taken from the first frame alone: argon behind neon was never reported."""
    frames = [Atoms(f"{name}2", positions=[[0, 0, 0], [0, 0, 3]], cell=[9, 9, 9], pbc=True) for name in ("Ne", "Ar")]
    assert set(closest_in_frames(frames)) == {("Ar", "Ar"), ("Ne", "Ne")}


def test_atoms_at_the_same_place_are_zero_apart():
    """Zero distances were left out, so exactly overlapping atoms were reported as not available."""
    contact = closest_contacts(Atoms("HO", positions=[[1, 1, 1], [1, 1, 1]], cell=[9, 9, 9], pbc=True))["H", "O"]
    assert (contact.distance, contact.atoms) == (0.0, (0, 1))


def test_an_atom_meets_its_own_image():
    """Distances of an atom to its own periodic images were ignored."""
    contact = closest_contacts(Atoms("Cu", cell=[2.5, 6, 9], pbc=True))["Cu", "Cu"]
    assert (contact.distance, contact.atoms) == (2.5, (0, 0))


def test_images_beyond_the_nearest_cells_count():
    """Only 27 images were looked at, too few in a flat cell."""
    atoms = Atoms("Cu", cell=[[1, 0, 0], [3.9, 0.5, 0], [0, 0, 9]], pbc=True)
    assert closest_contacts(atoms)["Cu", "Cu"].distance == pytest.approx(np.hypot(0.1, 0.5))


def test_distances_of_thousands_of_atoms_need_little_memory():
    """An array of 27 N^2 numbers needed 22 GB for 4096 atoms, and the process was killed."""
    import tracemalloc

    rng = np.random.default_rng(0)
    atoms = Atoms(rng.choice(["Li", "Cl"], 4096), positions=rng.uniform(0, 41, (4096, 3)), cell=[41] * 3, pbc=True)
    tracemalloc.start()
    closest_contacts(atoms)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 50e6


@pytest.mark.parametrize("key", ["energy", "Energy"])
def test_energies_have_a_range_per_atom_however_they_are_spelled(tmp_path, capsys, key):
    """The range of energies ended in an error for lower-case keys, and was of totals instead of energies per atom."""
    cell = 'Lattice="4 0 0 0 4 0 0 0 4"'
    rows = "H 0 0 0 0 0 1\nH 0 0 1 0 0 -1\n"
    texts = [f"2\n{cell} {key}={value} Properties=species:S:1:pos:R:3:force:R:3\n{rows}" for value in (-4.0, -6.0)]
    (tmp_path / "a.xyz").write_text("".join(texts))
    assert main(["data", "info", str(tmp_path / "a.xyz"), "--json"]) == 0
    ranges = json.loads(capsys.readouterr().out)["ranges"]
    assert (ranges["energy"]["min"], ranges["energy"]["max"]) == (-3.0, -2.0)
    assert ranges["force"]["max"] == 1.0
