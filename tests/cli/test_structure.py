import json
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk

from nepkit.cli.command import load_all
from nepkit.cli.main import main
from nepkit.cli.menu import Menu
from nepkit.formats.files import read_frames, write_frames
from nepkit.frames import Labels, labels, set_labels


@pytest.fixture
def salt(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    atoms = bulk("NaCl", "rocksalt", 5.64)
    atoms.arrays["vel"] = np.arange(6.0).reshape(2, 3)
    set_labels(atoms, Labels(energy=-7.0, forces=np.zeros((2, 3))))
    write_frames("salt.xyz", [atoms])
    write_frames("gas.xyz", [Atoms("H2", positions=[[0, 0, 0], [0, 0, 0.74]])])
    flat = [[4, 0, 0], [4, 0, 0], [0, 0, 4]]
    write_frames("flat.xyz", [Atoms("H2", positions=[[0, 0, 0], [0, 0, 0.74]], cell=flat, pbc=True)])
    return atoms


def test_supercells_keep_columns_and_lose_labels(salt):
    assert main(["structure", "replicate", "salt.xyz", "--copies", "2", "3", "4", "-o", "big.xyz"]) == 0
    (big,) = read_frames("big.xyz")
    assert len(big) == 48
    assert big.cell.volume == pytest.approx(24 * salt.cell.volume)
    np.testing.assert_array_equal(big.arrays["vel"].reshape(24, 2, 3), np.tile(salt.arrays["vel"], (24, 1, 1)))
    assert labels(big) == Labels()
    assert main(["structure", "replicate", "salt.xyz", "--atoms", "250", "-o", "near.xyz"]) == 0
    assert [len(atoms) for atoms in read_frames("near.xyz")] == [250]


def test_a_thin_cell_is_repeated_most_along_its_short_side(salt):
    write_frames("slab.xyz", [bulk("NaCl", "rocksalt", 5.64, cubic=True).repeat((4, 1, 1))])
    assert main(["structure", "replicate", "slab.xyz", "--atoms", "512", "-o", "cube.xyz"]) == 0
    (cube,) = read_frames("cube.xyz")
    assert cube.cell.lengths() == pytest.approx([22.56] * 3)


def test_groups_by_element_index_and_slab(salt):
    assert main(["structure", "replicate", "salt.xyz", "--copies", "1", "1", "2", "-o", "big.xyz"]) == 0
    words = ["--by", "element:Na,Cl", "--by", "index:4/1-2", "--by", "z:1"]
    assert main(["structure", "group", "big.xyz", *words, "-o", "model.xyz"]) == 0
    (model,) = read_frames("model.xyz")
    assert model.arrays["group"][:, 0].tolist() == [0, 1, 0, 1]
    assert model.arrays["group"][:, 1].tolist() == [1, 1, 2, 0]
    assert model.arrays["group"][:, 2].tolist() == (model.positions[:, 2] >= 1).astype(int).tolist()
    with open("model.xyz") as file:
        assert "group:I:3" in file.read()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["replicate", "salt.xyz"], "either --copies or --atoms"),
        (["replicate", "salt.xyz", "--copies", "0", "1", "1"], "at least 1"),
        (["replicate", "salt.xyz", "--atoms", "1"], "ask for more"),
        (["group", "salt.xyz", "--by", "colour"], "no way of grouping"),
        (["group", "salt.xyz", "--by", "element:Na"], "but the frame has Cl Na"),
        (["group", "salt.xyz", "--by", "index:1/1"], "twice"),
        (["group", "salt.xyz", "--by", "index:3"], "outside of the 2 atoms"),
        (["group", "salt.xyz", "--by", "z:-5"], "group 0 without atoms"),
        (["group", "salt.xyz", "--by", "z:2,1"], "must grow"),
        (["group", "salt.xyz", "--by", "z:a"], "expected a list of boundaries"),
        (["group", "salt.xyz", "--by", "sphere:1,2"], "expected 4 numbers"),
        (["group", "salt.xyz", "--by", "bonds:-1"], "expected more than 0"),
        (["renumber", "salt.xyz"], "either --by or --like"),
        (["renumber", "salt.xyz", "--by", "colour"], "no way of sorting"),
        (["renumber", "salt.xyz", "--by", "id"], "no column id"),
        (["renumber", "salt.xyz", "--by", "element:Na"], "does not name Cl"),
        (["renumber", "salt.xyz", "--like", "gas.xyz"], "salt.xyz, frame 1: Na"),
        (["supercell-to", "gas.xyz", "50"], "gas.xyz, frame 1: the frame has no cell"),
        (["supercell-to", "salt.xyz", "1"], "ask for more"),
        (["perturb", "salt.xyz", "2", "--min-radii", "5"], "salt.xyz, frame 1: copy 1: atoms too close"),
        (["rattle", "salt.xyz", "--min-radii", "5"], "atoms too close"),
        (["vacuum", "salt.xyz", "5", "--along", "cc"], "names no cell vectors"),
        (["vacuum", "flat.xyz", "5"], "flat.xyz, frame 1: the cell vectors lie in one plane"),
        (["perturb", "flat.xyz", "2"], "flat.xyz, frame 1: the cell vectors lie in one plane"),
        (["primitive", "gas.xyz"], "gas.xyz, frame 1: a symmetry needs a cell"),
        (["strain", "salt.xyz", "0.1"], "is no strain"),
        (["strain", "salt.xyz", "volume:0.1", "--series", "1", "1", "3"], "is no series"),
        (["strain", "salt.xyz", "--", "-2,0,0,0,0,0"], "leaves no volume"),
        (["slab", "salt.xyz", "0", "0", "0"], "name no plane"),
        (["slab", "salt.xyz", "1", "0", "0", "--charges", "Na:1"], "no charge of an element"),
    ],
)
def test_changes_that_cannot_be_are_one_line(salt, words, message, tmp_path, capsys):
    saved = [*words[:1], "-o", "new.xyz", *words[1:]]
    assert main(["structure", *saved]) == 1
    told = capsys.readouterr().err
    assert message in told
    assert len(told.splitlines()) == 1
    assert not (tmp_path / "new.xyz").exists()


