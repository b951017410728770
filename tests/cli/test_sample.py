import csv
import json
from pathlib import Path

import numpy as np
import pytest

from lr_correction.nepfile import write_nep
from nepkit.cli.main import main
from nepkit.formats.files import read_frames, write_frames
from tests.factories import random_frame, random_nep


@pytest.fixture
def frames(tmp_path, monkeypatch):
    """Ten frames, of which every second one is the one before it, barely moved."""
    monkeypatch.chdir(tmp_path)
    write_nep(random_nep(), "nep.txt")
    made = []
    for k in range(10):
        atoms = random_frame(k // 2)
        atoms.positions += 1e-4 * (k % 2) * np.random.default_rng(k).normal(size=(len(atoms), 3))
        atoms.info["number"] = k + 1
        made.append(atoms)
    write_frames("all.xyz", made)
    return made


def numbers(path):
    return [atoms.info["number"] for atoms in read_frames(path)]


def test_uniform_and_random_save_their_indices(frames):
    assert main(["sample", "uniform", "all.xyz", "5", "-o", "u.xyz", "--indices", "u.txt"]) == 0
    assert numbers("u.xyz") == [2, 4, 6, 8, 10]
    assert [int(word) for word in Path("u.txt").read_text().split()] == [2, 4, 6, 8, 10]
    for name in ("a", "b"):
        assert main(["sample", "random", "all.xyz", "4", "--seed", "7", "-o", f"{name}.xyz"]) == 0
    assert numbers("a.xyz") == numbers("b.xyz")
    assert len(set(numbers("a.xyz"))) == 4


def test_fps_takes_one_of_every_two_like_frames(frames, capsys):
    words = ["sample", "fps", "all.xyz", "--model", "nep.txt", "-o", "f.xyz", "--min-distance", "0.01"]
    assert main([*words, "--indices", "f.txt", "--map", "map.csv", "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert sorted((number + 1) // 2 for number in data["frames"]) == [1, 2, 3, 4, 5]
    assert numbers("f.xyz") == sorted(data["frames"])
    assert [int(word) for word in Path("f.txt").read_text().split()] == data["frames"]
    with open("map.csv", newline="") as file:
        marks = [row["set"] for row in csv.DictReader(file)]
    assert [number for number, mark in enumerate(marks, 1) if mark == "chosen"] == numbers("f.xyz")


def test_fps_looks_at_what_is_known(frames, capsys):
    assert main(["data", "frames", "all.xyz", "--index", "1-6", "-o", "known.xyz"]) == 0
    words = ["sample", "fps", "all.xyz", "--model", "nep.txt", "--known", "known.xyz", "--by", "element"]
    assert main([*words, "-o", "f.xyz", "--max", "2"]) == 0
    assert {(number + 1) // 2 for number in numbers("f.xyz")} == {4, 5}
    capsys.readouterr()
    assert main([*words[:-2], "--known", "all.xyz", "-o", "none.xyz", "--min-distance", "0.01"]) == 1
    assert "nothing is written" in capsys.readouterr().err


def test_a_split_by_farthest_points_needs_a_model(frames, capsys):
    assert main(["data", "split", "all.xyz", "--method", "fps", "--model", "nep.txt", "--test", "5"]) == 0
    assert sorted((number + 1) // 2 for number in numbers("all_test.xyz")) == [1, 2, 3, 4, 5]
    assert main(["data", "split", "all.xyz", "--method", "fps", "--prefix", "b"]) == 1
    assert "belong together" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["uniform", "all.xyz", "11", "-o", "x.xyz"], "ask for 1 to 10"),
        (["random", "all.xyz", "0", "-o", "x.xyz"], "ask for 1 to 10"),
        (["fps", "all.xyz", "--model", "nep.txt", "-o", "x.xyz"], "how many?"),
        (["fps", "all.xyz", "--model", "all.xyz", "-o", "x.xyz", "--max", "2"], "all.xyz"),
    ],
)
def test_samples_that_cannot_be_are_one_line(frames, words, message, tmp_path, capsys):
    assert main(["sample", *words]) == 1
    told = capsys.readouterr().err
    assert message in told
    assert len(told.splitlines()) == 1
    assert not (tmp_path / "x.xyz").exists()


def test_perturbed_copies_follow_the_seed(frames, capsys):
    words = ["sample", "perturb", "all.xyz", "3", "--displacement", "0.1"]
    for name, seed in (("a", "1"), ("b", "1"), ("c", "2")):
        assert main([*words, "--seed", seed, "-o", f"{name}.xyz", "--min-radii", "0.1"]) == 0
    first, again, other = (np.stack([atoms.positions for atoms in read_frames(f"{name}.xyz")]) for name in "abc")
    assert len(first) == 30
    np.testing.assert_array_equal(first, again)
    assert np.abs(first - other).max() > 0.01
    assert main([*words[:-1], "9", "-o", "d.xyz"]) == 1
    assert "smaller displacement" in capsys.readouterr().err
    assert main([*words[:-1], "-1", "-o", "d.xyz"]) == 1


def test_fps_by_atom_finds_the_same_pairs_of_like_frames(frames, capsys):
    words = ["sample", "fps", "all.xyz", "--model", "nep.txt", "-o", "f.xyz", "--by", "atom", "--max", "5", "--json"]
    assert main([*words, "--map", "map.png", "--jobs", "2"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert sorted((number + 1) // 2 for number in data["frames"]) == [1, 2, 3, 4, 5]
    assert data["left"] < 0.01 * min(value for value in data["distances"] if value is not None)
    assert Path("map.png").read_bytes().startswith(b"\x89PNG")


def test_doptimal_takes_what_the_known_set_lacks(frames, capsys):
    assert main(["data", "frames", "all.xyz", "--index", "1-6", "-o", "known.xyz"]) == 0
    words = ["sample", "doptimal", "all.xyz", "--model", "nep.txt", "--known", "known.xyz", "-o", "d.xyz"]
    capsys.readouterr()
    assert main([*words, "--threshold", "1.5", "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert set(data["frames"]) <= {7, 8, 9, 10}
    assert data["frames"]
    assert max(data["grades"][:6]) <= 1.01
    assert min(data["grades"][6:]) > 1.5
    assert numbers("d.xyz") == sorted(data["frames"])
    assert main([*words, "--threshold", "1e9", "--overwrite"]) == 1
    assert "no frame extrapolates from known.xyz by 1e+09; the highest grade is" in capsys.readouterr().err
    assert main([*words[:5], "--threshold", "2", "-o", "e.xyz"]) == 1
    assert "give --known" in capsys.readouterr().err


def test_clusters_and_entropy_take_one_of_every_two_like_frames(frames, capsys):
    assert main(["sample", "cluster", "all.xyz", "5", "--model", "nep.txt", "-o", "c.xyz", "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert data["sizes"] == [2] * 5
    assert sorted((number + 1) // 2 for number in data["frames"]) == [1, 2, 3, 4, 5]
    assert main(["sample", "entropy", "all.xyz", "5", "--model", "nep.txt", "-o", "e.xyz", "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert sorted((number + 1) // 2 for number in data["frames"]) == [1, 2, 3, 4, 5]
    assert data["entropy"]["value"] == pytest.approx(np.log(5), abs=0.2)
    assert numbers("e.xyz") == sorted(data["frames"])
    for words, message in (
        (["cluster", "all.xyz", "11"], "ask for 1 to 10"),
        (["entropy", "all.xyz", "11"], "ask for 1 to 10"),
        (["cluster", "all.xyz", "2", "--known", "all.xyz"], "every cluster has a frame of all.xyz"),
    ):
        assert main(["sample", *words, "--model", "nep.txt", "-o", "none.xyz"]) == 1
        assert message in capsys.readouterr().err
        assert not Path("none.xyz").exists()


def test_deviation_of_a_committee(frames, capsys):
    write_nep(random_nep(1), "other.txt")
    words = ["sample", "deviation", "all.xyz", "-m", "nep.txt", "-m", "other.txt", "-o", "d.xyz"]
    assert main([*words, "--max", "3", "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    order = np.argsort(-np.array(data["deviations"]), kind="stable")[:3] + 1
    assert data["frames"] == order.tolist()
    assert main([*words, "--overwrite", "--threshold", "1e6"]) == 1
    assert "no frame deviates by at least 1e+06 eV/A (they deviate by" in capsys.readouterr().err
    for extra, message in ((["-m", "nep.txt"], "one model has no deviation"), ([], "it has no uncertainty")):
        assert main(["sample", "deviation", "all.xyz", *extra, "-o", "none.xyz"]) == 1
        assert message in capsys.readouterr().err
