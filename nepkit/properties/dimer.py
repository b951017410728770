"""Energy and force of two atoms against their distance: what a model makes of atoms that come close."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from ase import Atoms
from ase.data import chemical_symbols
from numpy.typing import NDArray

from nepkit.core.errors import InputError, UnknownNameError, did_you_mean
from nepkit.models.potentials import Potential, as_potential

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Dimer:
    """Curve of one pair of elements.

    Parameters
    ----------
    pair : (str, str)
        Elements.
    distance : ndarray, shape (R,)
        A.
    energy : ndarray, shape (R,)
        Relative to the two atoms far apart, eV.
    force : ndarray, shape (R,)
        Along the axis, eV/A; positive pushes the atoms apart.
    """

    pair: tuple[str, str]
    distance: Array
    energy: Array
    force: Array

    @property
    def minimum(self) -> tuple[float, float] | None:
        """Distance (A) and energy (eV) of the lowest inner minimum; None where there is none."""
        rises = np.flatnonzero((self.energy[1:-1] < self.energy[:-2]) & (self.energy[1:-1] <= self.energy[2:])) + 1
        if not len(rises):
            return None
        lowest = rises[np.argmin(self.energy[rises])]
        return float(self.distance[lowest]), float(self.energy[lowest])

    @property
    def attracts_below(self) -> float | None:
        """Largest distance (A), within the repulsive wall, where the atoms attract each other; None for a sound wall.

        Seen from the largest repulsion: where a force at a shorter distance is attractive, atoms that get over the wall
        fall into each other.
        """
        wall = int(np.argmax(self.force))
        inside = np.flatnonzero(self.force[:wall] < 0.0)
        return float(self.distance[inside[-1]]) if len(inside) else None


def dimer(
    model: str | Path | Potential, pair: tuple[str, str], *, low: float = 0.5, high: float = 6.0, step: float = 0.01
) -> Dimer:
    """Evaluate two atoms at distances from ``low`` to ``high``.

    They lie in a cell so large that images are beyond the cutoff (10 A where the model says none). A qNEP sees the
    charges of this cell brought to zero in total, images and all, since it has no isolated atoms.

    Parameters
    ----------
    model : str, Path or Potential
        Any potential, or its name.
    pair : (str, str)
        Elements.
    low, high, step : float
        Distances, A.

    Raises
    ------
    InputError
        Where the range is empty.
    UnknownNameError
        For an element that the model lacks.

    Examples
    --------
    >>> dimer("nep.txt", ("Li", "Cl")).minimum  # doctest: +SKIP
    (2.05, -1.9)
    """
    if not 0.0 < low < high or not step > 0.0:
        raise InputError(
            f"distances from {low:g} to {high:g} A by {step:g} A: expected 0 < low < high and a step above 0"
        )
    made = as_potential(model)
    elements = made.elements or tuple(chemical_symbols[1:])
    for symbol in pair:
        if symbol not in elements:
            known = elements if symbol in chemical_symbols else (*elements, *chemical_symbols[1:])
            raise UnknownNameError(f"{made.name} has no element {symbol}: {did_you_mean(symbol, known)}")
    cutoff = made.cutoff or 10.0
    distance = np.arange(low, high + 0.5 * step, step)
    size = np.diag([high + 2.0 * cutoff, 2.0 * cutoff + 2.0, 2.0 * cutoff + 2.0])
    apart = np.append(distance, 0.5 * size[0, 0])  # both images are beyond the cutoff
    frames = [Atoms("".join(pair), positions=[[0, 0, 0], [place, 0, 0]], cell=size, pbc=True) for place in apart]
    found = made.compute(frames, source=made.name, bec=False)
    energy = np.array([float(one.energy or 0.0) for one in found])
    force = np.array([0.0 if one.forces is None else 0.5 * (one.forces[1, 0] - one.forces[0, 0]) for one in found])
    return Dimer(pair, distance, energy[:-1] - energy[-1], force[:-1])
