"""Defects and orderings on the command line."""

import json
from pathlib import Path

import pytest
from ase.build import bulk

from nepkit.cli.main import main
from nepkit.formats.files import read_frames, write_frames
from nepkit.frames import labels

CIF = """data_x
_symmetry_space_group_name_H-M 'P m -3 m'
_cell_length_a 2.8
_cell_length_b 2.8
_cell_length_c 2.8
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
Na1 Na 0 0 0 0.5
Cl1 Cl 0 0 0 0.5
"""


@pytest.fixture
def work(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_frames("salt.xyz", [bulk("NaCl", "rocksalt", 5.64)])
    Path("mixed.cif").write_text(CIF)


def test_vacancies_of_rock_salt(work, capsys):
    words = ["structure", "defect", "salt.xyz", "--vacancy", "Na", "--vacancy", "Cl", "--atoms", "64"]
    assert main([*words, "--charge", "formal", "--with-bulk", "-o", "defects.xyz", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [(item["name"], item["multiplicity"], item["charge"]) for item in told] == [("V_Na", 1, -1), ("V_Cl", 1, 1)]
    frames = list(read_frames("defects.xyz"))
    assert [len(atoms) for atoms in frames] == [64, 63, 63]
    assert [labels(atoms).charge for atoms in frames] == [None, -1.0, 1.0]
    assert frames[1].info["defect"] == "V_Na"
    assert main([*words, "--charge=-1,0,1"]) == 0
    assert capsys.readouterr().out.count("V_Na") == 3


def test_the_charge_of_a_defect_has_to_be_in_the_input(work, capsys):
    words = ["structure", "defect", "salt.xyz", "--vacancy", "Na", "--atoms", "16", "--charge", "formal"]
    assert main([*words, "-o", "defects.xyz"]) == 0
    Path("template").mkdir()
    for name, valence in (("Na", 7), ("Cl", 7)):
        Path(f"POTCAR.{name}").write_text(f" TITEL  = PAW_PBE {name} 1\n ZVAL = {valence:.3f}\n")
    Path("template/INCAR").write_text("KSPACING = 0.2\n")
    words = ["prepare", "scf", "defects.xyz", "--template", "template", "--potcars", ".", "-o", "out"]
    assert main(words) == 1
    assert "a total charge of -1, but no NELECT" in capsys.readouterr().err
    Path("template/INCAR").write_text("KSPACING = 0.2\nNELECT = {{nelect}}\n")
    assert main(words) == 0
    assert "NELECT = 106" in Path("out/structure_1/INCAR").read_text()  # 7 Na and 8 Cl of 7 each, and one more


def test_orderings_of_a_cif(work, capsys):
    words = ["structure", "order", "mixed.cif", "--copies", "2", "2", "2"]
    assert main([*words, "--keep", "2", "-o", "ordered.xyz"]) == 0
    told = capsys.readouterr().out
    assert "70 orderings of Cl4Na4, 6 of them distinct" in told
    lowest, second = read_frames("ordered.xyz")
    assert lowest.info["electrostatic_energy"] == pytest.approx(-1.7475645946 * 14.399645 * 4 / 2.8)
    assert (lowest.info["degeneracy"], second.info["ordering"]) == (2, 2)
    assert main([*words, "--sample", "--steps", "300", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["energies"][0] == pytest.approx(lowest.info["electrostatic_energy"])


def test_shares_may_be_given_for_any_structure(work, capsys):
    words = ["structure", "order", "salt.xyz", "--occupy", "Na=Na:0.5,K:0.5", "--copies", "2", "1", "1", "--all"]
    assert main([*words, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["total"], told["distinct"], told["formula"], told["charge"]) == (2, None, "Cl2KNa", 0.0)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["defect", "salt.xyz"], "no defect asked for"),
        (["defect", "salt.xyz", "--vacancy", "K"], "no K in the crystal"),
        (["defect", "salt.xyz", "--vacancy", "Qq"], "'Qq' is not an element"),
        (["defect", "salt.xyz", "--substitute", "Na"], "is no substitution"),
        (["defect", "salt.xyz", "--vacancy", "Na", "--charge", "x"], "no list of different charges"),
        (["defect", "salt.xyz", "--interstitial", "Pu", "--charge", "formal"], "no common oxidation state"),
        (["order", "salt.xyz"], "only a CIF has shares of sites"),
        (["order", "mixed.cif"], "makes 0.5 atoms"),
        (["order", "mixed.cif", "--copies", "3", "3", "4"], "orderings are more than 200000"),
        (["order", "salt.xyz", "--occupy", "K=K:0.5"], "no K in it"),
        (["order", "mixed.cif", "--copies", "2", "2", "2", "--charges", "Li=1"], "a charge is given for Li"),
    ],
)
def test_what_cannot_be_is_one_line(work, capsys, words, message):
    assert main(["structure", *words, "-o", "new.xyz"]) == 1
    told = capsys.readouterr().err
    assert message in told
    assert len(told.splitlines()) == 1
    assert not Path("new.xyz").exists()
