"""Outputs in the layout of codes that cannot be run here, and what is done with steps that are not whole."""

import numpy as np
import pytest
from ase import Atoms
from ase.calculators.singlepoint import SinglePointCalculator
from ase.io import write
from scipy.io import netcdf_file

from nepkit.core.errors import InputError
from nepkit.formats.catalogue import detect
from nepkit.formats.files import read_frames, write_frames
from nepkit.formats.format import Reading
from nepkit.frames import Labels, labels, set_labels

HARTREE, BOHR = 27.211386, 0.5291772

ORCA = """
                                 * O   R   C   A *
---------------------------------
CARTESIAN COORDINATES (ANGSTROEM)
---------------------------------
  O      0.000000    0.000000    0.100000
  H      0.000000    0.000000    {0}

               *           SCF {1} AFTER  12 CYCLES          *
-------------------------   --------------------
FINAL SINGLE POINT ENERGY       -75.{2}
-------------------------   --------------------

------------------
CARTESIAN GRADIENT
------------------

   1   O   :    0.005778618    0.024701072    0.000628149
   2   H   :   -0.005778618   -0.024701072   -0.000628149

Difference to translation invariance:
"""

SIESTA = """Siesta Version  : 4.1
outcoor: Atomic coordinates (Ang):
    0.00000000    0.00000000    0.10000000   1       1  Si
    1.30000000    1.40000000    1.50000000   1       2  Si

outcell: Unit cell vectors (Ang):
        0.000000    2.700000    2.700000
        2.700000    0.000000    2.700000
        2.700000    2.700000    0.000000

siesta: iscf   Eharris(eV)      E_KS(eV)   FreeEng(eV)   dDmax  Ef(eV)
siesta:    1     -215.5984     -215.5790     -215.5991  0.0078 -3.7410
siesta:    2     -215.6371     -215.6153     -215.6254  0.0157 -3.7411
{}
siesta: E_KS(eV) =             -215.6153

siesta: Atomic forces (eV/Ang):
     1   -0.149153    0.178802   -0.092712
     2    0.149153   -0.178802    0.092712
----------------------------------------
   Tot    0.000000    0.000000    0.000000

siesta: Stress tensor (static) (eV/Ang**3):
        -0.004677   -0.000119   -0.000008
        -0.000119   -0.004685   -0.000094
        -0.000008   -0.000094   -0.004671

siesta: Stress tensor (total) (eV/Ang**3):
        -0.005935   -0.000333   -0.000298
        -0.000333   -0.006084   -0.000178
        -0.000298   -0.000178   -0.005722
"""

ABACUS = """                              www.abacus-dft.com
 STEP OF MOLECULAR DYNAMICS : {0}
 charge density convergence is achieved
 final etot is {1} eV
"""

DUMP = """MDSTEP:  {0}
LATTICE_CONSTANT: {1}
LATTICE_VECTORS
   10.000000000000    0.000000000000    0.000000000000
    0.000000000000   10.000000000000    0.000000000000
    0.000000000000    0.000000000000   10.000000000000
VIRIAL (KBAR)
    1.000000000000   -0.250000000000    0.000000000000
   -0.250000000000    0.000000000000    0.000000000000
    0.000000000000    0.000000000000    0.500000000000
INDEX    LABEL    {2}    FORCE (eV/Angstrom)
   0   H    1.000000000000    2.000000000000    3.000000000000    0.863308639441   -0.443254999104   -0.756985212833
   1   O    4.000000000000    5.000000000000    6.000000000000   -0.863308639441    0.443254999104    0.756985212833

"""


def convert(path, text=None):
    if text is not None:
        path.write_text(text)
    reading = Reading()
    return list(read_frames(path, reading=reading)), [(item.step, item.reason) for item in reading.dropped]


def test_orca_has_a_gradient_and_tells_what_did_not_converge(tmp_path):
    path = tmp_path / "water.out"
    text = ORCA.format("1.06", "CONVERGED", 5) + ORCA.format("1.1", "NOT CONVERGED", 4) + ORCA[: ORCA.index("FINAL")]
    (only,), dropped = convert(path, text.format("1.2", "CONVERGED"))
    assert detect(path).name == "orca"
    assert dropped == [(2, "electronic steps not converged"), (3, "cut short")]
    assert labels(only).energy == pytest.approx(-75.5 * HARTREE, rel=1e-7)
    assert labels(only).forces[0, 1] == pytest.approx(-0.024701072 * HARTREE / BOHR, rel=1e-6)
    assert labels(only).virial is None
    assert not only.pbc.any()
    with pytest.raises(InputError, match="gradient of 1 atoms, but there are 2"):
        convert(path, ORCA.format("1.06", "CONVERGED", 5).replace("   2   H   :", "   x"))


def test_siesta_gives_free_energy_and_static_stress(tmp_path):
    path = tmp_path / "si.out"
    bad = SIESTA.format("SCF_NOT_CONV: SCF did not converge in maximum number of steps.").replace("Siesta V", "V")
    (only,), dropped = convert(path, SIESTA.format("") + bad)
    assert detect(path).name == "siesta"
    assert dropped == [(2, "electronic steps not converged")]
    known = labels(only)
    assert known.energy == -215.6254
    assert known.forces[0].tolist() == [-0.149153, 0.178802, -0.092712]
    assert known.virial[1, 2] == pytest.approx(0.000094 * 2 * 2.7**3)
    with pytest.raises(InputError, match="forces of 1 atoms, but there are 2"):
        convert(path, SIESTA.format("").replace("     2    0.149153", "     x"))


