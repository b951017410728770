import json
import re
import shlex
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk

from lr_correction.nepfile import write_nep
from nepkit.cli.command import ROOT, leaves, load_all
from nepkit.cli.main import main
from nepkit.formats.files import read_frames, write_frames
from nepkit.frames import Labels, labels, set_labels
from tests.factories import random_nep


@pytest.fixture
def train(tmp_path, monkeypatch):
    """Ten frames of salt in a folder below the present one; energy -3.0, -3.1, ... eV/atom."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sub").mkdir()
    frames = []
    for k in range(10):
        atoms = bulk("NaCl", "rocksalt", 5.64 + 0.1 * k, cubic=k < 6)
        forces = np.zeros((len(atoms), 3))
        forces[:2, 0] = k, -k
        set_labels(atoms, Labels(energy=-(3 + 0.1 * k) * len(atoms), forces=forces, virial=np.eye(3)))
        atoms.info["run"] = f"md{k // 3}"
        frames.append(atoms)
    write_frames("sub/train.xyz", frames)
    return "sub/train.xyz"


def energies(path):
    return [round(labels(atoms).energy / len(atoms), 3) for atoms in read_frames(path)]


def test_filter_keeps_drops_and_counts(train, capsys):
    words = ["data", "filter", train, "-o", "kept.xyz", "--dropped", "out.xyz"]
    assert main([*words, "--energy", "-3.55:", "--max-force", "3", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"kept": 4, "dropped": 6, "because": {"energy": 4, "force": 2}}
    assert energies("kept.xyz") == [-3.0, -3.1, -3.2, -3.3]
    assert len(energies("out.xyz")) == 6


@pytest.mark.parametrize(
    ("words", "kept"),
    [
        (["--min-distance", "3.0"], 6),
        (["--min-pair", "Cl-Na=3.0"], 6),
        (["--pair-range", "Na-Cl=2.8:2.9"], 2),
        (["--min-radii", "1.2"], 2),
        (["--box", ":5.9"], 7),
        (["--volume", "30:"], 4),
        (["--atoms", "3:"], 6),
        (["--formula", "NaCl"], 4),
        (["--elements", "Na,Cl,Li", "--max-virial", "0.2"], 6),
        (["--pressure", ":0.8"], 3),
        (["--max-stress", "0.8"], 3),
        (["--max-net-force", "1"], 10),
        (["--where", "run == 'md1' and n_Na > 1"], 3),
    ],
)
def test_each_criterion(train, words, kept):
    assert main(["data", "filter", train, "-o", "kept.xyz", *words]) == 0
    assert len(energies("kept.xyz")) == kept


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--energy", "5:"], "no frame is left"),
        ([], "nothing to filter by"),
        (["--energy", "3:2"], "is empty"),
        (["--min-pair", "Na=3"], "not a pair"),
        (["--where", "enrgy < 3"], "did you mean energy"),
        (["--max-force", "3", "--dropped", "kept.xyz"], "named for two results"),
    ],
)
def test_filters_that_cannot_be_are_one_line_and_write_nothing(train, words, message, tmp_path, capsys):
    assert main(["data", "filter", train, "-o", "kept.xyz", *words]) == 1
    told = capsys.readouterr().err
    assert message in told
    assert len(told.splitlines()) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["sub"]


def test_parts_are_written_in_the_format_of_their_names(train, capsys):
    words = ["data", "filter", train, "--energy", "-3.55:", "-o", "kept.db", "--dropped", "out.traj"]
    assert main(words) == 0
    assert (energies("kept.db"), energies("out.traj")) == (
        [-3.0, -3.1, -3.2, -3.3, -3.4, -3.5],
        [-3.6, -3.7, -3.8, -3.9],
    )
    assert Path("kept.db").read_bytes().startswith(b"SQLite")
    assert main([*words[:5], "-o", "POSCAR"]) == 1
    assert "holds one frame" in capsys.readouterr().err
    assert not Path("POSCAR").exists()


@pytest.mark.parametrize("method", ["random", "uniform", "stratified"])
def test_split_puts_every_frame_on_one_side(train, method, capsys):
    assert main(["data", "split", train, "--method", method, "--test", "0.3", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["test"] == 3
    both = energies("sub/train_train.xyz") + energies("sub/train_test.xyz")
    assert sorted(both) == sorted(energies(train))
    assert main(["data", "split", train]) == 1
    assert "already exists" in capsys.readouterr().err


def test_split_by_groups_keeps_trajectories_whole(train, capsys):
    assert main(["data", "split", train, "--method", "group", "--by", "run", "--test", "3", "--prefix", "part"]) == 0
    sides = [{atoms.info["run"] for atoms in read_frames(f"part_{side}.xyz")} for side in ("train", "test")]
    assert not sides[0] & sides[1]
    assert main(["data", "split", train, "--method", "group", "--by", "nothing", "--prefix", "other"]) == 1
    assert "no key 'nothing'" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "numbers"),
    [
        (["--index", "2,5-6,-1"], [1, 4, 5, 9]),
        (["--index", "9-"], [8, 9]),
        (["--fraction", "0.5:"], [5, 6, 7, 8, 9]),
        (["--fraction", "0.2:0.6", "--every", "2"], [2, 4]),
        (["--every", "4"], [0, 4, 8]),
    ],
)
def test_frames_by_number_part_and_step(train, words, numbers):
    assert main(["data", "frames", train, "-o", "some.xyz", *words]) == 0
    assert energies("some.xyz") == [round(-(3 + 0.1 * k), 3) for k in numbers]


@pytest.mark.parametrize(
    "words",
    [["--index", "11"], ["--fraction", "0.5:0.2"], ["--fraction", "0.01:0.02"], ["--index", "1", "--fraction", "0:1"]],
)
def test_no_frames_are_refused(train, words, tmp_path):
    assert main(["data", "frames", train, "-o", "some.xyz", *words]) == 1
    assert not (tmp_path / "some.xyz").exists()


def test_clean_and_weight(train, capsys):
    assert main(["data", "clean", train, "-o", "clean.xyz"]) == 0
    assert all(labels(atoms) == Labels() and not atoms.info for atoms in read_frames("clean.xyz"))
    assert main(["data", "clean", train, "--only", "virial", "-o", "some.xyz"]) == 0
    assert energies("some.xyz") == energies(train)
    assert all(labels(atoms).virial is None for atoms in read_frames("some.xyz"))
    assert main(["data", "clean", train, "--only", "virail", "-o", "none.xyz"]) == 1
    assert "did you mean virial" in capsys.readouterr().err
    assert main(["data", "weight", train, "5", "--where", "force > 6.5", "-o", "heavy.xyz"]) == 0
    assert [atoms.info.get("weight") for atoms in read_frames("heavy.xyz")] == [None] * 7 + [5.0] * 3
    assert main(["data", "weight", train, "500", "-o", "none.xyz"]) == 1
    assert main(["data", "weight", train, "5", "--where", "force > 99", "-o", "none.xyz"]) == 1
    assert "no frame fulfils" in capsys.readouterr().err


def test_merge_notes_sources_and_dedupe_finds_doubles(train, capsys):
    assert main(["data", "merge", train, train, "--source", "-o", "both.xyz"]) == 0
    sources = [atoms.info["source"] for atoms in read_frames("both.xyz")]
    assert sources == [f"train.xyz:{number}" for number in range(1, 11)] * 2
    assert main(["data", "dedupe", "both.xyz", "-o", "one.xyz", "--json"]) == 0
    assert json.loads(capsys.readouterr().out.split("\n", 1)[1])["kept"] == 10
    assert main(["data", "merge", train, train, "--unique", "-o", "unique.xyz"]) == 0
    assert energies("unique.xyz") == energies("one.xyz") == energies(train)


def test_energies_are_shifted_by_fit_or_by_hand(train, capsys):
    assert main(["data", "shift-energies", train, "-o", "fit.xyz"]) == 0
    assert "do not tell the elements apart" in capsys.readouterr().out
    assert np.mean(energies("fit.xyz")) == pytest.approx(0.0, abs=1e-3)
    assert main(["data", "shift-energies", train, "--shift", "Na=-1", "--shift", "Cl=-2", "-o", "hand.xyz"]) == 0
    assert energies("hand.xyz")[:2] == [-1.5, -1.6]
    assert main(["data", "shift-energies", train, "--shift", "Na=-1", "-o", "none.xyz"]) == 1
    assert main(["data", "shift-energies", train, "--shift", "Na=x", "-o", "none.xyz"]) == 1


def test_outliers_of_the_trainer_s_files(reference_data, tmp_path, capsys):
    folder = reference_data / "pbte_nep_train"
    words = ["data", "outliers", str(folder / "train.xyz"), "--outputs", str(folder), "-o", str(tmp_path / "out.xyz")]
    assert main([*words, "--force", "39", "--rest", str(tmp_path / "rest.xyz"), "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    _, before, after, bound = data["errors"]["force"]
    assert after <= bound < before
    assert len(list(read_frames(tmp_path / "out.xyz"))) == len(data["outliers"])
    assert len(list(read_frames(tmp_path / "rest.xyz"))) == data["rest"] == 25 - len(data["outliers"])
    assert main([*words, "--overwrite", "--virial", "1"]) == 1
    assert "no virial to compare" in capsys.readouterr().err
    assert main(["data", "outliers", str(folder / "train.xyz"), "-o", str(tmp_path / "x.xyz"), "--force", "1"]) == 1


def test_outliers_of_a_model(reference_data, tmp_path, capsys):
    folder = reference_data / "superionic_water"
    frames = [atoms for atoms, _ in zip(read_frames(folder / "train20.xyz"), range(2), strict=False)]
    known = labels(frames[1])
    set_labels(frames[1], Labels(energy=known.energy, forces=known.forces * 3))
    write_frames(tmp_path / "two.xyz", frames)
    words = ["data", "outliers", str(tmp_path / "two.xyz"), "--model", str(folder / "nep.txt")]
    assert main([*words, "--force", "400", "-o", str(tmp_path / "out.xyz"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["outliers"] == [2]


def test_charges_are_balanced_by_states_and_total_charge(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    frames = [Atoms(name, cell=[9, 9, 9], pbc=True) for name in ("Fe3O4", "Fe2O3", "FeO", "O2")]
    for atoms in frames:
        atoms.positions[:, 0] = np.arange(len(atoms))
    frames[3].info["charge"] = -4.0
    write_frames("a.xyz", frames)
    words = ["data", "charge-balance", "a.xyz", "--overwrite", "--json"]
    assert main([*words, "-o", "b.xyz", "--unbalanced", "u.xyz"]) == 0
    assert json.loads(capsys.readouterr().out)["unbalanced"] == [1, 3]
    assert [str(atoms.symbols) for atoms in read_frames("u.xyz")] == ["Fe3O4", "FeO"]
    assert main([*words, "--state", "Fe=2,3", "-o", "b.xyz"]) == 0
    assert json.loads(capsys.readouterr().out)["unbalanced"] == []
    assert main([*words, "--state", "Fe=two", "-o", "b.xyz"]) == 1
    assert main([*words, "--state", "Fe=0", "--state", "O=1", "-o", "c.xyz"]) == 1
    assert "no frame is left" in capsys.readouterr().err


def test_commands_named_as_remedies_exist():
    from nepkit.datasets import findings

    load_all()
    known = {leaf.path: leaf for leaf in leaves(ROOT)}
    with open(findings.__file__, encoding="utf-8") as file:
        named = re.findall(r"nepkit (data [a-z-]+)((?: --[a-z-]+)?)", file.read())
    assert len(named) > 3
    for path, option in named:
        assert path in known, path
        options = {name for item in known[path].params for name in item.opts}
        assert set(shlex.split(option)) <= options, (path, option)


def test_split_keeps_the_share_of_formula_and_source(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    frames = []
    for k in range(40):
        atoms = bulk("NaCl" if k % 2 else "LiF", "rocksalt", 5.0 + 0.01 * k)
        atoms.info["source"] = f"{'ab'[k // 20]}/OUTCAR:{k + 1}"
        frames.append(atoms)
    write_frames("all.xyz", frames)
    assert main(["data", "split", "all.xyz", "--by", "formula", "--by", "source", "--test", "8"]) == 0
    found = [(atoms.info["source"][0], str(atoms.symbols)) for atoms in read_frames("all_test.xyz")]
    assert sorted(found) == sorted([(name, formula) for name in "ab" for formula in ("LiF", "NaCl")] * 2)
    capsys.readouterr()
    assert (
        main(["data", "split", "all.xyz", "--method", "group", "--by", "source", "--prefix", "g", "--test", "20"]) == 0
    )
    assert {atoms.info["source"][0] for atoms in read_frames("g_test.xyz")} in ({"a"}, {"b"})


def test_random_frames_are_of_the_part_and_of_the_seed(train):
    words = ["data", "frames", train, "--fraction", "0.5:", "--random", "3"]
    for name, seed in (("a", "1"), ("b", "1"), ("c", "2")):
        assert main([*words, "--seed", seed, "-o", f"{name}.xyz"]) == 0
    assert energies("a.xyz") == energies("b.xyz")
    assert len(set(energies("c.xyz"))) == 3
    assert set(energies("a.xyz")) <= {-3.5, -3.6, -3.7, -3.8, -3.9}
    assert main([*words[:-1], "6", "-o", "d.xyz"]) == 1


def test_dedupe_by_descriptors_sees_through_cells_and_orders(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    write_nep(random_nep(elements=("Na", "Cl")), "nep.txt")
    small = bulk("NaCl", "rocksalt", 5.64)
    large = bulk("NaCl", "rocksalt", 5.64, cubic=True)[[3, 1, 0, 2, 7, 5, 4, 6]]
    moved = large.copy()
    moved.rattle(0.2, seed=0)
    write_frames("all.xyz", [small, large, moved])
    words = ["data", "dedupe", "all.xyz", "-o", "one.xyz", "--model", "nep.txt"]
    assert main([*words, "--within", "1e-6", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"kept": 2, "left_out": [[2, 1, None]]}
    assert [len(atoms) for atoms in read_frames("one.xyz")] == [2, 8]
    assert main([*words, "--overwrite"]) == 1
    assert "give both or none" in capsys.readouterr().err


def test_frames_that_go_nowhere_are_not_a_silent_success(train, capsys):
    assert main(["data", "clean", train, "--json"]) == 1
    assert "say where they go: -o" in capsys.readouterr().err
    assert main(["data", "clean", train, "--json", "-o", "clean.xyz"]) == 0
