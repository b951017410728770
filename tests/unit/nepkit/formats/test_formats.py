"""What single formats do beyond what all have in common."""

import gzip
import shutil
import warnings

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk

from nepkit.core.errors import InputError, OutputError
from nepkit.formats import cp2k, deepmd, lammps_data, mtp, outcar
from nepkit.formats.conversion import convert, find_sources
from nepkit.formats.files import read_frames, write_frames
from nepkit.formats.format import Reading
from nepkit.frames import Labels, labels, set_labels


def salt(scale=1.0):
    atoms = bulk("NaCl", "rocksalt", 5.64 * scale, cubic=True)
    set_labels(atoms, Labels(energy=-24.0, forces=np.arange(24.0).reshape(8, 3), virial=np.eye(3)))
    return atoms


@pytest.fixture
def outputs(reference_data):
    return reference_data / "dft_outputs"


def test_steps_left_out_are_a_warning_where_nobody_asks(outputs):
    with pytest.warns(UserWarning, match="2 steps left out: electronic steps not converged"):
        assert len(list(read_frames(outputs / "OUTCAR.ch4.unconverged"))) == 1


def test_an_outcar_without_elements_gives_no_empty_frames(reference_data, tmp_path):
    text = (reference_data / "dft_outputs" / "OUTCAR.h2o.md").read_text()
    (tmp_path / "OUTCAR").write_text(text.replace("ions per type", "ions 9er type"))
    with pytest.raises(InputError, match="no elements and ions per type"):
        next(read_frames(tmp_path / "OUTCAR"))


def test_a_packed_outcar_is_read_and_one_cut_short_gives_whole_steps(outputs, tmp_path):
    text = (outputs / "OUTCAR.h2o.md").read_text()
    with gzip.open(tmp_path / "OUTCAR.gz", "wt") as file:
        file.write(text)
    assert len(list(read_frames(tmp_path / "OUTCAR.gz"))) == 3
    (tmp_path / "OUTCAR").write_text(text[: text.rindex("TOTAL-FORCE")])
    reading = Reading()
    assert len(list(outcar.read(tmp_path / "OUTCAR", reading))) == 2
    assert [(item.step, item.reason) for item in reading.dropped] == [(3, "cut short")]


def test_a_vasprun_cut_short_gives_whole_steps(outputs, tmp_path):
    text = (outputs / "vasprun.h2o.md.tribox.xml").read_text(encoding="latin-1")
    (tmp_path / "vasprun.xml").write_text(text[: text.rindex("<calculation>") + 400])
    reading = Reading()
    assert len(list(read_frames(tmp_path / "vasprun.xml", reading=reading))) == 2
    assert [item.reason for item in reading.dropped] == ["cut short"]


def test_of_one_run_the_file_with_more_digits_is_taken(outputs, tmp_path):
    (tmp_path / "a").mkdir()
    shutil.copy(outputs / "OUTCAR.h2o.md", tmp_path / "a" / "OUTCAR")
    shutil.copy(outputs / "vasprun.h2o.md.tribox.xml", tmp_path / "a" / "vasprun.xml")
    assert [source.format for source in find_sources([tmp_path])] == ["vasp-xml"]
    assert [source.format for source in find_sources([tmp_path], "vasp-outcar")] == ["vasp-outcar"]
    with pytest.raises(InputError, match="nothing to read in this folder"):
        find_sources([tmp_path], "abacus")


MD = """ CP2K| version string: CP2K version 9.1
 CELL| Vector a [angstrom]:       9.000     0.000     0.000    |a| = 9.0
 CELL| Vector b [angstrom]:       0.000     9.000     0.000    |a| = 9.0
 CELL| Vector c [angstrom]:       0.000     0.000     9.000    |a| = 9.0
 MODULE QUICKSTEP: ATOMIC COORDINATES IN ANGSTROM
   Atom Kind Element X Y Z Z(eff) Mass
      1    1 H  1  0.0 0.0 0.0  1.0 1.0
      2    1 H  1  0.0 0.0 0.8  1.0 1.0

 MD| Coordinates            1                                    run-pos-1.xyz
"""
STEP = """ SCF WAVEFUNCTION OPTIMIZATION
  *** SCF run {} in    9 steps ***
 ENERGY| Total FORCE_EVAL ( QS ) energy [a.u.]:               {}
 ATOMIC FORCES in [a.u.]

 # Atom   Kind   Element          X              Y              Z
      1      1      H          0.0 0.0 0.1
{} SUM OF ATOMIC FORCES 0 0 0 0
"""
LAST = "      2      1      H          0.0 0.0 -0.1\n"


