"""Readers against those of ASE and dpdata on files that the programs themselves wrote.

Frames are compared step by step: cell, positions, energy, forces, virial. Where a reader differs on purpose, the reason
stands with it. Neither ASE nor dpdata reads positions beside a CP2K log; dpdata takes a folder with INPUT for ABACUS.
"""

import gzip
import re
import shutil
import warnings
from dataclasses import dataclass, field
from pathlib import Path

import ase
import numpy as np
import pytest
from ase.cell import Cell
from ase.io import read

from nepkit.core.conventions import matrix
from nepkit.formats.files import read_frames
from nepkit.formats.format import Reading
from nepkit.frames import labels


@dataclass
class Step:
    cell: np.ndarray
    positions: np.ndarray
    energy: float | None = None
    forces: np.ndarray | None = None
    virial: np.ndarray | None = None


def with_ase(path, form):
    """Return the steps; the energy is the free energy, the virial -V sigma."""
    made = []
    for atoms in read(path, ":", format=form):
        results = atoms.calc.results if atoms.calc else {}
        stress = results.get("stress")
        if stress is not None:
            stress = np.reshape(stress, (3, 3)) if np.size(stress) == 9 else matrix(stress, "ase")
        virial = None if stress is None else -atoms.cell.volume * stress
        energy = results.get("free_energy", results.get("energy"))
        made.append(Step(atoms.cell.array, atoms.positions, energy, results.get("forces"), virial))
    return made


def with_dpdata(path, form):
    dpdata = pytest.importorskip("dpdata")
    data = dpdata.LabeledSystem(str(path), fmt=form).data
    virials = data.get("virials", [None] * len(data["energies"]))
    return [Step(*row) for row in zip(*(data[key] for key in ("cells", "coords", "energies", "forces")), virials)]  # noqa: B905


@dataclass(frozen=True)
class Compared:
    """A file, who else reads it, and where that one differs: steps it gives, and quantities that are not compared."""

    path: str
    reader: object
    form: str
    steps: dict[int, int] | None = None  # our step -> place in the other's; None for one to one
    left_out: tuple[int, ...] = ()  # steps in the file that we leave out
    unlike: tuple[str, ...] = ()
    reason: str = ""
    tolerance: dict[str, float] = field(default_factory=dict)

    def __str__(self):
        return f"{self.path}-{self.form}"


OURS = "tests/outputs/"
FILES = (
    Compared(OURS + "espresso_md.out.gz", with_ase, "espresso-out"),
    Compared(OURS + "espresso_vcmd.out.gz", with_ase, "espresso-out", steps={2: 1}, left_out=(1, 3, 4),
             reason="ASE gives the three steps whose estimated accuracy is above the threshold too"),
    Compared(OURS + "gpaw.txt.gz", with_ase, "gpaw-out", unlike=("energy",),
             reason="ASE gives the energy extrapolated to no smearing; the forces are derivatives of the free energy"),
    Compared(OURS + "gpaw_relax.traj", with_ase, "traj"),
    Compared(OURS + "cp2k_sp.log.gz", with_dpdata, "cp2k/output", unlike=("virial",),
             reason="dpdata does not know the stress of CP2K 2023"),
    Compared(OURS + "lammps_triclinic.lammpstrj", with_ase, "lammps-dump-text",
             unlike=("energy", "forces"),
             reason="no labels to train on in a dump; ASE leaves the corner of the box where it is, ours is at 0"),
    Compared("OUTCAR.h2o.md", with_ase, "vasp-out"),
    Compared("OUTCAR.h2o.md", with_dpdata, "vasp/outcar"),
    Compared("OUTCAR.ch4.unconverged", with_ase, "vasp-out", steps={3: 2}, left_out=(1, 2),
             reason="ASE gives the steps that reached NELM too"),
    Compared("OUTCAR.ch4.unconverged", with_dpdata, "vasp/outcar", steps={3: 0}, left_out=(1, 2)),
    Compared("OUTCAR.ch4.ml", with_dpdata, "vasp/outcar", steps={2: 0, 4: 1, 6: 2, 10: 3},
             left_out=(1, 3, 5, 7, 8, 9, 11, 12, 13, 14), reason="ASE cannot read it; dpdata turns the cell"),
    Compared("vasprun.h2o.md.tribox.xml", with_ase, "vasp-xml", tolerance={"virial": 1e-3},
             reason="the printed stress is symmetric but for rounding; ours is its symmetric part"),
    Compared("vasprun.h2o.md.tribox.xml", with_dpdata, "vasp/xml", tolerance={"virial": 1e-3},
             reason="as above; dpdata turns a cell that is not lower triangular, with atoms, forces and virial"),
    Compared("cp2k_2025_output", with_dpdata, "cp2k/output"),
)  # fmt: skip


THEIRS = "ase/"  # real files that ASE is installed with
FILES += (
    Compared(THEIRS + "castep/md.castep", with_ase, "castep-castep"),
    Compared(THEIRS + "aims/md.out", with_ase, "aims-output"),
    Compared(THEIRS + "aims/relax.out", with_ase, "aims-output"),
    Compared(THEIRS + "vasp/OUTCAR_example_1", with_ase, "vasp-out"),
    Compared(THEIRS + "vasp/vasprun_pstress.xml", with_ase, "vasp-xml", tolerance={"virial": 1e-3}),
)


