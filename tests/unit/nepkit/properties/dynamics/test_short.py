import numpy as np
import pytest
from ase.build import bulk
from ase.calculators.calculator import Calculator, all_changes
from ase.calculators.emt import EMT

from nepkit.core.errors import NepkitError
from nepkit.properties.dynamics import Trajectory, run_md


def copper():
    return bulk("Cu", cubic=True).repeat(2)


def test_a_run_warms_up_and_then_keeps_its_energy():
    atoms = copper()
    run = run_md(atoms, EMT(), temperature=300.0, warm_up=0.1, duration=0.25, seed=1)
    np.testing.assert_allclose(run.time, np.arange(-10, 26) * 0.01, atol=1e-12)
    assert run.nve.sum() == 26
    assert run.positions.shape == (36, 32, 3)
    np.testing.assert_array_equal(run.positions[0], atoms.positions)
    assert 150.0 < run.temperature[run.nve].mean() < 450.0
    drift, error = run.drift()
    assert abs(drift) < 3.0 * error + 0.5
    assert atoms.calc is None
    again = run_md(atoms, EMT(), temperature=300.0, warm_up=0.1, duration=0.25, seed=1)
    np.testing.assert_array_equal(run.energy, again.energy)


def test_drift_is_the_slope_of_the_energy_under_nve():
    time = np.arange(-20, 200) * 0.01
    energy = np.where(time < 0.0, 5.0, 2e-3 * time + 1e-6 * (-1.0) ** np.arange(220))
    run = Trajectory(time, time, energy, np.zeros((220, 1, 3)), ["Li"], np.ones(1), 300.0, 2.0)
    drift, error = run.drift()
    assert drift == pytest.approx(2.0, abs=1e-3)
    assert 0.0 <= error < 1e-2
    short = Trajectory(time[:25], time[:25], energy[:25], np.zeros((25, 1, 3)), ["Li"], np.ones(1), 300.0, 2.0)
    assert np.isnan(short.drift()).all()


class Repulsive(Calculator):
    implemented_properties = ["energy", "forces"]  # noqa: RUF012

    def calculate(self, atoms=None, properties=("energy",), system_changes=all_changes):
        super().calculate(atoms, properties, system_changes)
        self.results = {"energy": 0.0, "forces": 1e3 * (atoms.positions - atoms.positions.mean(axis=0))}


def test_a_run_that_blows_up_is_given_up():
    with pytest.raises(NepkitError, match="blew up"):
        run_md(copper(), Repulsive(), temperature=300.0, warm_up=0.1, duration=0.1)
