"""What is found in a run.in, with its line."""

import numpy as np
import pytest
from ase.build import bulk

from nepkit.core.errors import InputError
from nepkit.formats.files import write_frames
from nepkit.inputs.check import check_file, input_files, kind_of
from nepkit.inputs.run import check_run_file

HEAD = "nep4 2 Na Cl\ncutoff 6 4 50 20\nn_max 4 4\nbasis_size 4 4\nl_max 4 2 0\nANN 10 0\n"
GOOD = """replicate 2 2 2
potential nep.txt
velocity 300

ensemble nvt_bdp 300 300 100   # equilibration
dump_thermo 100
run 10000

ensemble nve
compute_msd 10 100 all_groups 0
dump_xyz 1000 dump.xyz velocity
run 10000
"""


@pytest.fixture
def folder(tmp_path):
    atoms = bulk("NaCl", "rocksalt", 5.64, cubic=True).repeat(2)
    atoms.arrays["group"] = (atoms.numbers == 17).astype(int)
    write_frames(tmp_path / "model.xyz", [atoms])
    (tmp_path / "nep.txt").write_text(HEAD)
    return tmp_path


def check(folder, text, name="run.in"):
    (folder / name).write_text(text)
    return check_run_file(folder / name)


def kinds(findings):
    return [(item.severity, item.line, item.kind) for item in findings]


def test_a_good_file_has_no_finding(folder):
    assert check(folder, GOOD) == []


@pytest.mark.parametrize(
    ("old", "new", "line", "kind", "words"),
    [
        ("dump_thermo", "dump_termo", 6, "unknown keyword", "did you mean dump_thermo"),
        ("dump_thermo 100", "dump_exyz 100 1 0", 6, "removed", "write: dump_xyz 100 dump.xyz velocity"),
        ("dump_thermo 100", "dump_position 100", 6, "removed", "dump_xyz <interval> movie.xyz"),
        ("run 10000\n\n", "run 1e4\n\n", 7, "arguments", "write 10000"),
        ("nvt_bdp 300 300 100", "nvt_bdp 300 300", 5, "arguments", "ensemble nvt_bdp <T_1> <T_2> <T_coup>"),
        ("dump_thermo 100", "dump_thermo 20000", 6, "no output", "an interval of at most 10000"),
        ("ensemble nve\n", "", 11, "no ensemble", "add ensemble"),
        ("potential nep.txt", "potential nep2.txt", 2, "missing file", "nep2.txt"),
        ("all_groups 0", "all_groups 1", 10, "group", "1 grouping method"),
        ("all_groups 0", "group 0 2", 10, "group", "no group 2"),
        ("compute_msd 10 100", "compute_msd 10 2000", 10, "too short", "correlates over 20000 steps"),
        ("ensemble nve", "ensemble npt_scr 300 300 100 0 50 1000", 10, "ensemble", "issue 1470"),
        ("dump_xyz 1000 dump.xyz velocity", "dump_xyz 1000 dump.xyz bec", 11, "potential", "needs a qNEP"),
        ("velocity 300\n", "", 6, "velocity", "draws them at 300 K"),
        ("velocity 300\n", "velocity 300\ntime_step 5\n", 8, "time step", "5 fs"),
        ("dump_thermo 100", "dump_thermo 100\ndump_thermo 10", 7, "twice", "keep one"),
        ("compute_msd 10 100 all_groups 0", "compute_hnemd 100 1e-5 0 0", 10, "ensemble", "heats the system"),
        ("compute_msd 10 100 all_groups 0", "compute_dos 20 100 400", 10, "sampling", "up to 157 THz only"),
        ("compute_msd 10 100 all_groups 0", "active 10 0 0 0.1", 10, "potential", "run.in has 1"),
        ("compute_msd 10 100 all_groups 0", "compute_rdf 20 100 100", 10, "cell", "half of the thinnest"),
        ("compute_msd 10 100 all_groups 0", "deform 1e-5 1 0 0", 10, "ensemble", "needs an npt ensemble"),
        ("compute_msd 10 100 all_groups 0", "compute 0 10 10", 10, "arguments", "names no quantity"),
    ],
)
def test_each_mistake_is_found_in_its_line(folder, old, new, line, kind, words):
    assert old in GOOD
    found = [item for item in check(folder, GOOD.replace(old, new)) if item.kind == kind]
    assert [item.line for item in found][:1] == [line], found
    assert words in f"{found[0].message} | {found[0].remedy}"


def test_order(folder):
    found = check(folder, "velocity 300\nreplicate 2 2 2\nensemble nve\npotential nep.txt\nrun 10\ndump_thermo 5\n")
    assert ("error", 2, "order") in kinds(found)
    assert ("error", 3, "order") in kinds(found)
    assert ("warning", 6, "no run") in kinds(found)