def locate(path, repository, request):
    if path.startswith(THEIRS):
        found = Path(ase.__file__).parent / "test" / "testdata" / path.removeprefix(THEIRS)
        if not found.is_file():
            pytest.skip(f"ase was installed without {path}")
        return found
    if path.startswith(OURS):
        return repository / path
    return request.getfixturevalue("reference_data") / "dft_outputs" / path


def unpacked(path, folder):
    """Return a plain copy of the file with its neighbours, under the name that dpdata and ASE want."""
    target = folder / path.name.removesuffix(".gz")
    if path.suffix == ".gz":
        target.write_bytes(gzip.decompress(path.read_bytes()))
    else:
        shutil.copy(path, target)
    return target


def ours(path):
    reading = Reading()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of steps left out, which are counted here
        made = {int(atoms.info["source"].rpartition(":")[2]): atoms for atoms in read_frames(path, reading=reading)}
    return made, reading


@pytest.mark.parametrize("compared", FILES, ids=str)
@pytest.mark.filterwarnings("ignore")
def test_steps_are_those_of_other_readers(compared, repository, request, tmp_path):
    path = unpacked(locate(compared.path, repository, request), tmp_path)
    mine, reading = ours(path)
    others = compared.reader(path, compared.form)
    places = compared.steps or {number: number - 1 for number in range(1, len(others) + 1)}
    assert sorted(mine) == sorted(places)
    assert sorted(item.step for item in reading.dropped) == sorted(compared.left_out)
    for number, place in places.items():
        atoms, other, known = mine[number], others[place], labels(mine[number])
        assert atoms.cell.rank == np.linalg.matrix_rank(other.cell)
        box = other.cell if atoms.cell.rank == 3 else np.eye(3)
        turn = np.linalg.solve(atoms.cell.array, other.cell) if atoms.cell.rank == 3 else np.eye(3)
        if "turns" not in compared.reason:
            np.testing.assert_allclose(turn, np.eye(3), atol=1e-5)
        np.testing.assert_allclose(turn @ turn.T, np.eye(3), atol=1e-5)
        apart = (atoms.positions @ turn - other.positions) @ np.linalg.inv(box)
        apart -= apart[0] if "corner" in compared.reason else 0.0
        np.testing.assert_allclose(apart, np.rint(apart), atol=1e-5)  # but for whole vectors of the cell
        turned = {
            "energy": known.energy,
            "forces": None if known.forces is None else known.forces @ turn,
            "virial": None if known.virial is None else turn.T @ known.virial @ turn,
        }
        for name, one in turned.items():
            two = getattr(other, name)
            if name in compared.unlike:
                continue
            assert (one is None) == (two is None), name
            if one is not None:
                # Bohr and Hartree of ASE, dpdata and the programs differ in the eighth digit.
                limit = compared.tolerance.get(name, 2e-4)
                np.testing.assert_allclose(one, two, rtol=1e-6, atol=limit, err_msg=name)


def test_the_text_of_gpaw_is_what_its_calculator_gave(repository, tmp_path):
    """A relaxation from its text, against the trajectory that ASE's optimizer wrote."""
    text, _ = ours(repository / OURS / "gpaw_relax.txt.gz")
    trajectory, _ = ours(repository / OURS / "gpaw_relax.traj")
    assert sorted(text) == sorted(trajectory) == [1, 2, 3, 4]
    for number, atoms in text.items():
        other = trajectory[number]
        np.testing.assert_allclose(atoms.positions, other.positions, atol=1e-6)
        np.testing.assert_allclose(atoms.cell.array, other.cell.array, atol=1e-6)
        assert labels(atoms).energy == pytest.approx(labels(other).energy, abs=1e-6)
        np.testing.assert_allclose(labels(atoms).forces, labels(other).forces, atol=1e-5)
    assert labels(text[4]).virial[0, 0] == pytest.approx(-3.58480379, abs=1e-4)  # the stress in its .gpw


# Relaxations and MD at a fixed cell, and the largest error of the work (eV) along a step.
WORK = {
    OURS + "espresso_md.out.gz": 2e-5,
    OURS + "gpaw_relax.txt.gz": 1e-3,
    OURS + "cp2k_nve/nve.log.gz": 3e-3,
    "OUTCAR.h2o.md": 5e-3,
    "ase/aims/md.out": 1.5e-3,
}


