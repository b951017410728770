"""Defects of other tool kits in preparing calculations that nepkit must not have."""

import json
from pathlib import Path

import pytest
from ase.build import bulk

from nepkit.cli.main import main
from nepkit.formats.files import read_frames, write_frames
from nepkit.prepare.cp2k import parse, put_structure


@pytest.fixture
def work(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name, size in (("b.vasp", 5.7), ("a.vasp", 5.6)):
        write_frames(name, [bulk("NaCl", "rocksalt", size)])
    Path("template").mkdir()
    Path("template/run.py").write_text("read('structure.xyz')\n")
    return tmp_path


WORDS = ["prepare", "scf", "b.vasp", "a.vasp", "--program", "any", "--template", "template", "-o", "out"]


def test_files_of_the_user_stay_where_they_are(work):
    """Structures, INCAR, POTCAR and KPOINTS were moved into new folders, their names lost."""
    before = {path: path.read_bytes() for path in work.rglob("*") if path.is_file()}
    assert main(WORDS) == 0
    assert {path: path.read_bytes() for path in before} == before
    assert sorted(path.name for path in work.iterdir()) == ["a.vasp", "b.vasp", "out", "template"]


def test_which_folder_has_which_structure_is_kept(work):
    """Structures were renumbered, and nothing said which of them became which."""
    assert main(WORDS) == 0
    entries = json.loads(Path("out/manifest.json").read_text())["entries"]
    assert [(item["folder"], item["source"]) for item in entries] == [
        ("structure_1", "b.vasp"),
        ("structure_2", "a.vasp"),
    ]
    for item in entries:
        (one,), (other,) = read_frames(Path("out") / item["folder"] / "structure.xyz"), read_frames(item["source"])
        assert one.cell.volume == pytest.approx(other.cell.volume)


def test_keywords_that_begin_as_cell_vectors_do_stay():
    """Every line of &CELL that began with A, B or C was overwritten by a vector, ABC, ALPHA and CANONICALIZE too."""
    kept = ["CANONICALIZE TRUE", "BRAVAIS_NOT_A_VECTOR 1", "Cut_off_like 3"]
    kinds = "&KIND Na\n&END\n&KIND Cl\n&END\n"
    cell = "\n".join(["&CELL", "ABC 1 1 1", "ALPHA_BETA_GAMMA 90 90 90", *kept, "&END CELL"])
    whole = parse(f"&FORCE_EVAL\n&SUBSYS\n{cell}\n{kinds}&END SUBSYS\n&END FORCE_EVAL\n", "in.inp")
    put_structure(whole, bulk("NaCl", "rocksalt", 5.6), "in.inp", "salt")
    lines = [line.strip() for line in whole.lines()]
    start = lines.index("&CELL")
    assert [line.split()[0] for line in lines[start + 1 : start + 4]] == ["A", "B", "C"]
    assert lines[start + 4 : lines.index("&END CELL")] == kept


def test_a_missing_input_stops_before_anything_is_made(work, capsys):
    """A missing INCAR was told, and then folders were made and files moved all the same."""
    words = ["prepare", "scf", "a.vasp", "--template", "template", "-o", "out"]
    assert main(words) == 1
    assert "no INCAR in the template" in capsys.readouterr().err
    assert not Path("out").exists()


def test_a_folder_that_exists_is_not_written_into(work, capsys):
    """Existing folders were reused, so results of another structure were taken for those of this one."""
    assert main(WORDS) == 0
    assert main(WORDS) == 1
    assert "out already exists" in capsys.readouterr().err


def test_a_result_that_never_comes_does_not_wait_for_ever(work, capsys):
    """A failed calculation made the loop wait without end, since it counted energies in the outputs."""
    assert main(WORDS) == 0
    assert main(["collect", "out", "-o", "train.xyz"]) == 1
    assert "2 missing" in capsys.readouterr().out
