"""Our integrators take the steps of ASE's."""

import numpy as np
import pytest
from ase import units
from ase.build import bulk
from ase.calculators.emt import EMT
from ase.md.bussi import Bussi
from ase.md.langevin import Langevin
from ase.md.nose_hoover_chain import MTKNPT, IsotropicMTKNPT
from ase.md.verlet import VelocityVerlet

from nepkit.models.potentials import load_potential
from nepkit.properties.dynamics import Simulation
from nepkit.properties.dynamics.integrators import integrator
from nepkit.properties.dynamics.simulation import start_velocities

STEP, KELVIN = 2.0, 400.0
CASES = {
    "nve": ({"ensemble": "nve"}, lambda atoms, rng: VelocityVerlet(atoms, STEP * units.fs)),
    "bussi": ({"ensemble": "nvt"}, lambda atoms, rng: Bussi(atoms, STEP * units.fs, KELVIN, 100 * units.fs, rng=rng)),
    "langevin": (
        {"ensemble": "nvt", "thermostat": "langevin"},
        lambda atoms, rng: Langevin(
            atoms, STEP * units.fs, temperature_K=KELVIN, friction=0.01 / units.fs, rng=rng, fixcm=False
        ),
    ),
    "cell of any shape": ({"ensemble": "npt", "pressure": 2.0}, lambda atoms, rng: pressed(MTKNPT, atoms)),
    "cell of one shape": (
        {"ensemble": "npt", "pressure": 2.0, "cell": "isotropic"},
        lambda atoms, rng: pressed(IsotropicMTKNPT, atoms),
    ),
}


def pressed(kind, atoms):
    times = {"tdamp": 100 * units.fs, "pdamp": 1000 * units.fs}
    return kind(atoms, STEP * units.fs, temperature_K=KELVIN, pressure_au=2.0 * units.GPa, **times)


def copper(calculator):
    atoms = bulk("Cu", cubic=True).repeat((2, 2, 3))
    atoms.symbols[5] = "Ag"
    atoms.rattle(0.05, seed=1)
    atoms.set_velocities(start_velocities(atoms, KELVIN, np.random.default_rng(2)))
    atoms.calc = calculator
    return atoms


@pytest.mark.parametrize("case", CASES)
def test_the_steps_are_those_of_ase(case):
    how, theirs = CASES[case]
    other = copper(EMT())
    theirs(other, np.random.default_rng(7)).run(60)
    run = Simulation(steps=60, timestep=STEP, temperature=KELVIN, dump=10, **how)
    for calculator in (EMT(), load_potential("emt").calculator()):
        mine = copper(calculator)
        dynamics = integrator(mine, run, np.random.default_rng(7))
        dynamics.run(60)
        assert dynamics.nsteps == 60
        np.testing.assert_allclose(mine.positions, other.positions, atol=1e-9)
        np.testing.assert_allclose(mine.get_momenta(), other.get_momenta(), atol=1e-9)
        np.testing.assert_allclose(mine.cell.array, other.cell.array, atol=1e-10)
        assert mine.get_total_energy() == pytest.approx(other.get_total_energy(), abs=1e-9)