@pytest.mark.parametrize("path", WORK)
def test_forces_follow_from_the_geometry(path, repository, request):
    """E(n+1) - E(n) is minus the mean force of both times the way: labels belong to their own geometry."""
    mine, _ = ours(locate(path, repository, request))
    frames = [mine[number] for number in sorted(mine)]
    assert len(frames) >= 3

    def error(shift):
        """Return the mean error where geometries are those of the ``shift``-th step before."""
        found = []
        for n in range(1, len(frames) - 1):
            one, two = labels(frames[n]), labels(frames[n + 1])
            way = frames[n + 1 - shift].positions - frames[n - shift].positions
            if frames[n].cell.rank == 3:
                fraction = way @ np.linalg.inv(frames[n].cell.array)
                way = (fraction - np.rint(fraction)) @ frames[n].cell.array
            found.append(two.energy - one.energy + 0.5 * np.sum((one.forces + two.forces) * way))
        return np.abs(found).max()

    assert error(0) < WORK[path]
    assert error(1) > 3 * error(0)


def test_masses_of_isotopes_are_kept(repository):
    """Deuterium by MASS of &KIND in CP2K, and by the column mass of a LAMMPS dump."""
    mine, _ = ours(repository / OURS / "cp2k_nve" / "nve.log.gz")
    assert all(atoms.get_masses() == pytest.approx([2.014, 2.014], abs=1e-4) for atoms in mine.values())
    first = next(read_frames(repository / OURS / "lammps_triclinic.lammpstrj"))
    assert first.get_masses() == pytest.approx([2.014, 15.999, 2.014])


def test_masses_in_pw_x_and_vasprun(repository, tmp_path):
    text = gzip.decompress((repository / OURS / "espresso_md.out.gz").read_bytes()).decode()
    assert text.count("    28.08550 ") == 1
    (tmp_path / "md.out").write_text(text.replace("    28.08550 ", "    29.97380 "))
    mine, _ = ours(tmp_path / "md.out")
    assert all(atoms.get_masses() == pytest.approx([29.9738, 29.9738]) for atoms in mine.values())


def test_the_same_run_of_lammps_in_three_kinds_of_coordinates(repository):
    """x, xs and xu with images are one trajectory, in a triclinic cell that changes."""
    whole = list(read_frames(repository / OURS / "lammps_triclinic.lammpstrj"))
    for name in ("lammps_scaled.lammpstrj", "lammps_unwrapped.lammpstrj"):
        other = list(read_frames(repository / OURS / name, reading=Reading(types=("H", "O"))))
        for one, two in zip(whole, other, strict=True):
            np.testing.assert_allclose(one.cell.array, two.cell.array, atol=1e-9)
            apart = (one.positions - two.positions) @ np.linalg.inv(one.cell.array)
            np.testing.assert_allclose(apart, np.rint(apart), atol=1e-4)


def test_cells_of_an_optimization_in_cp2k_are_those_beside_the_log(repository, tmp_path):
    """The log prints the next cell, to three decimals, before that step begins: it is never taken."""
    folder = repository / OURS / "cp2k_cell"
    mine, reading = ours(folder / "cellopt.log.gz")
    assert (sorted(mine), [item.step for item in reading.dropped]) == ([2, 3, 4], [1])
    rows = np.loadtxt(folder / "cellopt-1.cell")
    for atoms, row in zip(mine.values(), rows, strict=True):
        np.testing.assert_allclose(atoms.cell.array.ravel(), row[2:11])
    for name in ("cellopt.log.gz", "cellopt-pos-1.xyz"):
        shutil.copy(folder / name, tmp_path)
    with pytest.raises(Exception, match=r"the cell changes, but cellopt-1\.cell is not beside the log"):
        ours(tmp_path / "cellopt.log.gz")


def test_a_cell_of_cp2k_has_the_digits_of_its_lengths_and_angles(repository, tmp_path):
    """Vectors are printed to 1e-3 A; a cell of 3.98178 A would become one of 3.982 A."""
    text = gzip.decompress((repository / OURS / "cp2k_nve" / "nve.log.gz").read_bytes()).decode()
    shutil.copy(repository / OURS / "cp2k_nve" / "nve-pos-1.xyz", tmp_path)
    cell = Cell.new([[3.98178051, 0.0, 0.0], [0.49781153, 4.19586176, 0.0], [0.19810001, 0.29970002, 4.39710003]])
    lengths, angles = cell.lengths(), cell.angles()
    for name, vector, length in zip("abc", cell, lengths, strict=True):
        x, y, z = (f"{value:10.3f}" for value in vector)
        line = f" CELL| Vector {name} [angstrom]: {x}{y}{z}   |{name}| = {length:12.6f}"
        text = re.sub(rf"^ CELL\| Vector {name} .*$", line, text, flags=re.MULTILINE)
    for name, angle in zip(("alpha", "beta", "gamma"), angles, strict=True):
        text = re.sub(rf"^( CELL\| Angle .*{name} .*?)\S+$", rf"\g<1>{angle:.6f}", text, flags=re.MULTILINE)
    (tmp_path / "nve.log").write_text(text)
    mine, _ = ours(tmp_path / "nve.log")
    for atoms in mine.values():
        np.testing.assert_allclose(atoms.cell.array, cell, atol=2e-6)


def test_gpaw_that_did_not_converge_is_left_out(repository):
    with pytest.raises(Exception, match="electronic steps not converged"):
        ours(repository / OURS / "gpaw_unconverged_new.txt.gz")