def test_the_compact_supercell_of_a_skew_cell_is_a_cube(salt):
    assert main(["structure", "supercell-to", "salt.xyz", "64", "-o", "cube.xyz"]) == 0
    (cube,) = read_frames("cube.xyz")
    np.testing.assert_allclose(cube.cell.cellpar(), [11.28] * 3 + [90] * 3)
    assert cube.get_chemical_formula() == "Cl32Na32"
    assert main(["structure", "supercell-to", "salt.xyz", "54", "--straight", "-o", "straight.xyz"]) == 0
    (straight,) = read_frames("straight.xyz")
    np.testing.assert_allclose(straight.cell.array, 3 * salt.cell.array)


def test_results_come_in_the_format_that_the_name_tells(salt):
    assert main(["structure", "renumber", "salt.xyz", "--by", "element", "-o", "POSCAR"]) == 0
    (back,) = read_frames("POSCAR")
    assert back.get_chemical_symbols() == ["Cl", "Na"]
    assert main(["structure", "renumber", "POSCAR", "--like", "salt.xyz", "-o", "salt.data"]) == 0
    rows = Path("salt.data").read_text().split("Atoms")[1].splitlines()[2:4]
    assert [row.split()[:2] for row in rows] == [["1", "2"], ["2", "1"]]


def test_perturbing_is_one_command_under_two_names(salt):
    words = ["salt.xyz", "3", "--displacement", "0.1", "--seed", "7"]
    assert main(["structure", "perturb", *words, "-o", "a.xyz"]) == 0
    assert main(["sample", "perturb", *words, "-o", "b.xyz"]) == 0
    assert Path("a.xyz").read_text() == Path("b.xyz").read_text()
    assert main(["structure", "perturb", *words[:-1], "8", "-o", "c.xyz"]) == 0
    assert Path("a.xyz").read_text() != Path("c.xyz").read_text()


