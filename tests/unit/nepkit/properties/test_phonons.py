from dataclasses import replace

import numpy as np
import pytest
from ase import Atoms, units
from ase.build import bulk
from ase.calculators.emt import EMT
from ase.phonons import Phonons as PhononsOfAse

from lr_correction.nepfile import write_nep
from nepkit.core.errors import InputError
from nepkit.models.potentials import load_potential
from tests.factories import random_nep

pytest.importorskip("phonopy", reason="phonopy is not installed (extra: phonon)")

from nepkit.properties.phonons import Polar, phonons, polar_of
from nepkit.properties.thermal_expansion import quasi_harmonic, thermal_expansion

COPPER = bulk("Cu", a=3.5896)


@pytest.fixture(scope="module")
def copper():
    return phonons(COPPER, load_potential("emt"), supercell=(4, 4, 4), mesh=20.0)


def at(found, point):
    found.engine.run_qpoints([point])
    return np.sort(found.engine.qpoints.frequencies[0])


def test_frequencies_agree_with_those_of_ase(copper, tmp_path):
    other = PhononsOfAse(COPPER, EMT(), supercell=(4, 4, 4), delta=0.01, name=str(tmp_path / "cache"))
    other.run()
    other.read(acoustic=True)
    points = [[0.5, 0.5, 0.0], [0.5, 0.5, 0.5], [0.25, 0.0, 0.0]]  # of the supercell: no interpolation enters
    expected = np.sort(other.band_structure(points), axis=1) / units._hbar * units._e / (2e12 * np.pi)
    for point, row in zip(points, expected, strict=True):
        np.testing.assert_allclose(at(copper, point), row, rtol=1e-3)


def test_the_path_begins_and_ends_where_it_says(copper):
    assert copper.bands.labels[0] == ("Γ", "X")
    np.testing.assert_allclose(copper.bands.frequencies[0][0], 0.0, atol=1e-3)
    np.testing.assert_allclose(copper.bands.frequencies[0][-1], at(copper, [0.5, 0.5, 0.0]), atol=1e-6)
    assert copper.gamma == pytest.approx(np.zeros(3), abs=1e-4)
    assert copper.displacements == 1
    assert copper.notes == ()
    assert copper.longitudinal == {}


def test_densities_hold_all_states_and_heat_capacities_their_limits(copper):
    density = copper.density
    assert np.trapezoid(density.total, density.frequency) == pytest.approx(3.0, rel=0.02)
    np.testing.assert_allclose(sum(density.elements.values()), density.total)
    thermal = copper.thermal
    assert thermal.heat_capacity[0] == 0.0
    assert thermal.heat_capacity[-1] == pytest.approx(3.0, abs=0.03)
    assert thermal.free_energy[0] == pytest.approx(thermal.zero_point)
    mean = np.trapezoid(density.total * density.frequency, density.frequency)
    assert thermal.zero_point == pytest.approx(0.5 * mean * 1e12 * 2 * np.pi * units._hbar / units._e, rel=0.02)
    slope = np.gradient(thermal.free_energy, thermal.temperature)
    np.testing.assert_allclose(-slope[2:-2] / units.kB, thermal.entropy[2:-2], atol=0.01)


def constant_charges(tmp_path):
    """Return a stable model of rock salt whose charges do not depend on the surroundings, +-0.9 e, and its crystal."""
    nep = random_nep(elements=("Na", "Cl"), charge_mode=2, zbl=(0.7, 1.4, None))
    neurons = nep.w0.shape[1]
    charge = np.zeros((2, neurons))
    w0, b0 = nep.w0.copy(), nep.b0.copy()
    w0[:, 0], b0[:, 0] = 0.0, -1.0  # a neuron of constant activation tanh(1)
    charge[:, 0] = np.array([0.9, -0.9]) / np.tanh(1.0)
    nep = replace(nep, w0=w0, b0=b0, w1=0.02 * nep.w1, w1_charge=charge, sqrt_epsilon_inf=1.5)
    write_nep(nep, tmp_path / "qnep.txt")
    return load_potential(tmp_path / "qnep.txt"), bulk("NaCl", "rocksalt", a=5.6)


def test_a_model_with_charges_says_what_splits_its_modes(tmp_path):
    potential, atoms = constant_charges(tmp_path)
    polar = polar_of(atoms, potential)
    np.testing.assert_allclose(polar.born, 1.5 * 0.9 * np.array([np.eye(3), -np.eye(3)]), atol=1e-6)
    np.testing.assert_allclose(polar.dielectric, 2.25 * np.eye(3))
    np.testing.assert_allclose(polar_of(atoms, potential, 3.0).dielectric, 3.0 * np.eye(3))
    assert polar_of(COPPER, load_potential("emt")) is None


