"""Outputs of DFT codes, against numbers read from the files by eye."""

import numpy as np
import pytest

from nepkit.formats.catalogue import detect
from nepkit.formats.files import read_frames
from nepkit.formats.format import Reading
from nepkit.frames import labels


@pytest.fixture
def outputs(reference_data):
    return reference_data / "dft_outputs"


def convert(path):
    reading = Reading()
    return list(read_frames(path, reading=reading)), [item.step for item in reading.dropped]


@pytest.mark.parametrize(
    ("name", "format", "frames", "dropped"),
    [
        ("OUTCAR.h2o.md", "vasp-outcar", 3, []),
        ("OUTCAR.ch4.unconverged", "vasp-outcar", 1, [1, 2]),
        ("OUTCAR.ch4.ml", "vasp-outcar", 4, [1, 3, 5, 7, 8, 9, 11, 12, 13, 14]),
        ("vasprun.h2o.md.tribox.xml", "vasp-xml", 3, []),
        ("cp2k.log", "cp2k", 1, [2, 3, 4, 5, 6, 7]),
        ("cp2k_2025_output", "cp2k", 1, []),
        ("running_scf.log", "abacus", 1, []),
    ],
)
def test_numbers_of_frames(outputs, name, format, frames, dropped):
    assert detect(outputs / name).name == format
    made, left_out = convert(outputs / name)
    assert (len(made), left_out) == (frames, dropped)
    assert all(atoms.info["source"].startswith(f"{name}:") for atoms in made)


def test_outcar(outputs):
    first = convert(outputs / "OUTCAR.h2o.md")[0][0]
    known = labels(first)
    assert first.get_chemical_symbols() == ["O", "O", "H", "H", "H", "H"]
    assert first.positions[0].tolist() == [4.34854, 4.20903, 5.2]
    assert first.cell[2].tolist() == [0.1411083, -0.0595569, 10.0]
    assert known.energy == -28.38622624  # free energy TOTEN
    assert known.forces[5].tolist() == [-0.412170, 0.435811, 1.203659]
    # Row "Total" of FORCE on cell: XX YY ZZ XY YZ ZX, eV.
    assert known.virial[0].tolist() == [-1.34701, 0.22123, 1.49855]
    assert known.virial[1, 2] == -0.61055
    # "in kB" of the same step is a pressure: -2.15814 kB on xx.
    assert known.virial[0, 0] / first.cell.volume * 1602.177 == pytest.approx(-2.15814, abs=1e-4)


def test_outcar_without_converged_steps_and_with_a_force_field(outputs):
    (last,) = convert(outputs / "OUTCAR.ch4.unconverged")[0]
    assert labels(last).energy == -23.94708651
    learned = convert(outputs / "OUTCAR.ch4.ml")[0]
    assert [labels(atoms).energy for atoms in learned] == [-24.12709802, -24.12724275, -24.12737148, -24.12697674]


def test_vasprun(outputs):
    first = convert(outputs / "vasprun.h2o.md.tribox.xml")[0][0]
    known = labels(first)
    assert known.energy == 6.29883446
    # ASE reads the same file by other code: its stress is positive under tension.
    from ase.io import read

    theirs = read(outputs / "vasprun.h2o.md.tribox.xml", 0, format="vasp-xml")
    np.testing.assert_allclose(first.positions, theirs.positions, atol=1e-8)
    np.testing.assert_allclose(known.forces, theirs.get_forces())
    np.testing.assert_allclose(known.virial, -theirs.get_stress(voigt=False) * theirs.cell.volume, rtol=1e-5, atol=1e-3)


def test_cp2k_of_two_generations(outputs):
    old = convert(outputs / "cp2k.log")[0][0]
    assert old.get_chemical_symbols() == ["H"] * 4 + ["C"]
    assert old.positions[4].tolist() == [5.11666, 4.75533, 4.46123]
    known = labels(old)
    assert known.energy == pytest.approx(-8.072189722059207 * 27.211386, rel=1e-7)
    assert known.forces[0, 0] == pytest.approx(-0.00533566 * 51.42207, rel=1e-6)
    assert known.virial[0, 1] == pytest.approx(-0.08840301 / 160.2177 * 1000, rel=1e-6)
    new = convert(outputs / "cp2k_2025_output")[0][0]
    known = labels(new)
    assert new.positions[1].tolist() == [0.76, 0.0, 0.0]
    assert known.energy == pytest.approx(-7.364190264587725 * 27.211386, rel=1e-7)
    assert known.forces[1].tolist() == pytest.approx(
        [51.42207 * value for value in (0.0792269287, 0.0384670665, -0.0341478833)], rel=1e-6
    )
    assert known.virial[2, 2] == pytest.approx(0.12345678 / 160.2177 * 125, rel=1e-6)


def test_abacus(outputs):
    (made,), _ = convert(outputs / "running_scf.log")
    known = labels(made)
    assert made.get_chemical_symbols() == ["C", "H", "H", "H", "H"]
    assert made.cell[0, 0] == 5.29177
    assert made.positions[0, 0] == pytest.approx(0.981274803 * 5.29177)
    assert known.energy == -219.6499140427659142
    assert known.forces[4].tolist() == [-0.159837, 0.126468, -0.528024]
    assert known.virial[0, 1] == pytest.approx(5.24181029 / 1602.177 * 5.29177**3, rel=1e-6)


def test_gpumd_dumps_have_a_stress_of_the_other_sign(reference_data):
    """In dump_xyz the stress is positive under compression and kinetic in part; the virial is the label."""
    (atoms,) = read_frames(reference_data / "gpumd_static_qnep" / "dump.xyz")
    known = labels(atoms)
    assert known.energy == -930.79387274384499
    assert known.virial[0, :2].tolist() == [31.640188546140784, 0.69583966683736653]
    assert atoms.get_stress(voigt=False)[0, 0] == pytest.approx(-31.640188546140784 / atoms.cell.volume)
