"""Conversions as a whole: frames one by one, inputs side by side, and a report that leaves nothing out."""

import gc
import shutil
import weakref
from pathlib import Path

import numpy as np
import pytest
from ase.build import bulk

from nepkit.cli.main import main
from nepkit.core.errors import OutputError
from nepkit.formats.catalogue import formats
from nepkit.formats.conversion import convert
from nepkit.formats.files import read_frames, write_frames
from nepkit.frames import Labels, set_labels

OUTPUTS = Path(__file__).parents[3] / "outputs"
MANY = {name: made for name, made in formats().items() if made.write and not made.single}


def salt(scale=1.0):
    atoms = bulk("NaCl", "rocksalt", 5.64 * scale)
    atoms.rattle(0.05, seed=1)
    set_labels(atoms, Labels(energy=-7.0 * scale, forces=np.ones((2, 3)), virial=np.eye(3), bec=np.ones((2, 3, 3))))
    return atoms


@pytest.mark.parametrize("name", MANY)
def test_writers_keep_no_frames(name, tmp_path):
    alive = []

    def frames():
        for index in range(12):
            atoms = salt(1 + 0.001 * index)
            alive.append(weakref.ref(atoms))
            yield atoms
            del atoms
            gc.collect()
            assert sum(reference() is not None for reference in alive) <= 2

    assert write_frames(tmp_path / "made", frames(), format=name) == 12


def test_several_inputs_at_a_time_give_the_same_file_and_report(tmp_path):
    inputs = [OUTPUTS / "gpaw.txt.gz", OUTPUTS / "espresso_vcmd.out.gz", OUTPUTS / "cp2k_md", tmp_path / "bad.xyz"]
    (tmp_path / "bad.xyz").write_text("2\n\nH 0 0 0\n")
    one, two = (convert(inputs, tmp_path / f"{jobs}.xyz", jobs=jobs) for jobs in (1, 2))
    assert (tmp_path / "1.xyz").read_bytes() == (tmp_path / "2.xyz").read_bytes()
    assert one.sources == two.sources
    assert (one.frames, one.counts, one.ranges) == (two.frames, two.counts, two.ranges)
    assert one.frames == 2 + 1 + 3
    assert [len(source.dropped) for source in one.sources] == [0, 3, 1, 0]
    assert [source.path.name for source in one.failed] == ["bad.xyz"]


def test_folders_are_searched_for_outputs_of_every_code(tmp_path, capsys):
    for name in ("espresso_md.out.gz", "gpaw.txt.gz", "cp2k_sp.log.gz"):
        (tmp_path / name.split("_")[0]).mkdir()
        shutil.copy(OUTPUTS / name, tmp_path / name.split("_")[0] / name)
    assert main(["convert", str(tmp_path), str(tmp_path / "all.xyz")]) == 0
    told = capsys.readouterr().out
    assert "6 frames in" in told
    assert "force 0." in told
    assert [atoms.info["source"].split(":")[0] for atoms in read_frames(tmp_path / "all.xyz")] == [
        "cp2k_sp.log.gz",
        *["espresso_md.out.gz"] * 3,
        *["gpaw.txt.gz"] * 2,
    ]


def test_what_a_format_does_not_hold_is_told(tmp_path, capsys):
    write_frames(tmp_path / "a.xyz", [salt()])
    assert convert([tmp_path / "a.xyz"], tmp_path / "a.cfg").lost == ("bec",)
    assert main(["convert", str(tmp_path / "a.xyz"), str(tmp_path / "POSCAR")]) == 0
    assert "left behind, for the format does not hold them: energy, forces, virial, bec" in capsys.readouterr().out


def test_ranges_of_labels_are_of_all_frames(tmp_path):
    write_frames(tmp_path / "a.xyz", [salt(1.0), salt(1.2)])
    ranges = convert([tmp_path / "a.xyz"], tmp_path / "b.xyz").ranges
    assert ranges["energy (eV/atom)"] == pytest.approx((-4.2, -3.5))
    assert ranges["force (eV/A)"] == pytest.approx((3**0.5, 3**0.5))
    assert ranges["virial (eV/atom)"] == (0.0, 0.5)


def test_a_format_can_be_named_whatever_the_file_is_called(tmp_path):
    write_frames(tmp_path / "structure", [salt()], format="poscar")
    assert (tmp_path / "structure").read_text().splitlines()[5].split() == ["Na", "Cl"]
    with pytest.raises(OutputError, match="is read, but not written"):
        write_frames(tmp_path / "other", [salt()], format="castep")
    with pytest.raises(OutputError, match="no frame is left"):
        write_frames(tmp_path / "none.cfg", [])
    assert [path.name for path in tmp_path.iterdir()] == ["structure"]
