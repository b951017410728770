"""ASE's integrators for the ensembles of a run."""

from __future__ import annotations

from typing import Any

import numpy as np
from ase import Atoms, units

from nepkit.properties.dynamics.simulation import Simulation


def integrator(atoms: Atoms, run: Simulation, rng: np.random.Generator) -> Any:
    """Return ASE's integrator of a run; ``atoms`` has velocities and a calculator.

    Constant energy by velocity Verlet; constant volume by stochastic velocity rescaling (10.1063/1.2408420) or
    Langevin dynamics; constant pressure by the equations of Martyna, Tobias and Klein (10.1063/1.467468), for cells of
    any shape.
    """
    step = run.timestep * units.fs
    if run.ensemble == "nve":
        from ase.md.verlet import VelocityVerlet

        return VelocityVerlet(atoms, step)
    if run.ensemble == "nvt" and run.thermostat == "bussi":
        from ase.md.bussi import Bussi

        return Bussi(atoms, step, run.temperature, run.coupling * units.fs, rng=rng)
    if run.ensemble == "nvt":
        from ase.md.langevin import Langevin

        friction = 1.0 / (run.coupling * units.fs)
        return Langevin(atoms, step, temperature_K=run.temperature, friction=friction, rng=rng, fixcm=False)
    from ase.md.nose_hoover_chain import MTKNPT, IsotropicMTKNPT

    kind = MTKNPT if run.cell == "full" else IsotropicMTKNPT
    return kind(
        atoms, step, temperature_K=run.temperature, pressure_au=run.pressure * units.GPa,
        tdamp=run.coupling * units.fs, pdamp=run.cell_coupling * units.fs,
    )  # fmt: skip
