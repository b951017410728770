"""Defects of other tool kits in the handling of data sets that nepkit must not have."""

import json

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk

from nepkit.cli.main import main
from nepkit.datasets.distances import closest_contacts, closest_in_frames
from nepkit.formats.files import read_frames, write_frames
from nepkit.frames import Labels, labels, set_labels


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


def test_steps_that_did_not_converge_are_named_and_left_out(reference_data, tmp_path, capsys):
    """Two of three unconverged steps were taken, and "All calculations are converged!" was said."""
    source = reference_data / "dft_outputs" / "OUTCAR.ch4.unconverged"
    assert main(["convert", str(source), str(tmp_path / "a.xyz")]) == 0
    assert "electronic steps not converged (step 1, 2)" in capsys.readouterr().out
    assert len(list(read_frames(tmp_path / "a.xyz"))) == 1


def test_an_outcar_without_stress_does_not_end_the_batch(reference_data, tmp_path):
    """A missing stress block was an error that ended the conversion of all files."""
    text = (reference_data / "dft_outputs" / "OUTCAR.h2o.md").read_text()
    (tmp_path / "1").mkdir()
    (tmp_path / "1" / "OUTCAR").write_text(text.replace("FORCE on cell =-STRESS", "nothing"))
    (tmp_path / "2").mkdir()
    (tmp_path / "2" / "OUTCAR").write_text(text)
    assert main(["convert", str(tmp_path), str(tmp_path / "a.xyz")]) == 0
    frames = list(read_frames(tmp_path / "a.xyz"))
    assert [labels(atoms).virial is None for atoms in frames] == [True] * 3 + [False] * 3
    assert [atoms.info["source"] for atoms in frames][:2] == ["OUTCAR:1", "OUTCAR:2"]


def test_steps_of_a_force_field_are_told_from_dft(reference_data, tmp_path, capsys):
    """An OUTCAR with machine-learned steps gave no frame at all by one way and wrong ones by another."""
    source = reference_data / "dft_outputs" / "OUTCAR.ch4.ml"
    assert main(["convert", str(source), str(tmp_path / "a.xyz"), "--json"]) == 0
    (item,) = json.loads(capsys.readouterr().out)["sources"]
    assert (item["frames"], len(item["dropped"])) == (4, 10)


def test_folders_with_spaces_are_converted_and_nothing_is_removed(reference_data, tmp_path, monkeypatch):
    """A folder NEPdataset was removed without a question, and spaces in paths broke the conversion."""
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "my runs" / "NEPdataset"
    folder.mkdir(parents=True)
    (folder / "OUTCAR").write_text((reference_data / "dft_outputs" / "OUTCAR.h2o.md").read_text())
    assert main(["convert", "my runs", "train.xyz"]) == 0
    assert main(["convert", "my runs", "train.xyz"]) == 1
    assert (folder / "OUTCAR").exists()


def test_lammps_boxes_are_rotated_not_cut_to_their_diagonal(tmp_path):
    """The diagonal of the cell was taken for the box: a primitive cell got the volume zero."""
    from ase.build import bulk

    silicon = bulk("Si")
    write_frames(tmp_path / "a.xyz", [silicon])
    assert main(["convert", str(tmp_path / "a.xyz"), str(tmp_path / "a.data")]) == 0
    assert "Atoms # atomic" in (tmp_path / "a.data").read_text()
    (back,) = read_frames(tmp_path / "a.data")
    assert back.cell.volume == pytest.approx(silicon.cell.volume, rel=1e-6)
    assert closest_contacts(back)["Si", "Si"].distance == pytest.approx(5.43 * 3**0.5 / 4, rel=1e-5)


def test_stresses_of_mtp_become_virials_of_nine_numbers(tmp_path):
    """Six Voigt numbers were written, and a file without stress or forces ended in an error."""
    head = "BEGIN_CFG\n Size\n 1\n Supercell\n 4 0 0\n 0 4 0\n 0 0 4\n AtomData: id type cartes_x cartes_y cartes_z"
    stress = " Energy\n -1\n PlusStress: xx yy zz yz xz xy\n 1 2 3 4 5 6\nEND_CFG\n"
    (tmp_path / "a.cfg").write_text(f"{head} fx fy fz\n 1 0 0 0 0 0.1 0.2 0.3\n{stress}{head}\n 1 0 0 0 0\nEND_CFG\n")
    assert main(["convert", str(tmp_path / "a.cfg"), str(tmp_path / "a.xyz"), "--types", "Li"]) == 0
    first, second = read_frames(tmp_path / "a.xyz")
    assert labels(first).virial.tolist() == [[1, 6, 5], [6, 2, 4], [5, 4, 3]]
    assert 'virial="1.0 6.0 5.0 6.0 2.0 4.0 5.0 4.0 3.0"' in (tmp_path / "a.xyz").read_text()
    assert labels(second) == Labels()


