import numpy as np
import pytest
from ase import Atoms

from nepkit.accuracy.agreement import agreement
from nepkit.accuracy.parity import compare, element_constants
from nepkit.frames import Labels, set_labels


def frame(symbols, **values):
    atoms = Atoms(symbols, positions=np.arange(3.0 * len(Atoms(symbols))).reshape(-1, 3), cell=[4, 5, 6], pbc=True)
    set_labels(atoms, Labels(**values))
    return atoms


def test_compare_is_per_atom_and_leaves_absent_labels_out():
    virial = np.diag([1.0, 2.0, 3.0])
    frames = [frame("LiCl", energy=-4.0, forces=np.ones((2, 3)), virial=virial), frame("Li", energy=-1.0)]
    found = [
        Labels(energy=-3.0, forces=np.zeros((2, 3)), virial=virial + np.eye(3)[::-1]),
        Labels(energy=-1.5, forces=np.zeros((1, 3)), virial=np.eye(3)),
    ]
    parity = compare(frames, found)
    np.testing.assert_allclose(parity.energy, [[-2.0, -1.0], [-1.5, -1.5]])
    assert parity.energy_rmse == pytest.approx(0.5)
    assert parity.force.shape == (2, 6)
    assert parity.force_rmse == 1.0
    # xx yy zz yz xz xy: the anti-diagonal of ones changes yy and xz, each by 1 eV for 2 atoms.
    np.testing.assert_allclose(parity.virial[1] - parity.virial[0], [0, 0.5, 0, 0, 0.5, 0])
    assert np.isnan(compare([frame("Li")], [Labels(energy=0.0)]).energy_rmse)


def test_element_constants_find_a_shift_of_the_reference():
    frames = [frame("Li2Cl", energy=-5.0), frame("LiCl", energy=-4.0), frame("LiCl3", energy=-10.0)]
    shifts = {"Li": 0.3, "Cl": -1.2}
    found = [Labels(energy=atoms.get_potential_energy() - sum(shifts[s] for s in atoms.symbols)) for atoms in frames]
    assert element_constants(frames, found) == pytest.approx(shifts)
    assert compare(frames, found, shifts).energy_rmse < 1e-14
    rows = {row.quantity: row.rmse for row in agreement(frames, found)}
    assert rows["energy"] > 100
    assert rows["energy, constants of the elements refitted"] < 1e-10


def test_element_constants_of_one_composition_are_the_smallest():
    frames = [frame("LiCl", energy=-4.0), frame("Li2Cl2", energy=-8.0)]
    found = [Labels(energy=-3.0), Labels(energy=-6.0)]
    assert element_constants(frames, found) == pytest.approx({"Li": -0.5, "Cl": -0.5})


def test_agreement_compares_every_kind_of_label():
    bec = np.tile(np.eye(3), (2, 1, 1))
    atoms = frame("LiCl", energy=-4.0, forces=np.ones((2, 3)), virial=np.eye(3), bec=bec, charges=np.array([1.0, -1.0]))
    found = Labels(-4.0, np.zeros((2, 3)), np.zeros((3, 3)), bec=1.5 * bec, charges=np.array([0.5, -0.5]))
    rows = {row.quantity: row for row in agreement([atoms], [found])}
    assert (rows["force"].rmse, rows["force"].bias, rows["force"].count) == (1000.0, -1000.0, 6)
    assert rows["virial"].rmse == pytest.approx(500.0 / np.sqrt(2.0))
    assert (rows["charge"].rmse, rows["charge"].bias) == (0.5, 0.0)
    assert rows["Born effective charge"].mae == pytest.approx(0.5 * 3 / 9)