def test_rattled_atoms_have_the_deviation_asked_for(salt):
    assert main(["structure", "replicate", "salt.xyz", "--copies", "6", "6", "6", "-o", "big.xyz"]) == 0
    assert main(["structure", "rattle", "big.xyz", "--deviation", "0.03", "--count", "2", "-o", "moved.xyz"]) == 0
    (big,) = read_frames("big.xyz")
    for moved in read_frames("moved.xyz"):
        np.testing.assert_allclose((moved.positions - big.positions).std(axis=0), 0.03, rtol=0.1)
        np.testing.assert_array_equal(moved.cell, big.cell)
        np.testing.assert_array_equal(moved.arrays["vel"], big.arrays["vel"])


def test_a_series_of_strains(salt):
    words = ["salt.xyz", "0.01,0,0,0,0,0", "--series", "-1", "1", "3"]
    assert main(["structure", "strain", *words, "-o", "strained.xyz"]) == 0
    frames = list(read_frames("strained.xyz"))
    assert [atoms.info["strain"][0] for atoms in frames] == [-0.01, 0.0, 0.01]
    assert [atoms.cell.volume / salt.cell.volume for atoms in frames] == pytest.approx([0.99, 1.0, 1.01])


def test_vacuum_around_a_molecule(salt):
    assert main(["structure", "vacuum", "gas.xyz", "8", "--along", "abc", "-o", "box.xyz"]) == 0
    (box,) = read_frames("box.xyz")
    np.testing.assert_allclose(box.cell.cellpar(), [8, 8, 8.74, 90, 90, 90])
    assert box.pbc.all()


def test_space_groups_are_told_and_cells_written(salt, capsys):
    assert main(["structure", "replicate", "salt.xyz", "--copies", "2", "2", "2", "-o", "big.xyz"]) == 0
    capsys.readouterr()
    assert main(["structure", "primitive", "big.xyz", "--json"]) == 0
    (found,) = json.loads(capsys.readouterr().out)
    assert found == {"frame": 1, "number": 225, "symbol": "Fm-3m", "atoms": 2, "dropped": ["vel"]}
    assert main(["structure", "primitive", "big.xyz", "--conventional", "-o", "cube.cif"]) == 0
    (cube,) = read_frames("cube.cif")
    np.testing.assert_allclose(cube.cell.cellpar(), [5.64] * 3 + [90] * 3, atol=1e-6)


def test_slabs_are_written_and_told(salt, capsys):
    assert main(["structure", "slab", "salt.xyz", "1", "1", "1", "-o", "slabs.xyz", "--json"]) == 0
    (told,) = json.loads(capsys.readouterr().out)
    assert (told["polar"], told["symmetric"], told["net_charge"]) == (True, False, 0.0)
    assert main(["structure", "slab", "salt.xyz", "1", "0", "0"]) == 0
    assert "not polar" in capsys.readouterr().out
    (slab,) = read_frames("slabs.xyz")
    assert slab.info["slab"].tolist() == [1, 1, 1]


@pytest.mark.parametrize(
    ("number", "path"),
    [(106, "group"), (110, "replicate"), (121, "renumber"), (122, "supercell-to"), (123, "perturb"), (124, "vacuum"),
     (125, "primitive"), (126, "rattle"), (127, "strain"), (128, "slab"), (129, "defect"), (130, "order")],
)  # fmt: skip
def test_numbers_of_the_menu_open_the_commands(number, path):
    load_all()
    assert Menu(lambda words: 0)._commands[number].path == f"structure {path}"


def test_a_number_runs_the_same_command_line(salt, nepkit, tmp_path):
    answers = "127\nsalt.xyz\nvolume:0.03\n-1 1 3\nstrained.xyz\ngo\n0\n"
    ran = nepkit(stdin=answers, cwd=tmp_path)
    assert "structure strain salt.xyz volume:0.03 --series -1 1 3 -o strained.xyz" in ran.stdout.replace(
        "--output", "-o"
    )
    assert [len(atoms) for atoms in read_frames("strained.xyz")] == [2, 2, 2]
