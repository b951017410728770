"""Inputs of CP2K, ABACUS and scripts, read back by programs that nepkit did not write."""

from pathlib import Path

import numpy as np
import pytest
from ase.build import bulk, make_supercell
from ase.io import read

from nepkit.cli.main import main
from nepkit.core.errors import InputError
from nepkit.formats.files import read_frames, write_frames
from nepkit.frames import Labels, labels, set_labels
from nepkit.prepare.cp2k import keyword, parse, put_structure
from nepkit.prepare.template import check_places, fill, read_template

INPUT = """&GLOBAL
  PROJECT {{name}}   ! A project
&END GLOBAL
&FORCE_EVAL
  METHOD Quickstep
  &DFT
    CHARGE {{charge}}
    BASIS_SET_FILE_NAME BASIS_MOLOPT
  &END DFT
  &SUBSYS
    &CELL
      A 1 0 0
      b [angstrom] 0 1 0
      C 0 0 1
      ALPHA_BETA_GAMMA 90 90 90
      CANONICALIZE FALSE
      PERIODIC XYZ
      &CELL_REF
        ABC 9 9 9
      &END
    &END CELL
    &COORD
      UNIT bohr
      Cs 0 0 0
    &END COORD
    &TOPOLOGY
      COORD_FILE_NAME old.xyz
      COORD_FILE_FORMAT XYZ
      CONNECTIVITY OFF
    &END TOPOLOGY
    &KIND Na
      BASIS_SET DZVP
    &END KIND
    &KIND Clx
      ELEMENT Cl
    &END KIND
  &END SUBSYS
&END FORCE_EVAL
"""


@pytest.fixture
def salt():
    cell = bulk("NaCl", "rocksalt", 5.64)
    atoms = make_supercell(cell, [[1, 0, 0], [0, 1, 0], [0, 1, 2]])
    atoms.rattle(0.1, seed=4)
    return atoms


def test_cell_and_coordinates_of_cp2k_are_where_its_own_grammar_has_them(salt):
    from ase.calculators.cp2k import parse_input

    salt.info["charge"] = -1
    whole = parse(fill(INPUT, {"name": "x", "charge": "-1"}, "in.inp"), "in.inp")
    put_structure(whole, salt, "in.inp", "salt.xyz, frame 1")
    subsystem = parse_input("\n".join(whole.lines())).get_subsection("FORCE_EVAL/SUBSYS")
    cell = subsystem.get_subsection("CELL")
    vectors = dict(line.split(" ", 1) for line in cell.keywords)
    np.testing.assert_allclose([np.fromstring(vectors.pop(axis), sep=" ") for axis in "ABC"], salt.cell, atol=1e-9)
    assert vectors == {"CANONICALIZE": "FALSE", "PERIODIC": "XYZ"}
    assert cell.get_subsection("CELL_REF").keywords == ["ABC 9 9 9"]
    rows = [line.split() for line in subsystem.get_subsection("COORD").keywords]
    assert [row[0] for row in rows] == ["Na", "Clx"] * (len(salt) // 2)
    np.testing.assert_allclose(np.array([row[1:] for row in rows], float), salt.positions, atol=1e-9)
    assert subsystem.get_subsection("TOPOLOGY").keywords == ["CONNECTIVITY OFF"]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("ELEMENT Cl", "ELEMENT Br", "no &KIND Cl"),
        ("ELEMENT Cl", "ELEMENT Na", "no &KIND Cl"),
        ("&END SUBSYS", "", "closes no section"),
        ("PERIODIC XYZ", "PERIODIC XY", "PERIODIC XY in &CELL"),
        ("CHARGE {{charge}}", "CHARGE 2", "CHARGE 2 in &DFT, but 0 in salt"),
        ("CANONICALIZE FALSE", "MULTIPLE_UNIT_CELL 2 1 1", "would repeat the structure"),
        ("&FORCE_EVAL", "&FORCE_EVAL\n&END\n&FORCE_EVAL", "2 sections &FORCE_EVAL"),
        ("&KIND Na", "&KIND Na2\n ELEMENT Na\n&END\n&KIND Na3\n ELEMENT Na", "which one?"),
    ],
)
def test_inputs_of_cp2k_that_would_calculate_something_else_are_refused(salt, old, new, message):
    text = fill(INPUT.replace(old, new, 1), {"name": "x", "charge": "0"}, "in.inp")
    with pytest.raises(InputError, match=message):
        put_structure(parse(text, "in.inp"), salt, "in.inp", "salt")


def test_a_default_kind_of_cp2k_is_for_every_element(salt):
    text = fill(
        INPUT.replace("&KIND Clx", "&KIND DEFAULT").replace("ELEMENT Cl", ""), {"name": "x", "charge": "0"}, "a"
    )
    whole = parse(text, "a")
    put_structure(whole, salt, "a", "salt")
    assert [line.split()[0] for line in whole.sections("FORCE_EVAL")[0].lines() if line.startswith("      Cl ")]


