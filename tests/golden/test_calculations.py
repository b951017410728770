"""Outputs of real calculations against numbers read from them by hand: energy, force, and virial with its sign."""

from pathlib import Path

import ase
import numpy as np
import pytest

from nepkit.core.errors import InputError
from nepkit.formats.catalogue import detect
from nepkit.formats.files import read_frames
from nepkit.formats.format import Reading
from nepkit.frames import labels

OURS = Path(__file__).parents[1] / "outputs"
THEIRS = Path(ase.__file__).parent / "test" / "testdata"
RYDBERG, BOHR, HARTREE = 13.605693, 0.5291772, 27.211386


def convert(path):
    if not path.exists():
        pytest.skip(f"ase was installed without {path.name}")
    reading = Reading()
    return list(read_frames(path, reading=reading)), [item.step for item in reading.dropped]


@pytest.mark.parametrize(
    ("path", "format", "frames", "dropped"),
    [
        (OURS / "espresso_md.out.gz", "espresso", 3, []),
        (OURS / "espresso_vcmd.out.gz", "espresso", 1, [1, 3, 4]),
        (OURS / "cp2k_sp.log.gz", "cp2k", 1, []),
        (OURS / "cp2k_md" / "h2.log.gz", "cp2k", 3, [1]),
        (OURS / "gpaw.txt.gz", "gpaw", 2, []),
        (THEIRS / "castep" / "md.castep", "castep", 3, []),
        (THEIRS / "aims" / "md.out", "aims", 5, []),
        (THEIRS / "aims" / "relax.out", "aims", 8, []),
        (THEIRS / "vasp" / "OUTCAR_example_1", "vasp-outcar", 1, []),
    ],
)
def test_numbers_of_steps(path, format, frames, dropped):
    made, left_out = convert(path)
    assert detect(path).name == format
    assert (len(made), left_out) == (frames, dropped)
    assert all(atoms.info["source"].startswith(f"{path.name}:") for atoms in made)


def test_espresso():
    first = convert(OURS / "espresso_md.out.gz")[0][0]
    known = labels(first)
    assert known.energy == pytest.approx(-15.61492139 * RYDBERG, rel=1e-7)  # F, not E = F + TS
    assert known.forces[0].tolist() == pytest.approx(
        [RYDBERG / BOHR * value for value in (-0.00620782, 0.00122080, 0.01937727)], rel=1e-6
    )
    assert first.cell.volume == pytest.approx(270.5745 * BOHR**3, rel=1e-5)
    assert known.virial[0, 1] == pytest.approx(-0.00028064 * RYDBERG * 270.5745, rel=1e-4)
    assert np.trace(known.virial) / 3 / first.cell.volume * 1602.177 == pytest.approx(16.64, abs=0.01)  # P, kbar


def test_a_claim_of_convergence_of_pw_is_not_believed():
    (only,), dropped = convert(OURS / "espresso_vcmd.out.gz")
    assert dropped == [1, 3, 4]  # accuracies 2.9e-6, 4.8e-6, 4.9e-6 Ry; the threshold is 1e-6
    assert labels(only).energy == pytest.approx(-15.61409798 * RYDBERG, rel=1e-7)


def test_cp2k_single_point_and_dynamics_of_changing_cell():
    (single,), _ = convert(OURS / "cp2k_sp.log.gz")
    known = labels(single)
    assert known.energy == pytest.approx(-1.100772339853633 * HARTREE, rel=1e-7)
    assert known.virial[0, 0] == pytest.approx(-2.90969166296 / 160.2177 * 68.88, rel=1e-6)
    assert known.virial[0, 0] == pytest.approx(-1.2513, abs=1e-3)  # minus the derivative by strain, see README.md
    frames, _ = convert(OURS / "cp2k_md" / "h2.log.gz")
    first, known = frames[0], labels(frames[0])
    assert known.energy == pytest.approx(-1.099354522801675 * HARTREE, rel=1e-7)
    assert first.positions[1].tolist() == [0.1186607566, -0.0256345378, 0.7836530031]
    assert known.forces[1, 2] == pytest.approx(-0.11197726 * HARTREE / BOHR, rel=1e-6)
    volumes = [atoms.cell.volume for atoms in frames]
    assert volumes[0] > 1.2 * volumes[1] > 1.2 * volumes[2]
    # Not the table of eigenvectors that follows under nearly the same heading.
    assert known.virial[0, 2] == pytest.approx(1.25135318656 / 160.2177 * volumes[0], rel=1e-6)


def test_gpaw_gives_the_free_energy():
    second = convert(OURS / "gpaw.txt.gz")[0][1]
    known = labels(second)
    assert known.energy == -7.845151  # not the extrapolated -7.711092
    assert known.forces[1].tolist() == [0.04529, 0.03476, 0.07676]
    assert known.virial[1, 2] == pytest.approx(-0.130271 * second.cell.volume)
    with pytest.raises(InputError, match="electronic steps not converged"):
        convert(OURS / "gpaw_unconverged.txt.gz")


def test_castep():
    frames, _ = convert(THEIRS / "castep" / "md.castep")
    assert [labels(atoms).energy for atoms in frames] == [-1351.300206072, -1351.298793468, -1351.294716003]
    last, known = frames[-1], labels(frames[-1])
    assert known.forces[0].tolist() == [-0.09963, 0.10729, -0.00665]
    assert labels(frames[1]).virial is None
    assert known.virial[0, 1] == pytest.approx(0.144025 / 160.2177 * 5.43**3)  # the pressure is -0.3882 GPa
    assert last.positions[1].tolist() == pytest.approx([0.248780 * 5.43, 0.249866 * 5.43, 0.250210 * 5.43])


def test_aims():
    dynamics, _ = convert(THEIRS / "aims" / "md.out")
    known = labels(dynamics[1])
    assert known.energy == -2067.71612747705
    assert dynamics[1].positions[1].tolist() == [0.93156204, -0.00330135, 0.0]
    assert labels(dynamics[0]).forces[1].tolist() == [0.762033513717406, -0.0942008794353063, 0.0]
    relaxed, _ = convert(THEIRS / "aims" / "relax.out")
    known = labels(relaxed[0])
    assert known.energy == -15747.6651322907
    assert known.virial[0, 0] == pytest.approx(-0.07748922 * 48.9295, rel=1e-5)
    # Tension shrinks the cell and lowers the energy.
    assert relaxed[1].cell.volume == pytest.approx(46.7717, rel=1e-5)
    assert labels(relaxed[1]).energy < known.energy
