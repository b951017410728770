"""Labels: where they are looked for, their signs and order, and what is refused."""

import ase
import numpy as np
import pytest
from ase.calculators.singlepoint import SinglePointCalculator

from lr_correction.errors import DataError
from lr_correction.labels import labels_of


@pytest.fixture
def atoms() -> ase.Atoms:
    return ase.Atoms("NaCl", positions=[[0, 0, 0], [1, 2, 3]], cell=[4.0, 5.0, 6.0], pbc=True)


def test_a_bare_frame_says_nothing(atoms):
    labels = labels_of(atoms)
    assert all(getattr(labels, name) is None for name in ("energy", "forces", "virial", "bec", "charges", "dipole"))
    assert labels.charge is None


@pytest.mark.parametrize("key", ["energy", "Energy", "ENERGY", "free_energy"])
def test_energy_in_the_comment_line(atoms, key):
    atoms.info[key] = -3.5
    assert labels_of(atoms).energy == -3.5


@pytest.mark.parametrize("key", ["forces", "force", "Force"])
def test_forces_as_a_column(atoms, key):
    atoms.arrays[key] = np.arange(6.0).reshape(2, 3)
    np.testing.assert_array_equal(labels_of(atoms).forces, [[0, 1, 2], [3, 4, 5]])


@pytest.mark.parametrize("key", ["bec", "born_effective_charges", "BEC"])
def test_born_effective_charges_of_nine_columns(atoms, key):
    atoms.arrays[key] = np.arange(18.0).reshape(2, 9)
    bec = labels_of(atoms).bec
    assert bec.shape == (2, 3, 3)
    assert bec[1, 0, 2] == 11.0  # row = polarisation, column = displacement


@pytest.mark.parametrize("key", ["charge", "total_charge", "Charge"])
def test_total_charge(atoms, key):
    atoms.info[key] = 1
    assert labels_of(atoms).charge == 1.0


def test_calculator_results_and_the_comment_line_must_agree(atoms):
    atoms.info["energy"] = 1.0
    atoms.calc = SinglePointCalculator(atoms, energy=2.0, forces=np.ones((2, 3)), charges=np.array([0.5, -0.5]))
    with pytest.raises(DataError, match="two values of energy that differ"):
        labels_of(atoms)
    atoms.info["energy"] = 2.0
    labels = labels_of(atoms)
    assert labels.energy == 2.0
    np.testing.assert_array_equal(labels.charges, [0.5, -0.5])
    np.testing.assert_array_equal(labels.forces, 1.0)


def test_dipole_and_charges(atoms):
    atoms.info["dipole"] = [1.0, 2.0, 3.0]
    atoms.arrays["charges"] = np.array([0.9, -0.9])
    labels = labels_of(atoms)
    np.testing.assert_array_equal(labels.dipole, [1, 2, 3])
    np.testing.assert_array_equal(labels.charges, [0.9, -0.9])


def test_initial_charges_are_a_guess_and_no_label(atoms):
    atoms.set_initial_charges([1.0, -1.0])
    assert labels_of(atoms).charges is None


def test_virial_is_minus_the_volume_times_the_stress(atoms):
    stress = np.array([1.0, 2.0, 3.0, 4.0, 5.0, 6.0])  # xx yy zz yz xz xy
    atoms.calc = SinglePointCalculator(atoms, stress=stress)
    expected = -120.0 * np.array([[1, 6, 5], [6, 2, 4], [5, 4, 3]])
    np.testing.assert_allclose(labels_of(atoms).virial, expected)


def test_stress_of_nine_numbers(atoms):
    atoms.info["stress"] = np.arange(9.0)
    np.testing.assert_allclose(labels_of(atoms).virial, -120.0 * np.arange(9.0).reshape(3, 3))


@pytest.mark.parametrize("shape", [(9,), (3, 3)])
def test_a_virial_and_a_stress_must_agree(atoms, shape):
    atoms.info["virial"] = np.arange(9.0).reshape(shape)
    atoms.info["stress"] = -np.arange(9.0).reshape(shape) / 120.0
    np.testing.assert_allclose(labels_of(atoms).virial, np.arange(9.0).reshape(3, 3))
    atoms.info["stress"] = np.ones(6)
    with pytest.raises(DataError, match="virial and stress disagree"):
        labels_of(atoms)


def test_the_mark_of_a_missing_virial_is_no_virial(atoms):
    atoms.info["virial"] = np.full(9, -1e6)
    assert labels_of(atoms).virial is None


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"energy": "high"}, "energy is 'high', expected one number"),
        ({"energy": float("nan")}, "energy is not finite; remove the frame or the label"),
        ({"charge": "plus"}, "charge is 'plus', expected one number"),
        ({"virial": np.ones(6)}, "virial has 6 numbers, whose order is ambiguous; write all 9, xx xy xz yx ... zz"),
        ({"stress": np.ones(5)}, "stress is of shape (5,), expected numbers of shape (3, 3)"),
        ({"dipole": [1.0, 2.0]}, "dipole is of shape (2,), expected numbers of shape (3,)"),
    ],
)
def test_bad_numbers_in_the_comment_line(atoms, change, message):
    atoms.info.update(change)
    with pytest.raises(DataError) as caught:
        labels_of(atoms)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("key", "values", "message"),
    [
        ("forces", np.ones((2, 2)), "forces is of shape (2, 2), expected numbers of shape (2, 3)"),
        ("bec", np.ones((2, 3)), "bec is of shape (2, 3), expected numbers of shape (2, 3, 3)"),
        ("forces", np.array([[0, 0, np.inf], [0, 0, 0]]), "forces is not finite; remove the frame or the label"),
        ("forces", np.array([["a"] * 3] * 2), "forces is no numbers, expected numbers of shape (2, 3)"),
    ],
)
def test_bad_columns(atoms, key, values, message):
    atoms.arrays[key] = values
    with pytest.raises(DataError) as caught:
        labels_of(atoms)
    assert str(caught.value) == message
