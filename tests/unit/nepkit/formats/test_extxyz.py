import numpy as np
import pytest
from ase import Atoms

from nepkit.core.errors import InputError, UnknownNameError
from nepkit.formats.extxyz import parse_header
from nepkit.formats.files import format_frame, read_frames, write_frames
from nepkit.frames import labels

pytestmark = pytest.mark.usefixtures("both_parsers")

CELL = 'Lattice="4 0 0 0 4 0 0 0 4"'
COLUMNS = "Properties=species:S:1:pos:R:3"


def read_text(tmp_path, text: str):
    path = tmp_path / "in.xyz"
    path.write_bytes(text.encode())
    return list(read_frames(path))


@pytest.mark.parametrize(
    ("header", "info"),
    [
        (f"{CELL} Energy = -1.5 {COLUMNS}", {}),
        (f"{CELL.upper()} energy=-1.5 {COLUMNS.lower().replace('s:1', 'S:1').replace('r:3', 'R:3')}", {}),
        (f"{CELL.lower()} ENERGY=-15e-1 {COLUMNS}", {}),
        (f"{CELL} energy=-1.5D0 {COLUMNS}", {}),
        (f"{CELL}\tenergy='-1.5' {COLUMNS}", {}),
        (f"Lattice={{4 0 0 0 4 0 0 0 4}} energy=-1.5 {COLUMNS}", {}),
        (f"Lattice=[[4,0,0],[0,4,0],[0,0,4]] energy=-1.5 {COLUMNS}", {}),
        (
            f'{CELL} energy=-1.5 name="a \\"b\\" c" path=/x/y-z.1 done {COLUMNS}',
            {"name": 'a "b" c', "path": "/x/y-z.1", "done": True},
        ),
        (f"{CELL} energy=-1.5 id=12345678901234 {COLUMNS}", {"id": 12345678901234}),
    ],
)
def test_dialects_of_the_comment_line(tmp_path, header, info):
    (atoms,) = read_text(tmp_path, f"1\n{header}\nH 0 +1.5 -.5\n")
    assert labels(atoms).energy == -1.5
    np.testing.assert_array_equal(atoms.cell.array, 4 * np.eye(3))
    np.testing.assert_array_equal(atoms.positions, [[0.0, 1.5, -0.5]])
    assert atoms.pbc.all()
    assert atoms.info == info


def test_plain_xyz_and_line_ends(tmp_path):
    (atoms,) = read_text(tmp_path, "2\r\na water, almost\r\nO 0 0 0\r\nH 0 0 1\r\n\r\n\r\n")
    assert atoms.get_chemical_formula() == "HO"
    assert not atoms.pbc.any()
    assert atoms.info == {"comment": "a water, almost"}
    (atoms,) = read_text(tmp_path, "1\n\nH 0 0 0")
    assert len(atoms) == 1


def test_columns_in_any_order_with_masses_and_groups(tmp_path):
    columns = "Properties=pos:R:3:mass:R:1:species:S:1:group:I:2:free:L:1:bec:R:9:charge:R:1:force:R:3"
    bec = " ".join(map(str, range(9)))
    (atoms,) = read_text(tmp_path, f"1\n{CELL} charge=1 {columns}\n1 2 3 2.014 H 0 5 T {bec} 0.4 7 8 9\n")
    assert atoms.get_masses() == [2.014]
    assert atoms.arrays["group"].tolist() == [[0, 5]]
    assert atoms.arrays["free"].tolist() == [True]
    found = labels(atoms)
    np.testing.assert_array_equal(found.bec, np.arange(9.0).reshape(1, 3, 3))
    np.testing.assert_array_equal(found.forces, [[7.0, 8.0, 9.0]])
    assert found.charges == [0.4]
    assert found.charge == 1.0


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no frames in this file"),
        ("\n\n", "no frames in this file"),
        ("abc\nx\nH 0 0 0\n", r"frame 1 \(line 1\): expected the number of atoms, at least 1, not 'abc'"),
        ("0\nx\n", "expected the number of atoms, at least 1, not '0'"),
        ("-1\nx\n", "at least 1, not '-1'"),
        (f"2\n{CELL} {COLUMNS}\nH 0 0 0\n", r"frame 1 \(line 1\): cut short, 2 atoms are announced"),
        (f"900000000000\n{CELL} {COLUMNS}\nH 0 0 0\n", "cut short, 900000000000 atoms"),
        (
            f"1\n{CELL} {COLUMNS}\nH 0 0 0\n2\n{CELL} {COLUMNS}\nH 0 0 0\nH 0 x 0\n",
            r"frame 2 \(line 4\): invalid field 'x' for property 'pos' in the row of atom 2",
        ),
        (f"1\n{CELL} {COLUMNS}\nH 0 nan 0\n", "invalid field 'nan'"),
        (f"1\n{CELL} {COLUMNS}\nH 0 0\n", "expected 4 fields in the row of atom 1"),
        (f"1\n{CELL} {COLUMNS}\nH 0 0 0 7\n", "expected 4 fields in the row of atom 1"),
        (
            f"1\n{CELL} {COLUMNS}\nH 0 0 0\n\n1\n{CELL} {COLUMNS}\nH 0 0 0\n",
            "line 4: blank, expected the number of atoms",
        ),
        ('1\nLattice="4 0 0 0 4 0 0 0" Properties=species:S:1:pos:R:3\nH 0 0 0\n', "expected nine numbers"),
        (f"1\n{CELL} Properties=species:S:1:pos\nH 0 0 0\n", "is not a list of name:type:count"),
        (f"1\n{CELL} Properties=species:S:1:pos:R:3:pos:R:3\nH 0 0 0 0 0 0\n", "a column twice"),
        (f"1\n{CELL} Properties=species:S:1:q:R:3\nH 0 0 0\n", "no column of positions"),
        (f"1\n{CELL} Properties=pos:R:3\n0 0 0\n", "no column of elements"),
        (f'1\n{CELL} pbc="T T" {COLUMNS}\nH 0 0 0\n', "expected three of T and F"),
        (f'1\n{CELL} note="open {COLUMNS}\nH 0 0 0\n', "cannot read the comment line at 'note="),
        (f"1\n{CELL} energy=low {COLUMNS}\nH 0 0 0\n", "energy is 'low', expected one number"),
        (f'1\n{CELL} virial="1 2 3 4 5 6" {COLUMNS}\nH 0 0 0\n', "order is ambiguous"),
    ],
)
def test_bad_files_get_one_line_with_file_and_place(tmp_path, text, message):
    with pytest.raises(InputError, match=message) as caught:
        read_text(tmp_path, text)
    assert str(caught.value).startswith(str(tmp_path / "in.xyz"))
    assert "\n" not in str(caught.value)


