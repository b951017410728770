"""Our own parser and that of libAtoms: the same arrays, the same refusals; in blocks, packed, and without labels."""

import gzip

import numpy as np
import pytest
from ase import Atoms

from nepkit.core.errors import InputError
from nepkit.formats import extxyz, extxyz_rows
from nepkit.formats.files import read_frames, read_snapshots, write_frames
from nepkit.frames import Labels, Snapshot, labels, set_labels

REALS = [
    "1",
    "1.",
    ".5",
    "+1.5",
    "-1.5",
    "1e5",
    "1E5",
    "1d5",
    "1D5",
    "1.5e",
    "nan",
    "NaN",
    "inf",
    "-inf",
    "1_0",
    "0x10",
    "1,5",
    "-",
    "+",
    "+-",
    "-+1",
    "1e",
    "1.5.5",
    "12345678901234567890123",
    "1e400",
    "1e-400",
    "5e-324",
    "-0",
    "-0.0",
    "00012",
    "1.5e+05",
    "1.e3",
    "+.5",
    ".",
    "e5",
    "1.0f",
    "0.1",
    "0.30000000000000004",
    "1.7976931348623157e308",
    "9007199254740993",
    "123456789.123456789123456789",
    "2.2250738585072011e-308",
    "--1",
    "++1",
    "1-1",
    "T",
    "H",
]
WHOLE = [
    "1",
    "+1",
    "-1",
    "0",
    "-0",
    "007",
    "999999999",
    "2147483647",
    "2147483648",
    "-2147483649",
    "99999999999",
    "1.0",
    "1.5",
    "1e3",
    "0x1",
    "x",
    "1_0",
    "-",
]
FLAGS = ["T", "F", "True", "False", "true", "false", "TRUE", "FALSE", "t", "f", "1", "0", "yes", ".true."]
WORDS = ["a", "é", "H#", "a=b", '"ab"', "1.5", "中", "a" * 40]


def outcome(path):
    try:
        (atoms,) = extxyz.read(path, check=False)
    except InputError as error:
        return str(error)
    return atoms.arrays["a"].tolist()


@pytest.mark.parametrize(
    ("kind", "token"),
    [(kind, token) for kind, tokens in zip("RILS", (REALS, WHOLE, FLAGS, WORDS), strict=True) for token in tokens],
)
def test_every_kind_of_word_means_the_same_to_both(kind, token, compiled_rows, monkeypatch, tmp_path):
    path = tmp_path / "a.xyz"
    path.write_text(f"1\nProperties=species:S:1:pos:R:3:a:{kind}:1\nH 0 0 0 {token}\n", encoding="utf-8")
    monkeypatch.setattr(extxyz_rows, "compiled", compiled_rows)
    own = outcome(path)
    monkeypatch.setattr(extxyz_rows, "compiled", None)
    assert outcome(path) == own
    if not isinstance(own, str) and not token.startswith("0x"):  # libAtoms takes hexadecimal numbers
        known = {"R": lambda: float(token.lower().replace("d", "e")), "I": lambda: int(float(token))}
        known |= {"L": lambda: token.upper().startswith("T"), "S": lambda: token}
        assert own == [known[kind]()]


@pytest.mark.parametrize("row", ["H 0 0", "H 0 0 0 0 0 0", "", "H 0 0 0 x", "H\x000 0 0 1", "H 0 0 0 1 2"])
def test_rows_of_another_width_are_refused_by_both(row, compiled_rows, monkeypatch, tmp_path):
    path = tmp_path / "a.xyz"
    path.write_text(f"3\nProperties=species:S:1:pos:R:3:a:R:1\nH 0 0 0 1\n{row}\nH 0 0 0 1\n")
    monkeypatch.setattr(extxyz_rows, "compiled", compiled_rows)
    own = outcome(path)
    assert "frame 1" in own
    monkeypatch.setattr(extxyz_rows, "compiled", None)
    assert outcome(path) == own


def frames(count=5, atoms=7):
    rng = np.random.default_rng(0)
    made = []
    for index in range(count):
        atoms_here = Atoms(rng.choice(["Li", "Cl"], atoms), positions=rng.normal(size=(atoms, 3)), cell=[5, 6, 7])
        atoms_here.pbc = True
        atoms_here.info["Time"] = 10.0 * index
        set_labels(atoms_here, Labels(energy=-1.0 * index, forces=rng.normal(size=(atoms, 3))))
        made.append(atoms_here)
    return made


@pytest.mark.usefixtures("both_parsers")
@pytest.mark.parametrize("block", [1, 100, 1 << 20])
@pytest.mark.parametrize("packed", [False, True])
def test_blocks_may_end_anywhere(block, packed, monkeypatch, tmp_path):
    monkeypatch.setattr(extxyz, "_BLOCK", block)
    made, path = frames(), tmp_path / "a.xyz"
    write_frames(path, made)
    if packed:
        path = tmp_path / "a.xyz.gz"
        path.write_bytes(gzip.compress((tmp_path / "a.xyz").read_bytes()))
    for given, found in zip(made, read_frames(path), strict=True):
        np.testing.assert_array_equal(found.positions, given.positions)
        np.testing.assert_array_equal(labels(found).forces, labels(given).forces)
        assert found.info == given.info
    for given, shot in zip(made, read_snapshots(path), strict=True):
        assert shot.symbols == tuple(given.get_chemical_symbols())
        np.testing.assert_array_equal(shot.positions, given.positions)
        np.testing.assert_array_equal(shot.cell, given.cell.array)
        np.testing.assert_array_equal(shot.get_masses(), given.get_masses())
        assert (shot.info["Time"], shot.pbc.tolist(), len(shot)) == (given.info["Time"], [True] * 3, 7)


@pytest.mark.usefixtures("both_parsers")
def test_snapshots_do_not_look_at_labels_but_at_rows(tmp_path):
    path = tmp_path / "a.xyz"
    path.write_text("1\nenergy=low Properties=species:S:1:pos:R:3:mass:R:1\nH 1 2 3 2.5\n1\n\nH 0 0\n")
    shots = read_snapshots(path)
    first = next(shots)
    assert first.get_masses().tolist() == [2.5]
    with pytest.raises(InputError, match=r"frame 2 \(line 4\)"):
        next(shots)


def test_other_formats_give_snapshots_too(tmp_path):
    from nepkit.formats.conversion import convert

    write_frames(tmp_path / "a.xyz", frames(1))
    convert([tmp_path / "a.xyz"], tmp_path / "POSCAR")
    (shot,) = read_snapshots(tmp_path / "POSCAR")
    assert isinstance(shot, Snapshot)
    assert sorted(shot.symbols) == sorted(frames(1)[0].get_chemical_symbols())


def test_a_packed_file_that_is_cut_is_told(tmp_path):
    write_frames(tmp_path / "a.xyz", frames())
    (tmp_path / "b.xyz.gz").write_bytes(gzip.compress((tmp_path / "a.xyz").read_bytes())[:-30])
    with pytest.raises(InputError, match=r"b\.xyz\.gz: gzip cannot unpack it"):
        list(read_frames(tmp_path / "b.xyz.gz"))


def test_a_column_too_wide_for_the_file_is_refused_before_memory_is_taken(tmp_path):
    path = tmp_path / "a.xyz"
    path.write_text("1\nProperties=species:S:1:pos:R:3:a:R:99999999999\nH 0 0 0 1\n")
    with pytest.raises(InputError, match="more than the file holds"):
        list(read_frames(path))
