import json

import numpy as np
import pytest
from ase.build import bulk

from nepkit.cli.main import main
from nepkit.formats.files import read_frames, write_frames
from nepkit.frames import Labels, labels, set_labels


@pytest.fixture
def salt(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    atoms = bulk("NaCl", "rocksalt", 5.64)
    set_labels(atoms, Labels(energy=-7.0, forces=np.ones((2, 3)), virial=np.eye(3)))
    write_frames("salt.xyz", [atoms] * 2)
    return atoms


def test_from_one_format_to_another_and_back(salt, capsys):
    assert main(["convert", "salt.xyz", "salt.cfg"]) == 0
    assert main(["convert", "salt.cfg", "salt.npy", "--types", "Cl,Na", "--to", "deepmd"]) == 0
    capsys.readouterr()
    assert main(["convert", "salt.npy", "back.xyz", "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert (data["frames"], data["sources"][0]["format"]) == (2, "deepmd")
    for atoms in read_frames("back.xyz"):
        assert labels(atoms).energy == -7.0
        np.testing.assert_allclose(labels(atoms).virial, np.eye(3))


def test_the_report_tells_what_came_of_every_input(salt, capsys):
    with open("bad.xyz", "w") as file:
        file.write("5\n\nH 0 0 0\n")
    assert main(["convert", "salt.xyz", "bad.xyz", "all.xyz"]) == 1
    told = capsys.readouterr().out
    assert "2 frames in all.xyz" in told
    assert "energy -3.5000 to -3.5000 eV/atom" in told
    assert "1 of 2 inputs could not be read to the end" in told


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["salt.xyz", "salt.qq"], "give --to"),
        (["salt.xyz", "salt.vasp"], "poscar holds one frame"),
        (["salt.xyz", "out.xyz", "--from", "vasp-xlm"], "did you mean vasp-xml"),
        (["salt.xyz", "out.xyz", "--from", "poscar"], "not a POSCAR"),
        (["absent.xyz", "out.xyz"], "does not exist"),
        (["salt.xyz", "salt.xyz"], "already exists"),
        ([".", "out.xyz"], "nothing to read in this folder"),
    ],
)
def test_conversions_that_cannot_be_are_one_line(salt, words, message, tmp_path, capsys):
    before = sorted(path.name for path in tmp_path.iterdir())
    assert main(["convert", *words]) == 1
    told = capsys.readouterr().err
    assert message in told
    assert len(told.splitlines()) == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == before


def test_formats_are_listed(capsys):
    assert main(["formats", "--json"]) == 0
    known = {item["format"]: item for item in json.loads(capsys.readouterr().out)}
    assert known["vasp-outcar"]["read"]
    assert not known["vasp-outcar"]["written"]
    assert known["extxyz"]["written"]


def test_the_order_of_numbered_types_is_told(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    write_frames("a.xyz", [bulk("NaCl", "rocksalt", 5.6)])
    assert main(["convert", "a.xyz", "a.cfg"]) == 0
    assert "types 0 1 are Cl Na: --types Cl,Na" in capsys.readouterr().out
    assert main(["convert", "a.cfg", "b.xyz", "--types", "Cl,Na"]) == 0
    assert [atoms.get_chemical_formula() for atoms in read_frames("b.xyz")] == ["ClNa"]


def test_a_folder_that_is_not_there_is_said_to_be(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    write_frames("a.xyz", [bulk("NaCl", "rocksalt", 5.6)] * 2)
    assert main(["convert", "a.xyz", "none/POSCAR_{}"]) == 1
    assert "the folder none does not exist" in capsys.readouterr().err