def run(folder, states, energies=(-1.0, -1.1, -1.2), rows=LAST):
    text = MD + "".join(
        STEP.format(state, energy, rows) for state, energy in zip(states, (-1.0, -1.1, -1.2), strict=True)
    )
    (folder / "run.log").write_text(text)
    frames = "".join(
        f"2\n i = {k}, time = {k}, E = {energy}\nH 0 0 0\nH 0 0 {0.8 + 0.1 * k}\n" for k, energy in enumerate(energies)
    )
    (folder / "run-pos-1.xyz").write_text(frames)
    reading = Reading()
    return list(cp2k.read(folder / "run.log", reading)), [item.step for item in reading.dropped]


def test_cp2k_dynamics_take_positions_of_the_step_from_the_file_beside(tmp_path):
    frames, dropped = run(tmp_path, ["converged", "NOT converged", "converged"])
    assert dropped == [2]
    assert [atoms.positions[1, 2] for atoms in frames] == [0.8, 1.0]
    assert [labels(atoms).energy for atoms in frames] == pytest.approx([-27.211386, -32.653663], rel=1e-6)
    assert all(labels(atoms).virial is None for atoms in frames)


def test_cp2k_files_of_two_runs_are_told_apart(tmp_path):
    with pytest.raises(InputError, match="are both of one run"):
        run(tmp_path, ["converged"] * 3, energies=(-1.0, -2.0, -3.0))


@pytest.mark.parametrize(
    ("box", "cell"),
    [
        ("ITEM: BOX BOUNDS pp pp pp\n1 5\n1 6\n1 7\n", np.diag([4.0, 5.0, 6.0])),
        ("ITEM: BOX BOUNDS xy xz yz pp pp pp\n1 6 1\n1 6 0\n1 7 0\n", [[4.0, 0, 0], [1, 5, 0], [0, 0, 6]]),
        ("ITEM: BOX BOUNDS abc origin pp pp pp\n0 4 0 1\n5 0 0 1\n0 0 6 1\n", [[0, 4.0, 0], [5, 0, 0], [0, 0, 6]]),
    ],
)
def test_dumps_of_lammps_in_every_box(tmp_path, box, cell):
    rows = "ITEM: ATOMS id type xs ys zs q\n2 2 0.5 0 0 -1\n1 1 0 0.5 0 1\n"
    text = f"ITEM: TIMESTEP\n7\nITEM: NUMBER OF ATOMS\n2\n{box}{rows}"
    (tmp_path / "run.lammpstrj").write_text(text)
    (atoms,) = read_frames(tmp_path / "run.lammpstrj", reading=Reading(("Li", "Cl")))
    assert atoms.get_chemical_symbols() == ["Li", "Cl"]
    np.testing.assert_allclose(atoms.cell.array, cell)
    np.testing.assert_allclose(atoms.positions, [0.5 * np.array(cell)[1], 0.5 * np.array(cell)[0]])
    assert atoms.arrays["q"].tolist() == [1.0, -1.0]
    with pytest.raises(InputError, match="--types"):
        list(read_frames(tmp_path / "run.lammpstrj"))
    moved = (
        text.replace("id type xs ys zs q", "id element x y z q")
        .replace("2 2 0.5", "2 Cl 1.5")
        .replace("1 1 0 0.5", "1 Li 1 1")
    )
    (tmp_path / "b.dump").write_text(moved)
    (atoms,) = read_frames(tmp_path / "b.dump")
    assert atoms.get_chemical_symbols() == ["Li", "Cl"]
    np.testing.assert_allclose(atoms.positions[0], [0, 0, -1])


def test_deepmd_folders_that_do_not_fit_are_refused(tmp_path):
    made = tmp_path / "made"
    made.mkdir()
    deepmd.write(made, [salt(), salt(1.1), Atoms("H", positions=[[0, 0, 0]])])
    assert sorted(path.name for path in made.iterdir()) == ["H", "Na4Cl4"]
    folder = made / "Na4Cl4"
    assert len(list(read_frames(folder))) == 2
    assert not next(iter(read_frames(made / "H"))).pbc.any()
    np.save(folder / "set.000" / "force.npy", np.zeros((2, 5)))
    with pytest.raises(InputError, match="not an array of 24 numbers per frame"):
        list(read_frames(folder))
    np.save(folder / "set.000" / "force.npy", np.zeros((1, 24)))
    with pytest.raises(InputError, match="numbers of frames differ"):
        list(read_frames(folder))
    (folder / "set.000" / "coord.npy").unlink()
    with pytest.raises(InputError, match=r"no coord.npy"):
        list(read_frames(folder))


def test_deepmd_with_mixed_types(tmp_path):
    folder = tmp_path / "mixed"
    (folder / "set.000").mkdir(parents=True)
    (folder / "type.raw").write_text("0\n0\n")
    (folder / "type_map.raw").write_text("Li\nCl\n")
    arrays = {"coord": np.zeros((2, 6)), "box": np.tile(np.eye(3).ravel() * 9, (2, 1)), "energy": np.array([1.0, 2.0])}
    for name, array in {**arrays, "real_atom_types": np.array([[0, 1], [1, 1]])}.items():
        np.save(folder / "set.000" / f"{name}.npy", array)
    frames = list(read_frames(folder))
    assert [atoms.get_chemical_formula() for atoms in frames] == ["ClLi", "Cl2"]
    assert [labels(atoms).energy for atoms in frames] == [1.0, 2.0]


