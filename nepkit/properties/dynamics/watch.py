"""Whether a run is sound: atoms that fly apart, and energy that should not change."""

from __future__ import annotations

from typing import Any

import numpy as np
from ase import Atoms, units
from numpy.typing import NDArray

from nepkit.core.errors import NepkitError

Array = NDArray[np.float64]

RUNAWAY = 50.0
"""A run is given up when it is hotter than this many times its target temperature, or than `COLD` times this."""
COLD = 20.0
"""K; targets below it are taken as this high, since a structure off its minimum warms up by itself."""
FAST = 50.0
"""eV; a single atom with more kinetic energy than this, and more than 100 kT, was thrown out of a hole in a model."""
SWELLING = 3.0
"""A run is given up when its volume is larger or smaller by this factor than at the start."""

BLOCKS = 10


class ExplosionError(NepkitError):
    """A run blew up."""


def explosion(atoms: Atoms, target: float, volume: float) -> str:
    """Return what is wrong with the present state of a run; empty where nothing is.

    Parameters
    ----------
    atoms : ase.Atoms
        With momenta and a calculator that has the forces.
    target : float
        K.
    volume : float
        At the start, A^3; zero without a cell.

    Examples
    --------
    >>> from ase.build import bulk
    >>> from ase.calculators.emt import EMT
    >>> atoms = bulk("Cu", cubic=True)
    >>> atoms.calc = EMT()
    >>> atoms.set_velocities([[9.0, 0, 0], [0, 0, 0], [0, 0, 0], [0, 0, 0]])
    >>> explosion(atoms, 300.0, atoms.cell.volume)
    'Cu 1 has a kinetic energy of 2573.6 eV'
    """
    symbols = atoms.symbols
    for values, what in ((atoms.positions, "position"), (atoms.get_forces(md=True), "force")):
        if not np.isfinite(values).all():
            broken = int(np.flatnonzero(~np.isfinite(values).all(axis=1))[0])
            return f"the {what} of {symbols[broken]} {broken + 1} is not a finite number"
    kinetic = 0.5 * np.einsum("ij,ij->i", momenta := atoms.get_momenta(), momenta) / atoms.get_masses()
    fastest = int(np.argmax(kinetic))
    if kinetic[fastest] > max(FAST, 100.0 * units.kB * target):
        return f"{symbols[fastest]} {fastest + 1} has a kinetic energy of {kinetic[fastest]:.1f} eV"
    now = float(2.0 * kinetic.sum() / (3.0 * len(atoms) * units.kB))
    if now > RUNAWAY * max(target, COLD):
        return f"the temperature is {now:.0f} K, the target {target:.0f} K"
    if volume > 0.0 and not 1.0 / SWELLING < atoms.cell.volume / volume < SWELLING:
        return f"the volume went from {volume:.0f} to {atoms.cell.volume:.0f} A^3"
    return ""


def advance(dynamics: Any, target: float, volume: float) -> str:
    """Take one step with an integrator and return what went wrong; see `explosion`."""
    try:
        dynamics.run(1)
        return explosion(dynamics.atoms, target, volume)
    except NepkitError as error:
        return str(error)
    except (ValueError, RuntimeError, KeyError, IndexError, ZeroDivisionError, np.linalg.LinAlgError) as error:
        # Calculators and neighbour lists of others refuse what an exploding run gives them with any of these.
        return str(error) or type(error).__name__


def energy_drift(time: Array, energy: Array) -> tuple[float, float]:
    """Return the slope of an energy and its standard error.

    A straight line through block averages, whose scatter gives the error: neighbouring values are correlated. NaN where
    there are fewer than two values per block.

    Parameters
    ----------
    time, energy : ndarray, shape (F,)
        The unit of the slope is that of the energy by that of the time.

    Examples
    --------
    >>> slope, error = energy_drift(np.arange(100.0), 2.0 * np.arange(100.0))
    >>> round(slope, 6), error < 1e-6
    (2.0, True)
    """
    if len(time) < 2 * BLOCKS:
        return float("nan"), float("nan")
    x = np.array([part.mean() for part in np.array_split(time, BLOCKS)])
    y = np.array([part.mean() for part in np.array_split(energy, BLOCKS)])
    y = y - y.mean()  # digits: energies are large, their changes small
    (slope, _), covariance = np.polyfit(x - x.mean(), y, 1, cov=True)
    return float(slope), float(np.sqrt(covariance[0, 0]))