CP2K = """ CP2K| version string: CP2K version 2023.1
 CELL| Vector a [angstrom]:       9.000     0.000     0.000    |a| = 9.0
 CELL| Vector b [angstrom]:       4.500     7.794     0.000    |b| = 9.0
 CELL| Vector c [angstrom]:       0.000     0.000     9.000    |c| = 9.0
 MODULE QUICKSTEP: ATOMIC COORDINATES IN ANGSTROM
   Atom Kind Element X Y Z Z(eff) Mass
      1    1 H  1  0.0 0.0 0.0  1.0 1.0
      2    1 H  1  0.0 0.0 0.8  1.0 1.0

  *** SCF run {state} ***
 ENERGY| Total FORCE_EVAL ( QS ) energy [a.u.]:    -1.0
 ATOMIC FORCES in [a.u.]
 # Atom   Kind   Element          X              Y              Z
      1      1      H          0.0 0.0 0.1
{rows} SUM OF ATOMIC FORCES 0 0 0 0
"""
ROW = "      2      1      H          0.0 0.0 -0.1\n"


def test_logs_of_cp2k_are_checked(tmp_path, capsys):
    """Convergence was not looked at, frames without stress were lost, and missing rows of forces filled with zeros.

    A cell given by lengths and angles was read as zeros.
    """
    log, out = tmp_path / "cp2k.log", tmp_path / "a.xyz"
    log.write_text(CP2K.format(state="converged in 9 steps", rows=ROW))
    assert main(["convert", str(log), str(out)]) == 0
    (atoms,) = read_frames(out)
    assert labels(atoms).virial is None
    assert atoms.cell.volume == pytest.approx(9 * 7.794 * 9)
    log.write_text(CP2K.format(state="NOT converged", rows=ROW))
    assert main(["convert", str(log), str(out), "--overwrite"]) == 1
    assert "electronic steps not converged" in capsys.readouterr().err
    log.write_text(CP2K.format(state="converged in 9 steps", rows=""))
    assert main(["convert", str(log), str(out), "--overwrite"]) == 1
    assert "forces of 1 atoms, but there are 2" in capsys.readouterr().err


def test_no_frame_is_sampled_twice(tmp_path):
    """Fifty frames at equal steps of twenty were written, with doubles; at random it was a traceback."""
    write_frames(tmp_path / "a.xyz", [Atoms("H", cell=[9, 9, 9 + k], pbc=True) for k in range(20)])
    for method in ("uniform", "random"):
        assert main(["sample", method, str(tmp_path / "a.xyz"), "50", "-o", str(tmp_path / "b.xyz")]) == 1
        assert not (tmp_path / "b.xyz").exists()


def test_frames_of_active_xyz_are_matched_by_time_not_by_row(tmp_path, capsys):
    """Every check is a row of active.out, but only frames above the threshold are in active.xyz."""
    deviations = [0.01, 0.30, 0.02, 0.02, 0.90, 0.01, 0.50]
    rows = "".join(f"{100.0 * (k + 1)} {value}\n" for k, value in enumerate(deviations))
    (tmp_path / "active.out").write_text(rows)
    frames = []
    for k, value in enumerate(deviations):
        if value > 0.1:
            atoms = bulk("Cu")
            atoms.info.update(Time=100.0 * (k + 1), row=k)
            frames.append(atoms)
    write_frames(tmp_path / "active.xyz", frames)
    words = ["sample", "deviation", str(tmp_path / "active.xyz"), "--active", str(tmp_path / "active.out")]
    assert main([*words, "--threshold", "0.2", "--max", "2", "-o", str(tmp_path / "selected.xyz")]) == 0
    assert [atoms.info["row"] for atoms in read_frames(tmp_path / "selected.xyz")] == [4, 6]