def test_optical_modes_split_as_the_charges_of_the_model_make_them(tmp_path):
    """Waves along a long supercell feel the field of the model's own charges: they run into the split mode."""
    potential, atoms = constant_charges(tmp_path)
    polar = polar_of(atoms, potential)
    found = phonons(atoms, potential, supercell=(2, 2, 2), polar=polar, mesh=5.0, path="GX")
    masses, volume = atoms.get_masses(), atoms.cell.volume
    to_thz2 = units._e / (units._amu * 1e-20) / (2e12 * np.pi) ** 2
    split = (np.sign(found.longitudinal["x"]) * found.longitudinal["x"] ** 2).sum()
    split -= (np.sign(found.gamma) * found.gamma**2).sum()
    expected = 4 * np.pi * 14.399645 / volume * 0.9**2 * (1 / masses).sum() * to_thz2
    assert split == pytest.approx(expected, rel=1e-3)
    series = []
    for copies in (8, 16):
        long = phonons(atoms, potential, supercell=(1, 1, copies), mesh=2.0, path="GX")
        squares = np.sign(at(long, [0, 0, 1 / copies])) * at(long, [0, 0, 1 / copies]) ** 2
        series.append(squares.sum())
    limit = series[1] + (series[1] - series[0]) / 3.0  # the deviation falls with the square of the wave vector
    assert limit == pytest.approx((np.sign(found.longitudinal["z"]) * found.longitudinal["z"] ** 2).sum(), rel=0.02)


def test_what_is_wrong_is_told(copper):
    emt = load_potential("emt")
    unstable = phonons(bulk("Cu", "bcc", a=2.87), emt, supercell=(2, 2, 2), mesh=8.0)
    assert any("imaginary modes down to" in note for note in unstable.notes)
    moved = bulk("Cu", cubic=True, a=3.6)
    moved.positions[0, 0] += 0.05
    assert any("before any displacement" in note for note in phonons(moved, emt, supercell=(1, 1, 1), mesh=4.0).notes)
    for words, message in (
        ({"atoms": Atoms("Cu")}, "need a crystal"),
        ({"atoms": COPPER, "supercell": (0, 1, 1)}, "is not three numbers"),
        ({"atoms": COPPER, "supercell": (1, 1, 1), "path": "GQ"}, "special points of this lattice are G K L U W X"),
        ({"atoms": COPPER, "supercell": (1, 1, 1), "polar": Polar(np.zeros((2, 3, 3)), np.eye(3))}, "2 Born charges"),
    ):
        with pytest.raises(InputError, match=message):
            phonons(potential=emt, **words)


def test_vibrations_of_a_known_grueneisen_parameter_expand_as_they_must():
    """Einstein's crystal: E(V) harmonic in V, all frequencies fall with the volume to the power of -2."""
    volumes, temperatures = np.linspace(9.7, 10.8, 12), np.arange(0.0, 501.0, 10.0)
    energies = 0.5 * 0.6 / 10.0 * (volumes - 10.0) ** 2
    quantum = (0.02 * (volumes / 10.0) ** -2.0)[:, None]
    with np.errstate(all="ignore"):
        x = quantum / (units.kB * temperatures)
        free = 3 * (0.5 * quantum + units.kB * temperatures * np.log1p(-np.exp(-x)))
        capacity = np.where(temperatures > 0, 3 * x**2 * np.exp(-x) / (1 - np.exp(-x)) ** 2, 0.0)
    found = quasi_harmonic(volumes, energies, temperatures, np.nan_to_num(free), np.nan_to_num(capacity))
    warm = slice(10, -2)  # second differences have no ends
    np.testing.assert_allclose(found.gruneisen[warm], 2.0, rtol=0.02)
    curvature = np.gradient(np.gradient(found.gibbs, temperatures), temperatures)
    np.testing.assert_allclose(found.heat_capacity[warm], -(temperatures * curvature)[warm] / units.kB, rtol=0.03)
    assert found.at(300.0)["volume"] > 10.0
    with pytest.raises(InputError, match="towards larger ones"):
        quasi_harmonic(volumes[:7], energies[:7], temperatures, free[:7], capacity[:7])


def test_copper_expands_as_copper_does_and_unstable_crystals_are_refused():
    emt = load_potential("emt")
    found = thermal_expansion(COPPER, emt, supercell=(3, 3, 3), mesh=12.0, highest=400.0, points=6)
    assert found.at(300.0)["expansion"] / 3 == pytest.approx(2.0e-5, rel=0.2)  # measured: 1.65e-5
    with pytest.raises(InputError, match="imaginary modes"):
        thermal_expansion(bulk("Cu", "bcc", a=2.87), emt, supercell=(2, 2, 2), mesh=8.0, points=6)
    with pytest.raises(InputError, match="at least 6 volumes"):
        thermal_expansion(COPPER, emt, points=4)