def test_lines_of_cp2k_that_are_not_replaced_stay(salt):
    text = fill(INPUT, {"name": "x", "charge": "0"}, "in.inp")
    assert list(parse(text, "in.inp").lines()) == text.splitlines()
    assert [keyword(line) for line in ("ABC[nm] 1 1 1", "  a_b 1", "! A 1", "&END")] == ["ABC", "A_B", "", "&END"]


def test_a_log_of_cp2k_comes_back(tmp_path, monkeypatch, reference_data):
    monkeypatch.chdir(tmp_path)
    log = reference_data / "dft_outputs" / "cp2k.log"
    atoms = next(read_frames(log))
    write_frames("in.xyz", [atoms])
    kinds = "".join(f"&KIND {name}\n&END KIND\n" for name in sorted(set(atoms.symbols)))
    Path("template").mkdir()
    Path("template/run.inp").write_text(f"&FORCE_EVAL\n&SUBSYS\n{kinds}&END SUBSYS\n&END FORCE_EVAL\n")
    assert main(["prepare", "scf", "in.xyz", "--program", "cp2k", "--template", "template", "-o", "out"]) == 0
    Path("out/structure_1/run.log").write_bytes(log.read_bytes())
    assert main(["collect", "out", "-o", "train.xyz"]) == 0
    (found,) = read_frames("train.xyz")
    assert labels(found).energy == labels(atoms).energy
    np.testing.assert_allclose(labels(found).forces, labels(atoms).forces)


def test_a_stru_of_abacus_is_what_dpdata_reads(tmp_path, monkeypatch, salt):
    dpdata = pytest.importorskip("dpdata")
    monkeypatch.chdir(tmp_path)
    write_frames("salt.xyz", [salt])
    Path("template").mkdir()
    Path("template/INPUT").write_text("INPUT_PARAMETERS\nbasis_type lcao\nkspacing 0.1\n")
    stru = "ATOMIC_SPECIES\nCl 35.45 Cl.upf\nNa 22.99 Na.upf\nK 39 K.upf\n\nNUMERICAL_ORBITAL\nCl.orb\nNa.orb\nK.orb\n"
    Path("template/STRU").write_text(stru)
    words = ["prepare", "scf", "salt.xyz", "--program", "abacus", "--template", "template"]
    assert main([*words, "-o", "out"]) == 0
    text = Path("out/structure_1/STRU").read_text()
    assert text.split()[:7] == ["ATOMIC_SPECIES", "Na", "22.99", "Na.upf", "Cl", "35.45", "Cl.upf"]
    assert text.split()[7:10] == ["NUMERICAL_ORBITAL", "Na.orb", "Cl.orb"]
    data = dpdata.System("out/structure_1/STRU", fmt="abacus/stru").data
    order = np.argsort(np.array(salt.get_chemical_symbols()) != "Na", kind="stable")
    np.testing.assert_allclose(data["cells"][0], salt.cell, atol=1e-6)
    apart = (data["coords"][0] - salt.positions[order]) @ np.linalg.inv(salt.cell.array)
    np.testing.assert_allclose(apart, np.rint(apart), atol=1e-6)
    Path("template/STRU").write_text(stru.replace("Na.orb\n", ""))
    assert main([*words, "-o", "two"]) == 1
    Path("template/STRU").write_text(stru.replace("Na 22.99 Na.upf\n", ""))
    assert main([*words, "-o", "two"]) == 1


def test_a_script_of_the_user_gets_the_structure_under_its_name(tmp_path, monkeypatch, salt, capsys):
    monkeypatch.chdir(tmp_path)
    write_frames("salt.xyz", [salt])
    Path("template").mkdir()
    Path("template/run.py").write_text("atoms = read('in.vasp')  # {{formula}}\n")
    words = ["prepare", "scf", "salt.xyz", "--program", "any", "--template", "template"]
    assert main([*words, "-o", "out"]) == 1
    assert "no file of the template mentions structure.xyz" in capsys.readouterr().err
    assert main([*words, "--structure", "in.vasp", "-o", "out"]) == 0
    made = read("out/structure_1/in.vasp")
    set_labels(made, Labels(energy=-1.0, forces=made.positions * 2))
    write_frames("out/structure_1/done.xyz", [made])
    assert main(["collect", "out", "--result", "done.xyz", "-o", "train.xyz"]) == 0
    (found,) = read_frames("train.xyz")
    np.testing.assert_allclose(labels(found).forces, 2 * salt.positions, atol=1e-8)


def test_places_are_named_where_they_have_no_value(tmp_path):
    (tmp_path / "a").write_text("{{ one }} ${two} {three} {{four}}")
    template = read_template([tmp_path])
    assert template.places == {"one", "four"}
    with pytest.raises(InputError.__base__, match="did you mean four"):
        check_places({"fuor"}, {"four"}, [])
    assert template.filled({"one": "1", "four": "4"})["a"] == "1 ${two} {three} 4"
