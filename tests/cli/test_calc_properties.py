import csv
import json
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk

from nepkit.cli.main import main
from nepkit.formats.files import write_frames


@pytest.fixture
def copper(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_frames("cu.xyz", [bulk("Cu", a=3.5896)])
    return "cu.xyz"


def told(words, capsys, status=0):
    assert main(words) == status
    captured = capsys.readouterr()
    return json.loads(captured.out) if status == 0 and "--json" in words else captured.out + captured.err


def test_equation_of_state_of_copper(copper, capsys):
    words = ["calc", "eos", copper, "-m", "emt"]
    data = told([*words, "--results", "eos.json", "--work", "work", "--json"], capsys)
    assert data["bulk_modulus"]["value"] == pytest.approx(134.4, abs=0.2)
    assert data["volume"]["value"] == pytest.approx(11.565, abs=1e-3)
    record = json.loads(Path("eos.json").read_text())
    assert record["model"] == "emt"
    assert record["settings"]["points"] == 11
    assert record["units"]["volumes"] == "A^3/atom"
    assert len(list(Path("work").glob("*.pack"))) == 11
    text = told([*words, "-o", "eos.png", "--clamped"], capsys)
    assert "V0 = 11.56" in text
    assert Path("eos.png").read_bytes().startswith(b"\x89PNG")
    assert "already exists" in told([*words, "--results", "eos.json"], capsys, 1)


def test_elastic_constants_of_copper(copper, capsys):
    data = told(["calc", "elastic", copper, "-m", "emt", "--json"], capsys)
    c = np.array(data["stiffness"])
    assert (c[0, 0], c[0, 1], c[3, 3]) == pytest.approx((172.6, 115.4, 89.9), abs=0.2)
    assert data["strains"] == ["xx", "yz"]
    assert data["stable"]
    write_frames("bcc.xyz", [bulk("Cu", "bcc", a=2.87)])
    assert "NOT stable" in told(["calc", "elastic", "bcc.xyz", "-m", "emt"], capsys, 1)


def test_phonons_of_copper(copper, capsys):
    pytest.importorskip("phonopy", reason="phonopy is not installed (extra: phonon)")
    words = ["calc", "phonon", copper, "-m", "emt", "--supercell", "3", "3", "3", "--mesh", "12"]
    data = told([*words, "--path", "GX", "--json"], capsys)
    assert data["bands"]["frequencies"][0][-1] == pytest.approx([5.53, 5.53, 8.14], abs=0.05)
    assert data["thermal"]["heat_capacity"][30] == pytest.approx(2.81, abs=0.02)
    text = told([*words, "-o", "bands.svg"], capsys)
    assert "supercell 3x3x3, 1 displacements" in text
    assert "<svg" in Path("bands.svg").read_text()
    assert "special points of this lattice are" in told([*words, "--path", "GQ"], capsys, 1)


def test_thermal_expansion_of_copper(copper, capsys):
    pytest.importorskip("phonopy", reason="phonopy is not installed (extra: phonon)")
    words = ["calc", "thermal-expansion", copper, "-m", "emt", "--supercell", "2", "2", "2", "--mesh", "10"]
    more = ["--points", "6", "--temperature", "350", "--work", "work"]
    data = told([*words, *more, "--json"], capsys)
    assert data["temperature"][-1] == 350.0
    assert np.interp(300, data["temperature"], data["expansion"]) == pytest.approx(6.1e-5, rel=0.1)
    told([*words, *more, "-o", "expansion.csv"], capsys)
    with open("expansion.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 36
    assert "to a positive strain" in told([*words, "--strain", "0.1", "0.2"], capsys, 1)


@pytest.mark.parametrize("name", ["eos", "elastic", "phonon", "thermal-expansion"])
def test_what_is_no_single_crystal_of_known_elements_is_refused(name, copper, capsys):
    write_frames("two.xyz", [bulk("Cu"), bulk("Cu")])
    write_frames("molecule.xyz", [Atoms("Cu2", positions=[[0, 0, 0], [0, 0, 2.2]])])
    write_frames("iron.xyz", [bulk("Fe")])
    for file, message in (("two", "expected one"), ("molecule", "crystal"), ("iron", "element Fe is not in the model")):
        text = told(["calc", name, f"{file}.xyz", "-m", "emt", "-o", "none.json"], capsys, 1)
        assert message in text
        assert len(text.strip().splitlines()) == 1
        assert not Path("none.json").exists()
    assert "is no KEY=VALUE" in told(["calc", name, copper, "-m", "emt", "--slurm", "cpu"], capsys, 1)


def test_surface_of_copper(copper, capsys):
    words = ["calc", "surface", copper, "-m", "emt", "--miller", "1", "1", "1", "--clamped"]
    with_slabs = [*words, "--thickness", "6", "--thickness", "9", "--thickness", "12", "--slabs", "slabs.xyz", "--json"]
    (found,) = told(with_slabs, capsys)["surfaces"]
    assert found["unrelaxed"] == pytest.approx(1.044, abs=2e-3)
    assert Path("slabs.xyz").exists()
    assert "0 0 0 name no plane" in told([*words[:-4], "0", "0", "0"], capsys, 1)


def test_vacancy_of_copper(copper, capsys):
    words = ["calc", "defect", copper, "-m", "emt"]
    sizes = ["--size", "27", "--size", "64", "--size", "125"]
    (found,) = told([*words, "--vacancy", "Cu", *sizes, "--fmax", "0.02", "--json"], capsys)["defects"]
    assert found["energy"]["value"] == pytest.approx(1.22, abs=0.03)
    told([*words, "--vacancy", "Cu", "--size", "8", "--size", "27", "--clamped", "-o", "defects.png"], capsys)
    assert Path("defects.png").read_bytes().startswith(b"\x89PNG")
    assert "no defect asked for" in told(words, capsys, 1)
    assert "is no chemical potential" in told([*words, "--vacancy", "Cu", "--mu", "Cu"], capsys, 1)


def test_hop_in_copper(copper, capsys):
    words = ["calc", "barrier", copper, "-m", "emt", "--element", "Cu", "--size", "64"]
    data = told([*words, "--reach", "2.6", "-n", "3", "--fmax", "0.05", "--bands", "bands.xyz", "--json"], capsys)
    assert [hop["multiplicity"] for hop in data["hops"]] == [12]
    assert data["hops"][0]["barrier"] == pytest.approx(0.8, abs=0.1)
    assert Path("bands.xyz").exists()
    assert "no two sites" in told([*words, "--reach", "1"], capsys, 1)


def test_cohesive_energy_of_copper_is_read_by_the_plot(copper, capsys):
    words = ["calc", "cohesive", copper, "-m", "emt"]
    assert told([*words, "--json"], capsys)["energy"] == pytest.approx(3.517, abs=1e-3)
    told([*words, "-o", "cohesive.out"], capsys)
    assert len(Path("cohesive.out").read_text().splitlines()) == 16
    assert main(["plot", "cohesive", "cohesive.out", "--json"]) == 0
    assert "is no energy of a free atom" in told([*words, "--free", "Cu"], capsys, 1)


def test_pairs_of_atoms(copper, capsys):
    data = told(["calc", "dimer", "Cu-Cu", "Cu-Au", "-m", "emt", "--step", "0.1", "--json"], capsys)
    assert [curve["pair"] for curve in data["emt"]] == [["Cu", "Cu"], ["Cu", "Au"]]
    told(["calc", "dimer", "Cu-Cu", "-m", "emt", "--step", "0.1", "-o", "dimer.png"], capsys)
    assert Path("dimer.png").exists()
    assert "is no pair of elements" in told(["calc", "dimer", "CuCu", "-m", "emt"], capsys, 1)