def test_unknown_elements_and_binary_files(tmp_path):
    with pytest.raises(UnknownNameError, match="'Xy' is not an element"):
        read_text(tmp_path, f"1\n{CELL} {COLUMNS}\nXy 0 0 0\n")
    path = tmp_path / "binary.xyz"
    path.write_bytes(bytes(range(128, 256)) * 4)
    with pytest.raises(InputError, match="not text in UTF-8"):
        list(read_frames(path))


def test_reading_streams(tmp_path):
    path = tmp_path / "in.xyz"
    path.write_text(f"1\n{CELL} {COLUMNS}\nH 0 0 0\n" * 2 + "broken\n")
    frames = read_frames(path)
    next(frames)
    next(frames)
    with pytest.raises(InputError, match=r"frame 3 \(line 7\)"):
        next(frames)


def test_the_written_form_is_that_of_the_trainer(tmp_path):
    atoms = Atoms("H", positions=[[0.5, 0, 0]], cell=[4, 5, 6], pbc=True)
    atoms.info.update(Energy=-1.5, virial=np.arange(9.0), charge=1, source="frame 3", weight=0.5)
    atoms.arrays["force"] = np.array([[1.0, 2.0, 3.0]])
    assert format_frame(atoms) == (
        '1\nLattice="4.0 0.0 0.0 0.0 5.0 0.0 0.0 0.0 6.0" energy=-1.5 virial="0.0 1.0 2.0 3.0 4.0 5.0 6.0 7.0 8.0"'
        ' charge=1.0 pbc="T T T" Properties=species:S:1:pos:R:3:forces:R:3 source="frame 3" weight=0.5\n'
        "H 0.5 0.0 0.0 1.0 2.0 3.0\n"
    )


def test_values_without_a_text_form_are_told():
    atoms = Atoms("H")
    atoms.info["thing"] = {"a": 1}
    with pytest.warns(UserWarning, match="'thing' of type dict has no extended xyz form"):
        format_frame(atoms)
    atoms = Atoms("H")
    atoms.arrays["cube"] = np.zeros((1, 2, 2))
    with pytest.raises(InputError, match="column 'cube'"):
        format_frame(atoms)
    with pytest.raises(InputError, match="no atoms"):
        format_frame(Atoms())


def test_ase_and_calorine_read_what_we_write(tmp_path, reference_data):
    from ase.io import read

    frames = list(read_frames(reference_data / "superionic_water" / "test.xyz"))[:2]
    write_frames(tmp_path / "out.xyz", frames)
    for mine, theirs in zip(frames, read(tmp_path / "out.xyz", ":"), strict=True):
        np.testing.assert_array_equal(mine.positions, theirs.positions)
        np.testing.assert_array_equal(mine.get_forces(), theirs.get_forces())
        assert mine.get_potential_energy() == theirs.get_potential_energy()
        np.testing.assert_array_equal(labels(mine).bec.reshape(-1, 9), theirs.arrays["bec"])


def test_reference_files_are_read_as_ase_reads_them(reference_data):
    from ase.io import read

    paths = [
        "pbte_nep_train/train.xyz",
        "gpumd_fixtures/train.xyz",
        "gpumd_fixtures/C-nat16-rattled.xyz",
        "superionic_water/test.xyz",
    ]
    for path in paths:
        mine, theirs = list(read_frames(reference_data / path)), read(reference_data / path, ":")
        assert len(mine) == len(theirs)
        for one, other in zip(mine, theirs, strict=True):
            assert (one.numbers == other.numbers).all()
            np.testing.assert_array_equal(one.positions, other.positions)
            np.testing.assert_array_equal(one.cell.array, other.cell.array)
            assert labels(one).energy == labels(other).energy


def test_flags_arrays_and_strings_of_the_header():
    info, columns = parse_header('flag x="1 2" m=[[1,2],[3,4]] b=[T,F] s=[a,b] q="T F" e=""')
    assert columns == "species:S:1:pos:R:3"
    assert info["flag"] is True
    np.testing.assert_array_equal(info["m"], [[1, 2], [3, 4]])
    np.testing.assert_array_equal(info["b"], [True, False])
    np.testing.assert_array_equal(info["q"], [True, False])
    assert info["s"] == "[a,b]"
    assert info["e"] == ""
