"""Integrators for the ensembles of a run."""

from __future__ import annotations

import numpy as np
from ase import Atoms, units

from nepkit.properties.dynamics.barostat import MartynaTobiasKlein
from nepkit.properties.dynamics.simulation import Simulation
from nepkit.properties.dynamics.steps import Bussi, Langevin, VelocityVerlet


def integrator(atoms: Atoms, run: Simulation, rng: np.random.Generator) -> VelocityVerlet:
    """Return the integrator of a run; ``atoms`` has velocities and a calculator.

    Constant energy by velocity Verlet; constant volume by stochastic velocity rescaling (10.1063/1.2408420) or
    Langevin dynamics; constant pressure by the equations of Martyna, Tobias and Klein (10.1063/1.467468), for cells of
    any shape.
    """
    step = run.timestep * units.fs
    if run.ensemble == "nve":
        return VelocityVerlet(atoms, step)
    if run.ensemble == "nvt" and run.thermostat == "bussi":
        return Bussi(atoms, step, run.temperature, run.coupling * units.fs, rng)
    if run.ensemble == "nvt":
        return Langevin(atoms, step, run.temperature, 1.0 / (run.coupling * units.fs), rng)
    return MartynaTobiasKlein(
        atoms, step, run.temperature, run.pressure * units.GPa, run.coupling * units.fs, run.cell_coupling * units.fs,
        isotropic=run.cell == "isotropic",
    )  # fmt: skip
