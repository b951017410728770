import numpy as np
import pytest

from nepkit.core.conventions import BOLTZMANN
from nepkit.core.errors import InputError
from nepkit.gpumd.structure import Distribution
from nepkit.transport.mechanism.distributions import (
    coordination_of,
    densities_of,
    mean_force,
    radial_structure,
    shells_of,
)

R = np.arange(0.025, 8.0, 0.05)


def shell(place, number, density, width=0.1):
    """A Gaussian shell of so many atoms at a distance."""
    return (
        number
        * np.exp(-((R - place) ** 2) / (2 * width**2))
        / (np.sqrt(2 * np.pi) * width * 4 * np.pi * R**2 * density)
    )


def test_coordination_counts_the_atoms_of_a_shell():
    """Six B around A at 2.5 A, eight at 4 A; A is half as dense as B."""
    g = shell(2.5, 6, 0.02) + shell(4.0, 8, 0.02)
    found = radial_structure(Distribution(R, {"A-B": g}), {"A": 0.01, "B": 0.02})
    number, edge = coordination_of(found, "B around A")
    assert number == pytest.approx(6, rel=1e-3)
    assert 2.8 < edge < 3.7
    assert coordination_of(found, "A around B")[0] == pytest.approx(3, rel=1e-3)
    assert found.coordination["B around A"][-1] == pytest.approx(14, rel=1e-3)
    shells = found.shells["A-B"]
    assert (shells.first[0], shells.second[0]) == (pytest.approx(2.5, abs=0.06), pytest.approx(4.0, abs=0.06))


def test_uniform_density_counts_the_atoms_of_a_sphere():
    found = radial_structure(Distribution(R, {"total": np.ones_like(R)}), {"total": 0.05})
    edge = R[-1] + 0.025
    assert found.coordination["all atoms"][-1] == pytest.approx(0.05 * 4 / 3 * np.pi * edge**3, rel=1e-9)
    assert coordination_of(found, "all atoms") is None


def test_a_minimum_before_the_end_of_the_curve_is_found():
    inside = R < 4.4
    g = (4 * np.exp(-((R - 2.4) ** 2) / 0.1) + 1.2 / (1 + np.exp(-(R - 4.2) / 0.1)))[inside]
    found = shells_of(R[inside], g)
    assert found.second is None
    assert 3.0 < found.minimum[0] < 3.9
    assert shells_of(R, 4 * np.exp(-((R - 2.4) ** 2) / 0.1)).minimum is None


def test_noise_is_no_shell_and_nothing_has_none():
    noise = 1 + 0.01 * np.random.default_rng(0).normal(size=len(R))
    assert shells_of(R, noise * (R > 2)).second is None
    assert shells_of(R, np.zeros_like(R)).first is None


def test_mean_force_has_the_barrier_between_the_shells():
    g = np.exp(-((R - 2.5) ** 2) / 0.1) * 3 + np.exp(-((R - 4.5) ** 2) / 0.1) * 2 + 0.1
    found = mean_force(R, g, 600.0)
    assert found.first[1] == pytest.approx(-BOLTZMANN * 600 * np.log(3.1), rel=1e-2)
    assert found.barrier[1] == pytest.approx(-BOLTZMANN * 600 * np.log(0.1), rel=2e-2)
    for bad, kelvin in ((g, 0.0), (0 * g, 300.0)):
        with pytest.raises(InputError):
            mean_force(R, bad, kelvin)


def test_densities_come_from_the_files_of_the_run(tmp_path):
    assert densities_of(tmp_path)[0] == {}
    assert "give --density" in densities_of(tmp_path)[1][0]
    (tmp_path / "model.xyz").write_text(
        '3\nLattice="10 0 0 0 10 0 0 0 10" Properties=species:S:1:pos:R:3\nLi 0 0 0\nLi 1 1 1\nCl 5 5 5\n'
    )
    assert densities_of(tmp_path)[0] == pytest.approx({"Li": 0.002, "Cl": 0.001, "total": 0.003})
    (tmp_path / "run.in").write_text("replicate 2 1 1\nensemble nve\ndump_thermo 1\ncompute_rdf 5 100 1\nrun 1\n")
    np.savetxt(tmp_path / "thermo.out", [[300.0, 1, -1, 0, 0, 0, 0, 0, 0, 40, 10, 10]])
    assert densities_of(tmp_path)[0]["Li"] == pytest.approx(4 / 4000)