def test_an_ensemble_without_a_run(folder):
    found = check(folder, GOOD + "ensemble nve\n")
    assert kinds(found) == [("error", 13, "no run")]


def test_a_file_without_a_run(folder):
    assert ("error", None, "no run") in kinds(check(folder, "potential nep.txt\nvelocity 300\n"))
    assert check(folder, "replicate 2 2 2\npotential nep.txt\nminimize fire 1e-5 1000\n") == []


def test_elements_that_the_potential_lacks(folder):
    (folder / "nep.txt").write_text(HEAD.replace("Na Cl", "Na Br"))
    found = check(folder, GOOD)
    assert kinds(found) == [("error", 2, "elements")]
    assert "model.xyz has Cl" in found[0].message


def test_thin_cells(folder):
    # rc 6 A: below 2.5 (6 + 1) = 17.5 A GPUMD takes images, beyond 60 A along another vector it stops.
    found = check(folder, GOOD.replace("replicate 2 2 2\n", ""))
    assert kinds(found) == [("warning", 1, "cell")]
    assert found[0].remedy == "replicate 2 2 2"
    found = check(folder, GOOD.replace("replicate 2 2 2", "replicate 1 2 6"))
    assert kinds(found) == [("error", 2, "cell")]


def test_a_qnep_needs_a_periodic_cell(folder):
    (folder / "nep.txt").write_text(HEAD.replace("nep4", "nep4_charge2"))
    atoms = bulk("NaCl", "rocksalt", 5.64, cubic=True).repeat(2)
    atoms.pbc = [True, True, False]
    atoms.arrays["group"] = np.zeros(len(atoms), int)
    write_frames(folder / "model.xyz", [atoms], overwrite=True)
    assert ("error", 2, "boundary") in kinds(check(folder, GOOD))


@pytest.mark.parametrize("token", ["nep3", "nep4_vdw", "nep4_charge3", "nep4_dipole"])
def test_potentials_without_dynamics(folder, token):
    (folder / "nep.txt").write_text(HEAD.replace("nep4", token))
    assert ("error", 2, "potential") in kinds(check(folder, GOOD))


def test_hydrogen_needs_a_short_step(folder):
    atoms = bulk("NaCl", "rocksalt", 5.64, cubic=True).repeat(2)
    atoms.numbers[0] = 1
    atoms.arrays["group"] = np.zeros(len(atoms), int)
    write_frames(folder / "model.xyz", [atoms], overwrite=True)
    (folder / "nep.txt").write_text(HEAD.replace("2 Na Cl", "3 Na Cl H"))
    assert check(folder, GOOD) == []
    found = check(folder, GOOD.replace("velocity 300", "velocity 300\ntime_step 2"))
    assert {item.kind for item in found} == {"time step"}


def test_gigabytes_are_told(folder):
    # 512 atoms, 3 + 3 + 9 numbers of 17 bytes, 1e6 frames: 132 GB.
    text = GOOD.replace("run 10000\n", "run 1000000\n").replace(
        "dump_xyz 1000 dump.xyz velocity", "dump_xyz 1 a force virial"
    )
    found = [item for item in check(folder, text) if item.kind == "large output"]
    assert [item.line for item in found] == [11]
    assert "132 GB" in found[0].message


@pytest.mark.parametrize(("labels", "words"), [([0, 2], "no atom in group 1"), ([-1, 0], "a group -1")])
def test_groups_have_no_gaps(folder, labels, words):
    atoms = bulk("NaCl", "rocksalt", 5.64, cubic=True).repeat(2)
    atoms.arrays["group"] = np.where(atoms.numbers == 17, *labels)
    write_frames(folder / "model.xyz", [atoms], overwrite=True)
    found = [item for item in check(folder, GOOD) if item.kind == "group"]
    assert found[0].line is None
    assert words in found[0].message


def test_a_missing_model_is_an_error(folder):
    (folder / "model.xyz").unlink()
    assert ("error", None, "model.xyz") in kinds(check(folder, GOOD))


def test_the_kind_of_a_file(tmp_path):
    (tmp_path / "a.in").write_text("potential nep.txt\nrun 10\n")
    (tmp_path / "b.in").write_text("type 1 Si\nneuron 30\n")
    (tmp_path / "c.in").write_text("hello\n")
    assert kind_of(tmp_path / "a.in") == "gpumd"
    assert kind_of(tmp_path / "b.in") == "nep"
    with pytest.raises(InputError, match=r"no keyword of run.in or nep.in"):
        check_file(tmp_path / "c.in")
    with pytest.raises(InputError, match=r"no run.in or nep.in"):
        input_files(tmp_path)


def test_an_empty_file_is_refused(tmp_path):
    (tmp_path / "run.in").write_text("# nothing\n")
    with pytest.raises(InputError, match="no keyword in it"):
        check_file(tmp_path / "run.in")
