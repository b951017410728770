"""Constant pressure over arrays: the steps of ASE's MTKNPT and IsotropicMTKNPT at a third of their cost."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from ase import Atoms, units
from scipy.special import exprel

from nepkit.properties.dynamics.steps import Array, VelocityVerlet

_ROOT = 2.0 ** (1.0 / 3.0)
_YOSHIDA = (1.0 / (2.0 - _ROOT), -_ROOT / (2.0 - _ROOT), 1.0 / (2.0 - _ROOT))
"""Parts of a step of fourth order, doi:10.1016/0375-9601(90)90092-3."""


class NoseHooverChain:
    """Three thermostats in a row (doi:10.1063/1.463940), which scale the momenta of what they couple to.

    Parameters
    ----------
    target : float
        Mean of twice the kinetic energy, eV.
    kelvin : float
        Temperature times Boltzmann's constant, eV.
    inertia : float
        Of the first thermostat, in units of ``kelvin * damping**2``, which is that of the others.
    damping : float
        Time constant, ASE's unit of time.

    Examples
    --------
    >>> chain = NoseHooverChain(3.0, 1.0, 3.0, 10.0)
    >>> chain.scale(3.0, 0.1)
    1.0
    """

    def __init__(self, target: float, kelvin: float, inertia: float, damping: float) -> None:
        self.target, self.kelvin = target, kelvin
        unit = kelvin * damping**2
        self._inertia = [inertia * unit, unit, unit]
        self.momenta = [0.0, 0.0, 0.0]

    def scale(self, twice_kinetic: float, time: float) -> float:
        """Let the chain act for some time, and return what the momenta are to be multiplied by."""
        found = 1.0
        momenta, inertia = self.momenta, self._inertia
        for part in _YOSHIDA:
            step = part * time
            for place in (2, 1, 0):
                self._push(place, twice_kinetic * found**2, step)
            found *= math.exp(-step * momenta[0] / inertia[0])
            for place in (0, 1, 2):
                self._push(place, twice_kinetic * found**2, step)
        return found

    def _push(self, place: int, twice_kinetic: float, step: float) -> None:
        momenta, inertia = self.momenta, self._inertia
        above = math.exp(-0.25 * step * momenta[place + 1] / inertia[place + 1]) if place < 2 else 1.0
        if place == 0:
            force = twice_kinetic - self.target
        else:
            force = momenta[place - 1] ** 2 / inertia[place - 1] - self.kelvin
        momenta[place] = (momenta[place] * above + 0.5 * step * force) * above


class MartynaTobiasKlein(VelocityVerlet):
    """Constant temperature and pressure in a cell of any shape, or of constant shape (doi:10.1063/1.467468).

    Parameters
    ----------
    atoms, timestep
        As `VelocityVerlet`; the cell is changed too.
    temperature : float
        K.
    pressure : float
        eV/A^3.
    coupling, cell_coupling : float
        Time constants of thermostat and barostat, ASE's unit of time.
    isotropic : bool
        Whether the volume changes alone.
    """

    def __init__(
        self,
        atoms: Atoms,
        timestep: float,
        temperature: float,
        pressure: float,
        coupling: float,
        cell_coupling: float,
        *,
        isotropic: bool = False,
    ) -> None:
        super().__init__(atoms, timestep)
        count, kelvin = len(atoms), units.kB * temperature
        self.pressure, self.isotropic = pressure, isotropic
        self._inertia = (3 * count + 3 if isotropic else count + 1) * kelvin * cell_coupling**2
        self._thermostat = NoseHooverChain(3.0 * count * kelvin, kelvin, 3.0 * count, coupling)
        self._barostat = NoseHooverChain((1.0 if isotropic else 9.0) * kelvin, kelvin, 9.0, cell_coupling)
        self._strain: Array = np.zeros((3, 3))  # momentum of the cell; a multiple of the unit matrix where isotropic

    def state(self) -> dict[str, Any]:
        """Return what the next steps depend on: momenta of the cell and of the chains among it."""
        chains = [self._thermostat.momenta, self._barostat.momenta]
        return {**super().state(), "strain": self._strain.copy(), "chains": chains}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on where another run stood."""
        super().restore(state)
        self._strain = np.array(state["strain"])
        self._thermostat.momenta, self._barostat.momenta = (list(chain) for chain in state["chains"])

    def step(self) -> None:
        """Take one step."""
        half, momenta = 0.5 * self.dt, self.atoms.arrays["momenta"]
        self._thermostats(half, cell_first=True)
        self._push_cell(half, self._stress())
        values, axes = np.linalg.eigh(self._strain)
        drag = -(values + np.trace(self._strain) / (3.0 * len(self.atoms))) * half / self._inertia

        def push(forces: Array) -> None:
            momenta[:] = ((momenta @ axes) * np.exp(drag) + half * (forces @ axes) * exprel(drag)) @ axes.T

        push(self.atoms.get_forces(md=True))
        growth = values * self.dt / self._inertia
        positions, cell = self.atoms.arrays["positions"], self.atoms.cell.array
        moved = (momenta @ axes) / self.masses
        positions[:] = ((positions @ axes) * np.exp(growth) + self.dt * moved * exprel(growth)) @ axes.T
        cell[:] = ((cell @ axes) * np.exp(growth)) @ axes.T
        push(self.new_forces())
        self._push_cell(half, self._stress())
        self._thermostats(half, cell_first=False)

    def _thermostats(self, time: float, *, cell_first: bool) -> None:
        for of_cell in (cell_first, not cell_first):
            if of_cell:
                kinetic = self._strain[0, 0] ** 2 if self.isotropic else float((self._strain**2).sum())
                self._strain *= self._barostat.scale(kinetic / self._inertia, time)
            else:
                momenta = self.atoms.arrays["momenta"]
                momenta *= self._thermostat.scale(float((momenta**2 / self.masses).sum()), time)

    def _stress(self) -> Array:
        return np.asarray(self.atoms.get_stress(voigt=False))

    def _push_cell(self, time: float, stress: Array) -> None:
        momenta = self.atoms.arrays["momenta"]
        volume = abs(float(np.linalg.det(self.atoms.cell.array)))
        flow = (momenta / self.masses).T @ momenta
        drive = flow - volume * stress + (np.trace(flow) / (3.0 * len(self.atoms)) - volume * self.pressure) * np.eye(3)
        self._strain += time * (np.trace(drive) * np.eye(3) if self.isotropic else drive)
