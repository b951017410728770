"""Defects of other tool kits in the handling of data sets that nepkit must not have."""

import json

import numpy as np
import pytest
from ase import Atoms

from nepkit.analysis.datasets.distances import closest_contacts, closest_in_frames
from nepkit.cli.main import main
from nepkit.frames import Labels, labels, read_frames, set_labels, write_frames


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


@pytest.mark.parametrize("key", ["energy", "Energy"])
def test_filters_of_values_keep_what_they_should(tmp_path, key):
    """A filter looked for energies where they no longer were and wrote an empty file with status 0.

    It also compared the energy of the whole frame, and virials with their sign.
    """
    cell = 'Lattice="4 0 0 0 4 0 0 0 4" virial="-9 0 0 0 -9 0 0 0 -9"'
    texts = [f"2\n{cell} {key}={energy} Properties=species:S:1:pos:R:3\nH 0 0 0\nH 0 0 1\n" for energy in (-4, -6)]
    (tmp_path / "a.xyz").write_text("".join(texts))
    words = ["data", "filter", str(tmp_path / "a.xyz"), "-o", str(tmp_path / "kept.xyz"), "--overwrite"]
    assert main([*words, "--energy", "-2.5:"]) == 0
    assert [labels(atoms).energy for atoms in read_frames(tmp_path / "kept.xyz")] == [-4.0]
    assert main([*words, "--max-virial", "1"]) == 1
    assert [labels(atoms).energy for atoms in read_frames(tmp_path / "kept.xyz")] == [-4.0]


def test_filters_write_where_they_are_told_to_and_take_single_atoms(tmp_path):
    """The name of the result was "filtered_" before a path with folders, which failed after all the work.

    A frame of a single atom ended it too.
    """
    (tmp_path / "sub").mkdir()
    write_frames(tmp_path / "sub" / "train.xyz", [Atoms("H", cell=[9, 9, 9], pbc=True)])
    source, target = tmp_path / "sub" / "train.xyz", tmp_path / "sub" / "kept.xyz"
    assert main(["data", "filter", str(source), "-o", str(target), "--min-distance", "1.0"]) == 0
    assert len(list(read_frames(target))) == 1


def test_distances_in_filters_are_periodic(tmp_path):
    """A filter by a range of distances left periodic images out."""
    write_frames(tmp_path / "a.xyz", [Atoms("HO", positions=[[0, 0, 0.2], [0, 0, 8.5]], cell=[9, 9, 9], pbc=True)])
    words = ["data", "filter", str(tmp_path / "a.xyz"), "-o", str(tmp_path / "kept.xyz")]
    assert main([*words, "--pair-range", "H-O=0.6:0.8"]) == 0


def test_clean_files_have_no_label_left(tmp_path):
    """A clean file kept the column "force" and the key "Energy"."""
    (tmp_path / "a.xyz").write_text(
        '1\nLattice="4 0 0 0 4 0 0 0 4" Energy=-1 Properties=species:S:1:pos:R:3:force:R:3\nH 0 0 0 1 1 1\n'
    )
    assert main(["data", "clean", str(tmp_path / "a.xyz"), "-o", str(tmp_path / "clean.xyz")]) == 0
    text = (tmp_path / "clean.xyz").read_text().lower()
    assert "energy" not in text
    assert "force" not in text


def test_a_part_of_a_file_from_behind_is_refused(tmp_path):
    """A part of a file by fractions in the wrong order was an empty file with status 0."""
    atoms = Atoms("H", cell=[9, 9, 9], pbc=True)
    set_labels(atoms, Labels(energy=-1.0))
    write_frames(tmp_path / "a.xyz", [atoms] * 4)
    words = ["data", "frames", str(tmp_path / "a.xyz"), "-o", str(tmp_path / "b.xyz")]
    assert main([*words, "--fraction", "0.5:0.2"]) == 1
    assert not (tmp_path / "b.xyz").exists()