def test_disorder_in_a_cif_is_refused(tmp_path):
    (tmp_path / "a.cif").write_text(
        "data_a\n_cell_length_a 4\n_cell_length_b 4\n_cell_length_c 4\n_cell_angle_alpha 90\n_cell_angle_beta 90\n"
        "_cell_angle_gamma 90\n_symmetry_space_group_name_H-M 'P 1'\nloop_\n_atom_site_label\n_atom_site_type_symbol\n"
        "_atom_site_fract_x\n_atom_site_fract_y\n_atom_site_fract_z\n_atom_site_occupancy\nLi1 Li 0 0 0 0.5\n"
    )
    with pytest.raises(InputError, match=r"occupied by Li 0\.5"):
        list(read_frames(tmp_path / "a.cif"))


def test_several_frames_in_files_of_one_each_are_numbered(tmp_path):
    write_frames(tmp_path / "a.xyz", [salt(1 + 0.01 * k) for k in range(11)])
    with pytest.raises(OutputError, match=r"out_\{\}.vasp"):
        convert([tmp_path / "a.xyz"], tmp_path / "out.vasp")
    report = convert([tmp_path / "a.xyz"], tmp_path / "POSCAR_{}.vasp")
    assert [path.name for path in report.files][::10] == ["POSCAR_01.vasp", "POSCAR_11.vasp"]
    back = convert(sorted(tmp_path.glob("*.vasp")), tmp_path / "b.xyz")
    assert back.frames == 11
    with pytest.raises(OutputError, match="already exists"):
        convert([tmp_path / "a.xyz"], tmp_path / "POSCAR_{}.vasp")


def test_one_bad_input_among_good_ones_is_told(tmp_path):
    write_frames(tmp_path / "a.xyz", [salt()])
    (tmp_path / "b.xyz").write_text("2\n\nH 0 0 0\n")
    report = convert([tmp_path / "b.xyz", tmp_path / "a.xyz"], tmp_path / "c.xyz")
    assert (report.frames, [source.path.name for source in report.failed]) == (1, ["b.xyz"])
    with pytest.raises(InputError, match=r"b.xyz, frame 1 .*cut short"):
        convert([tmp_path / "b.xyz"], tmp_path / "d.xyz")
    assert not (tmp_path / "d.xyz").exists()
    with pytest.raises(OutputError, match="give --to"):
        convert([tmp_path / "a.xyz"], tmp_path / "c.unknown")


def test_lammps_data_without_masses_needs_types(tmp_path):
    lammps_data.write(tmp_path / "a.data", [salt()])
    text = (tmp_path / "a.data").read_text()
    start, end = text.index("Masses"), text.index("Atoms")
    (tmp_path / "b.data").write_text(text[:start] + text[end:])
    with pytest.raises(InputError, match="no masses"):
        list(read_frames(tmp_path / "b.data"))
    (atoms,) = read_frames(tmp_path / "b.data", reading=Reading(("Cl", "Na")))
    assert atoms.get_chemical_formula() == "Cl4Na4"
    with pytest.raises(InputError, match="without a cell"):
        lammps_data.write(tmp_path / "c.data", [Atoms("H")])


def test_mtp_without_stress_and_forces_is_read(tmp_path):
    bare = salt()
    set_labels(bare, Labels(energy=-1.0))
    mtp.write(tmp_path / "a.cfg", [bare])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        (atoms,) = read_frames(tmp_path / "a.cfg", reading=Reading(("Cl", "Na")))
    assert labels(atoms) == Labels(energy=-1.0)


def test_the_name_of_a_file_tells_the_format_that_frames_are_written_in(tmp_path):
    salt = bulk("NaCl", "rocksalt", 5.6)
    assert write_frames(tmp_path / "POSCAR", [salt]) == 1
    assert (tmp_path / "POSCAR").read_text().split()[0] == "Na"
    assert write_frames(tmp_path / "a_{}.vasp", [salt, salt]) == 2
    assert [path.name for path in sorted(tmp_path.glob("*.vasp"))] == ["a_1.vasp", "a_2.vasp"]
    with pytest.raises(OutputError, match="number them"):
        write_frames(tmp_path / "b.vasp", [salt, salt])
    with pytest.raises(OutputError, match="read, but not written"):
        write_frames(tmp_path / "OUTCAR", [salt])
    with pytest.raises(OutputError, match="no frame is left"):
        write_frames(tmp_path / "none.cif", [])
