import numpy as np
import pytest
from ase.build import bulk

from nepkit.cli.main import main
from nepkit.frames import Labels, labels, read_frames, set_labels, write_frames


@pytest.fixture
def salt(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    atoms = bulk("NaCl", "rocksalt", 5.64)
    atoms.arrays["vel"] = np.arange(6.0).reshape(2, 3)
    set_labels(atoms, Labels(energy=-7.0, forces=np.zeros((2, 3))))
    write_frames("salt.xyz", [atoms])
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
    ],
)
def test_changes_that_cannot_be_are_one_line(salt, words, message, tmp_path, capsys):
    assert main(["structure", *words, "-o", "new.xyz"]) == 1
    told = capsys.readouterr().err
    assert message in told
    assert len(told.splitlines()) == 1
    assert not (tmp_path / "new.xyz").exists()
