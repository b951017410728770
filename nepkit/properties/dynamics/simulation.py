"""What a molecular dynamics run is, whoever does it."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from ase import Atoms
from numpy.typing import NDArray

from nepkit.core.errors import InputError

ENSEMBLES = ("nve", "nvt", "npt")
THERMOSTATS = ("bussi", "langevin")
CELLS = ("full", "isotropic")

MODULUS = 50
"""GPa; what GPUMD's barostat takes for the elastic moduli, right within a factor of ten for most solids."""


@dataclass(frozen=True)
class Simulation:
    """A run of molecular dynamics.

    Parameters
    ----------
    ensemble : str
        One of `ENSEMBLES`.
    steps : int
        Number of steps.
    temperature : float
        K, of the thermostat and of the velocities at the start.
    timestep : float
        fs.
    pressure : float
        GPa, positive under compression; ``npt`` alone.
    thermostat : str
        One of `THERMOSTATS`; ``nvt`` alone, since ``npt`` has its own.
    cell : str
        One of `CELLS`: what the barostat changes.
    coupling : float
        Time constant of the thermostat, fs.
    cell_coupling : float
        Time constant of the barostat, fs.
    dump : int
        Steps between frames of the trajectory, and between states that a killed run goes on from.
    thermo : int
        Steps between rows of thermo.out.
    seed : int
        Of velocities and thermostat.

    Raises
    ------
    InputError
        Where a value makes no run.

    Examples
    --------
    >>> Simulation("nve", 2000, timestep=0.5).duration
    1.0
    """

    ensemble: str
    steps: int
    temperature: float = 300.0
    timestep: float = 1.0
    pressure: float = 0.0
    thermostat: str = "bussi"
    cell: str = "full"
    coupling: float = 100.0
    cell_coupling: float = 1000.0
    dump: int = 100
    thermo: int = 10
    seed: int = 0

    def __post_init__(self) -> None:
        for value, known, what in (
            (self.ensemble, ENSEMBLES, "ensemble"),
            (self.thermostat, THERMOSTATS, "thermostat"),
            (self.cell, CELLS, "cell"),
        ):
            if value not in known:
                raise InputError(f"unknown {what} {value!r}; known: {', '.join(known)}")
        for name in ("steps", "dump", "thermo", "temperature", "timestep", "coupling", "cell_coupling"):
            if not (np.isfinite(getattr(self, name)) and getattr(self, name) > 0):
                raise InputError(f"{name} is {getattr(self, name)}, expected more than zero")
        for name in ("dump", "thermo"):
            if getattr(self, name) > self.steps:
                raise InputError(f"{name} every {getattr(self, name)} steps in a run of {self.steps} writes nothing")
        if not np.isfinite(self.pressure):
            raise InputError(f"pressure is {self.pressure}, expected a number in GPa")

    @property
    def duration(self) -> float:
        """Simulated time, ps."""
        return 1e-3 * self.steps * self.timestep

    def difference(self, other: Simulation) -> str:
        """Return how another description differs, apart from its number of steps; empty where it does not."""
        names = [item.name for item in fields(self) if item.name != "steps"]
        return ", ".join(
            f"{name} {getattr(self, name)} instead of {getattr(other, name)}"
            for name in names
            if getattr(self, name) != getattr(other, name)
        )

    def check(self, atoms: Atoms) -> None:
        """Raise InputError where the ensemble cannot be had with a structure."""
        if self.ensemble == "npt" and not (atoms.pbc.all() and atoms.cell.rank == 3):
            raise InputError("a constant pressure needs a structure that is periodic in all directions; use nvt or nve")
        if len(atoms) < 2:
            raise InputError("one atom does not move; repeat the cell with nepkit structure supercell")

    def script(self, potential: str, orthogonal: bool) -> str:
        """Return the run.in of GPUMD for this run (src/integrate/integrate.cu for ``ensemble``).

        Parameters
        ----------
        potential : str
            File as run.in names it; empty where GPUMD has no such potential.
        orthogonal : bool
            Whether the cell has right angles along x, y and z.
        """
        kelvin = f"{self.temperature:g} {self.temperature:g} {max(1.0, self.coupling / self.timestep):g}"
        count = {"isotropic": 1}.get(self.cell, 3 if orthogonal else 6)
        pressures = [f"{self.pressure:g}"] * min(count, 3) + ["0"] * (count - 3)
        barostat = " ".join([*pressures, *[f"{MODULUS}"] * count])
        ensemble = {
            "nve": "nve",
            "nvt": f"{'nvt_bdp' if self.thermostat == 'bussi' else 'nvt_lan'} {kelvin}",
            "npt": f"npt_scr {kelvin} {barostat} {max(1.0, self.cell_coupling / self.timestep):g}",
        }[self.ensemble]
        lines = [
            f"potential {potential}" if potential else "# the potential is none that GPUMD reads",
            f"velocity {self.temperature:g} seed {self.seed + 1}",
            f"time_step {self.timestep:g}",
            f"ensemble {ensemble}",
            f"dump_thermo {self.thermo}",
            f"dump_xyz {self.dump} dump.xyz velocity force potential",
            f"dump_restart {self.dump}",
            f"run {self.steps}",
        ]
        return "\n".join(lines) + "\n"


def start_velocities(
    atoms: Atoms, temperature: float, rng: np.random.Generator, *, at_rest: bool = True
) -> NDArray[np.float64]:
    """Return velocities (ASE's units) drawn for a temperature, by default with the centre of mass at rest.

    They are scaled to have this temperature exactly, as GPUMD's ``velocity`` does.
    """
    from ase import units

    masses = atoms.get_masses()[:, None]
    velocities = rng.standard_normal((len(atoms), 3)) * np.sqrt(units.kB * temperature / masses)
    if at_rest:
        velocities -= (masses * velocities).sum(axis=0) / masses.sum()
    now = float((masses * velocities**2).sum()) / (3.0 * len(atoms) * units.kB)
    return np.asarray(velocities * np.sqrt(temperature / now))
