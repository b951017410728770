import csv
import io
import json
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk

from nepkit.cli.main import main
from nepkit.formats.files import write_frames
from nepkit.frames import Labels, set_labels


@pytest.fixture
def train(tmp_path):
    frames = []
    for k in range(3):
        atoms = bulk("NaCl", "rocksalt", 5.64 + 0.1 * k, cubic=True)
        set_labels(atoms, Labels(energy=-24.0 - k, forces=np.zeros((8, 3)), virial=np.eye(3) * k))
        frames.append(atoms)
    write_frames(tmp_path / "train.xyz", frames)
    return tmp_path / "train.xyz"


def test_min_dist_gives_every_pair_in_full_precision(train, capsys):
    assert main(["data", "min-dist", str(train), "--csv"]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [row["pair"] for row in rows] == ["Cl-Cl", "Cl-Na", "Na-Na"]
    assert float(rows[1]["distance (A)"]) == pytest.approx(2.82, abs=1e-12)
    assert rows[1]["frame"] == "1"


def test_info_tells_compositions_ranges_and_labels(train, capsys):
    assert main(["data", "info", str(train), "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert data["compositions"] == {"Na4Cl4": {"atoms": 8, "frames": [1, 2, 3]}}
    assert data["ranges"]["energy"] == pytest.approx(
        {"min": -3.25, "mean": -3.125, "max": -3.0, "min_frame": 3, "max_frame": 1}
    )
    assert data["ranges"]["volume"]["min"] == pytest.approx(5.64**3 / 8)
    assert data["labels"] == {"energy": 3, "forces": 3, "virial": 3}
    assert main(["data", "info", str(train)]) == 0
    assert "3 frames, 24 atoms, elements Cl 12 Na 12" in capsys.readouterr().out


def test_check_passes_good_frames_and_fails_bad_ones(train, capsys):
    assert main(["data", "check", str(train)]) == 0
    assert "3 frames: 0 errors, 0 warnings" in capsys.readouterr().out
    close = Atoms("HH", positions=[[0, 0, 0], [0, 0, 0]], cell=[9, 9, 9], pbc=True)
    set_labels(close, Labels(energy=0.0))
    write_frames(train, [close], overwrite=True)
    assert main(["data", "check", str(train), "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert {(item["kind"], item["frame"]) for item in found["findings"]} == {("overlap", 1), ("no forces", 1)}


def test_warnings_fail_a_strict_check_alone(train, capsys):
    text = train.read_text()
    train.write_text(text + text)
    assert main(["data", "check", str(train)]) == 0
    assert main(["data", "check", str(train), "--strict"]) == 1
    assert capsys.readouterr().out.count("duplicate") == 6


@pytest.mark.parametrize("command", ["info", "min-dist"])
def test_a_file_that_is_none_is_one_line(command, tmp_path, capsys):
    (tmp_path / "bad.xyz").write_text("2\n\nH 0 0 0\n")
    assert main(["data", command, str(tmp_path / "bad.xyz")]) == 1
    assert len(capsys.readouterr().err.strip().splitlines()) == 1


def test_info_counts_frames_whose_charges_do_not_add_up(train, capsys):
    salt = bulk("NaCl", "rocksalt", 5.64, cubic=True)
    charged = salt[1:].copy()
    charged.info["charge"] = -1.0
    write_frames(train, [salt, salt[1:], charged], overwrite=True)
    assert main(["data", "info", str(train), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["unbalanced"] == [2]
    assert main(["data", "info", str(train)]) == 0
    assert "1 frame whose usual oxidation states do not add up to the charge: 2" in capsys.readouterr().out


def test_a_page_is_written_of_a_set_with_wrong_labels_too(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    head = 'Lattice="4 0 0 0 4 0 0 0 4" energy={} Properties=species:S:1:pos:R:3'
    Path("a.xyz").write_text("".join(f"1\n{head.format(energy)}\nH 0 0 0\n" for energy in ("-1.5", "nan")))
    assert main(["data", "info", "a.xyz", "--html", "page.html"]) == 0
    page = Path("page.html").read_text(encoding="utf-8")
    assert "energy is not finite" in page
    assert "Distribution of the energy" in page


def test_a_page_shows_a_data_set_whole(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    frames = []
    for number, (name, edge) in enumerate([("NaCl", 5.6), ("NaCl", 5.7), ("KCl", 6.3)]):
        atoms = bulk(name, "rocksalt", edge)
        set_labels(atoms, Labels(energy=-7.0 - number, forces=np.zeros((2, 3))))
        frames.append(atoms)
    write_frames("a.xyz", frames)
    assert main(["data", "info", "a.xyz", "--html", "page.html"]) == 0
    assert "wrote the page to page.html" in capsys.readouterr().out
    page = Path("page.html").read_text()
    assert page.count("data:image/svg+xml") == 5  # compositions, energy, force, volume, net force
    assert "3 frames, 6 atoms" in page
    assert "<td>Cl-Na</td>" in page
    assert main(["data", "info", "a.xyz", "--html", "page.html"]) == 1
    assert "already exists" in capsys.readouterr().err
