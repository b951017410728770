"""Short molecular dynamics in memory: to show that a model runs and to watch its energy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from ase import Atoms, units
from numpy.typing import NDArray

from nepkit.core.progress import task
from nepkit.properties.dynamics.integrators import integrator
from nepkit.properties.dynamics.simulation import Simulation
from nepkit.properties.dynamics.steps import Langevin, VelocityVerlet
from nepkit.properties.dynamics.watch import ExplosionError, advance, energy_drift, explosion

Array = NDArray[np.float64]

#: Friction of the Langevin thermostat while the system warms up, 1/fs.
FRICTION = 0.02


@dataclass(frozen=True)
class Trajectory:
    """A run: first a Langevin thermostat, then constant energy (NVE).

    Parameters
    ----------
    time : ndarray, shape (F,)
        ps; zero where NVE begins, negative under the thermostat.
    temperature : ndarray, shape (F,)
        K.
    energy : ndarray, shape (F,)
        Potential plus kinetic energy, eV/atom.
    positions : ndarray, shape (F, N, 3)
        Unwrapped, A.
    symbols : list of str
        Element of every atom.
    masses : ndarray, shape (N,)
        amu.
    target : float
        Temperature of the thermostat, K.
    timestep : float
        fs.
    """

    time: Array
    temperature: Array
    energy: Array
    positions: Array
    symbols: list[str]
    masses: Array
    target: float
    timestep: float

    @property
    def nve(self) -> NDArray[np.bool_]:
        """Which frames are of constant energy."""
        return self.time >= 0.0

    def drift(self) -> tuple[float, float]:
        """Return the slope of the energy under NVE and its standard error, meV/atom/ps."""
        return energy_drift(self.time[self.nve], 1e3 * self.energy[self.nve])


@dataclass(frozen=True)
class Endured:
    """How far a run got.

    Parameters
    ----------
    steps : int
        Steps that were taken.
    reason : str
        What went wrong then; empty where nothing did.
    energy : ndarray, shape (S,)
        Potential plus kinetic energy after every step, eV.
    atoms : ase.Atoms
        The end, with velocities.
    """

    steps: int
    reason: str
    energy: Array
    atoms: Atoms


def endure(atoms: Atoms, calculator: Any, run: Simulation) -> Endured:
    """Do a run in memory until it ends or explodes.

    Parameters
    ----------
    atoms : ase.Atoms
        With the velocities to start from; it is not changed.
    calculator : ase calculator
        Model.
    run : Simulation
        What is done.
    """
    work = atoms.copy()
    work.calc = calculator
    volume = float(work.cell.volume) if work.cell.rank == 3 else 0.0
    dynamics = integrator(work, run, np.random.default_rng([run.seed, 1]))
    energies: list[float] = []
    wrong = ""
    while len(energies) < run.steps and not wrong:
        wrong = advance(dynamics, run.temperature, volume)
        if not wrong:
            energies.append(work.get_total_energy())
    work.calc = None
    return Endured(len(energies), wrong, np.array(energies), work)


def run_md(
    atoms: Atoms,
    calculator: Any,
    *,
    temperature: float,
    warm_up: float = 0.3,
    duration: float = 1.0,
    timestep: float = 2.0,
    interval: int = 5,
    seed: int = 0,
) -> Trajectory:
    """Warm a structure up under a Langevin thermostat, then run it at constant energy.

    Parameters
    ----------
    atoms : ase.Atoms
        Periodic structure; it is not changed.
    calculator : ase calculator
        Model.
    temperature : float
        K.
    warm_up, duration : float
        Time under the thermostat and at constant energy, ps.
    timestep : float
        fs.
    interval : int
        Steps between frames.
    seed : int
        Seed of velocities and thermostat.

    Raises
    ------
    ExplosionError
        If the run blows up.

    Examples
    --------
    >>> from ase.build import bulk
    >>> from ase.calculators.emt import EMT
    >>> run = run_md(bulk("Cu", cubic=True), EMT(), temperature=300, warm_up=0.02, duration=0.02)
    >>> run.positions.shape
    (5, 4, 3)
    """
    rng = np.random.default_rng(seed)
    work = Atoms(atoms.symbols, positions=atoms.positions, cell=atoms.cell, pbc=True)
    work.calc = calculator
    # Near a minimum half of the kinetic energy goes into the potential: start twice as hot.
    width = np.sqrt(work.get_masses() * units.kB * 2.0 * temperature)
    work.set_momenta(width[:, None] * rng.standard_normal((len(work), 3)))
    warm = Langevin(work, timestep * units.fs, temperature, FRICTION / units.fs, rng)
    free = VelocityVerlet(work, timestep * units.fs)
    frames = (round(1e3 * warm_up / timestep / interval), round(1e3 * duration / timestep / interval))
    rows = []
    with task("Molecular dynamics", sum(frames)) as step:
        stages: list[tuple[VelocityVerlet, int, int]] = [(warm, frames[0], -frames[0]), (free, frames[1], 0)]
        for dynamics, count, start in stages:
            _stop_drift(work)
            for index in range(count + (dynamics is free)):
                now = work.get_temperature()
                wrong = explosion(work, temperature, 0.0)
                if wrong:
                    raise ExplosionError(f"the molecular dynamics blew up: {wrong}; the model is not stable here")
                energy = work.get_potential_energy() + work.get_kinetic_energy()
                rows.append((start + index, now, energy / len(work), work.positions.copy()))
                if index < count:
                    dynamics.run(interval)
                    step.advance(note=f"{now:.0f} K")
    number, kelvin, energy, positions = (np.array(column) for column in zip(*rows, strict=True))
    return Trajectory(
        time=number * interval * timestep * 1e-3,
        temperature=kelvin,
        energy=energy,
        positions=positions,
        symbols=work.get_chemical_symbols(),
        masses=work.get_masses(),
        target=temperature,
        timestep=timestep,
    )


def _stop_drift(atoms: Atoms) -> None:
    """Give all atoms the velocity that brings the centre of mass to rest."""
    momenta, masses = atoms.get_momenta(), atoms.get_masses()
    atoms.set_momenta(momenta - masses[:, None] * momenta.sum(axis=0) / masses.sum())