@pytest.mark.parametrize(
    ("constant", "heading", "unit"),
    [("1.0", "POSITIONS", BOHR), ("1.0 Angstrom", "POSITION (Angstrom)", 1.0), ("2.0", "POSITIONS", 2 * BOHR)],
)
def test_dynamics_of_abacus_take_positions_from_the_file_beside(tmp_path, constant, heading, unit):
    path = tmp_path / "running_md.log"
    (tmp_path / "MD_dump").write_text("".join(DUMP.format(step, constant, heading) for step in (0, 2)))
    frames, dropped = convert(path, "".join(ABACUS.format(step, -100.0 - step) for step in range(3)))
    assert [labels(atoms).energy for atoms in frames] == [-100.0, -102.0]
    assert [step for step, _ in dropped] == [2]
    assert "MD_dump" in dropped[0][1]
    np.testing.assert_allclose(frames[0].positions[1], unit * np.array([4.0, 5.0, 6.0]), rtol=1e-6)
    assert labels(frames[0]).forces[0, 1] == -0.443254999104
    assert labels(frames[0]).virial[0, 1] == pytest.approx(-0.025 / 160.2177 * (10 * unit) ** 3, rel=1e-6)


def test_a_trajectory_of_ase_gives_the_force_consistent_energy(tmp_path):
    atoms = Atoms("H2", positions=[[0, 0, 0], [0, 0, 0.8]], cell=[4, 4, 4], pbc=True)
    atoms.calc = SinglePointCalculator(atoms, energy=-1.0, free_energy=-1.1, forces=np.zeros((2, 3)), dipole=np.ones(3))
    write(tmp_path / "a.traj", atoms)
    (found,) = read_frames(tmp_path / "a.traj")
    assert labels(found).energy == -1.1
    assert labels(found).dipole is None  # of a periodic cell it is one of many


def write_netcdf(path, count=2, **more):
    with netcdf_file(str(path), "w") as file:
        for name, size in {"frame": 3, "atom": count, "spatial": 3}.items():
            file.createDimension(name, size)
        arrays = {"coordinates": np.arange(9.0 * count).reshape(3, count, 3), **more}
        shapes = {2: ("frame", "spatial"), 3: ("frame", "atom", "spatial"), 1: ("frame",)}
        for name, array in arrays.items():
            file.createVariable(name, "d", shapes[np.ndim(array)])[:] = array


def test_netcdf_of_gpumd_takes_elements_from_the_model_and_converts_units(tmp_path):
    path = tmp_path / "movie.nc"
    cell = {"cell_lengths": np.full((3, 3), 9.0), "cell_angles": np.full((3, 3), 90.0)}
    write_netcdf(path, **cell, time=np.array([0.0, 1.0, 2.0]), forces=np.ones((3, 2, 3)), velocities=np.ones((3, 2, 3)))
    with pytest.raises(InputError, match=r"no model\.xyz is beside it"):
        list(read_frames(path))
    write_frames(tmp_path / "model.xyz", [Atoms("LiCl", positions=np.zeros((2, 3)), cell=[9, 9, 9], pbc=True)])
    frames = list(read_frames(path))
    assert [atoms.get_chemical_symbols() for atoms in frames] == [["Li", "Cl"]] * 3
    assert frames[2].info["Time"] == 2000.0  # fs
    assert frames[1].positions[0].tolist() == [6.0, 7.0, 8.0]
    assert frames[0].cell.lengths() == pytest.approx([9, 9, 9])
    assert labels(frames[0]).forces[0, 0] == pytest.approx(0.0433641, rel=1e-5)  # kcal/mol/A
    assert frames[0].arrays["vel"][0, 0] == 1e-3  # A/fs
    write_netcdf(tmp_path / "other.nc", count=3)
    with pytest.raises(InputError, match=r"3 atoms, but model\.xyz has 2"):
        list(read_frames(tmp_path / "other.nc"))


def test_a_database_keeps_labels_it_has_no_column_for(tmp_path):
    from nepkit.formats.conversion import convert as run

    atoms = Atoms("LiCl", positions=[[0, 0, 0], [0, 0, 2.4]], cell=[9, 9, 9], pbc=[True, True, False])
    atoms.info.update(config_type="test", step=3)
    known = Labels(
        energy=-3.0, forces=np.ones((2, 3)), virial=np.arange(9.0).reshape(3, 3) + 1, bec=np.ones((2, 3, 3)), charge=1.0
    )
    set_labels(atoms, known)
    write_frames(tmp_path / "a.xyz", [atoms])
    run([tmp_path / "a.xyz"], tmp_path / "a.db")
    assert detect(tmp_path / "a.db").name == "ase-db"
    (found,) = read_frames(tmp_path / "a.db")
    assert (found.info["config_type"], found.info["step"]) == ("test", 3)
    assert found.pbc.tolist() == [True, True, False]
    for name, value in vars(known).items():
        np.testing.assert_array_equal(getattr(labels(found), name), value)
