"""Integrators over arrays: those of ASE take as long for a step of few atoms as a fast potential for its forces.

They take ASE's steps, in its units and with its random numbers, and have its interface: ``atoms``, ``nsteps``, ``run``.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from ase import Atoms, units
from numpy.typing import NDArray

from nepkit.models.potentials.potential import PotentialCalculator

Array = NDArray[np.float64]


class VelocityVerlet:
    """Constant energy (doi:10.1103/PhysRev.159.98).

    Parameters
    ----------
    atoms : ase.Atoms
        With a calculator; positions and momenta are changed in place.
    timestep : float
        ASE's unit of time.

    Examples
    --------
    >>> from ase.build import bulk
    >>> from ase.calculators.emt import EMT
    >>> atoms = bulk("Cu", cubic=True)
    >>> atoms.calc = EMT()
    >>> dynamics = VelocityVerlet(atoms, 2.0 * units.fs)
    >>> dynamics.run(3)
    >>> dynamics.nsteps
    3
    """

    def __init__(self, atoms: Atoms, timestep: float) -> None:
        self.atoms, self.dt, self.nsteps = atoms, timestep, 0
        self.masses: Array = atoms.get_masses()[:, None]
        if not atoms.has("momenta"):
            atoms.set_momenta(np.zeros((len(atoms), 3)))

    def state(self) -> dict[str, Any]:
        """Return what the next steps depend on beside atoms and settings; `restore` takes it."""
        return {"nsteps": self.nsteps}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on where another run stood."""
        self.nsteps = state["nsteps"]

    def run(self, steps: int) -> None:
        """Take steps."""
        for _ in range(steps):
            self.step()
            self.nsteps += 1

    def step(self) -> None:
        """Take one step; `run` counts them."""
        positions, momenta = self.atoms.arrays["positions"], self.atoms.arrays["momenta"]
        momenta += 0.5 * self.dt * self.atoms.get_forces(md=True)
        positions += self.dt * momenta / self.masses
        momenta += 0.5 * self.dt * self.new_forces()

    def new_forces(self) -> Array:
        """Return the forces at positions that were changed."""
        calculator: Any = self.atoms.calc
        if isinstance(calculator, PotentialCalculator):
            return np.asarray(calculator.refresh(self.atoms)["forces"])
        return np.asarray(self.atoms.get_forces(md=True))


class _Random(VelocityVerlet):
    """Steps with noise, whose source is part of their state."""

    rng: np.random.Generator

    def state(self) -> dict[str, Any]:
        """Return what the next steps depend on, the random numbers to come among it."""
        return {**super().state(), "rng": self.rng.bit_generator.state}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on where another run stood, with its random numbers."""
        super().restore(state)
        self.rng.bit_generator.state = state["rng"]


class Bussi(_Random):
    """Constant temperature by stochastic velocity rescaling (doi:10.1063/1.2408420, equation A7).

    Parameters
    ----------
    atoms, timestep
        As `VelocityVerlet`; some atom must move.
    temperature : float
        K.
    coupling : float
        Time constant, ASE's unit of time.
    rng : numpy.random.Generator
        Source of the noise.
    """

    def __init__(
        self, atoms: Atoms, timestep: float, temperature: float, coupling: float, rng: np.random.Generator
    ) -> None:
        super().__init__(atoms, timestep)
        self.rng, self.freedom = rng, 3 * len(atoms)
        self.target = 0.5 * self.freedom * units.kB * temperature
        self._kept = math.exp(-timestep / coupling)

    def step(self) -> None:
        """Rescale the velocities, and take one step."""
        momenta = self.atoms.arrays["momenta"]
        kinetic = 0.5 * float((momenta**2 / self.masses).sum())
        part = (1.0 - self._kept) * self.target / kinetic / self.freedom
        normal = self.rng.standard_normal()
        others = 2.0 * self.rng.standard_gamma(0.5 * (self.freedom - 1))
        momenta *= math.sqrt(self._kept + part * (others + normal**2) + 2.0 * normal * math.sqrt(self._kept * part))
        super().step()


class Langevin(_Random):
    """Constant temperature by friction and noise on every atom (doi:10.1016/j.cplett.2006.07.086, equation 23).

    Parameters
    ----------
    atoms, timestep
        As `VelocityVerlet`.
    temperature : float
        K.
    friction : float
        Inverse of ASE's unit of time.
    rng : numpy.random.Generator
        Source of the noise.
    """

    def __init__(
        self, atoms: Atoms, timestep: float, temperature: float, friction: float, rng: np.random.Generator
    ) -> None:
        super().__init__(atoms, timestep)
        self.rng = rng
        sigma = np.sqrt(2.0 * units.kB * temperature * friction / self.masses)
        self._push = timestep / 2.0 - timestep**2 * friction / 8.0
        self._drag = timestep * friction / 2.0 - (timestep * friction) ** 2 / 8.0
        self._kick: Array = math.sqrt(timestep) * sigma / 2.0 - timestep**1.5 * friction * sigma / 8.0
        self._shift: Array = timestep**1.5 * sigma / (2.0 * math.sqrt(3.0))
        self._both: Array = friction / 2.0 * self._shift

    def step(self) -> None:
        """Take one step."""
        positions, momenta = self.atoms.arrays["positions"], self.atoms.arrays["momenta"]
        first, second = self.rng.standard_normal(positions.shape), self.rng.standard_normal(positions.shape)
        noise = self._kick * first - self._both * second
        velocities = momenta / self.masses
        velocities += self._push * self.atoms.get_forces(md=True) / self.masses - self._drag * velocities + noise
        positions += self.dt * velocities + self._shift * second
        velocities += self._push * self.new_forces() / self.masses - self._drag * velocities + noise
        momenta[:] = velocities * self.masses
