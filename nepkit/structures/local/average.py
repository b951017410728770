"""The mean structure of a trajectory: paths in fractional coordinates, averaged in the mean cell."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from ase import Atoms
from ase.geometry import get_distances
from numpy.typing import NDArray

from nepkit.core.errors import InputError
from nepkit.frames import without_results

Array = NDArray[np.float64]

HOP = 0.6
"""An atom that came farther from its start than this share of the distance to its nearest neighbour is told."""


@dataclass(frozen=True)
class AverageStructure:
    """A mean structure.

    Parameters
    ----------
    atoms : ase.Atoms
        Mean positions in the mean cell; ``arrays["rms_displacement"]`` holds `spread`.
    frames : int
        How many were averaged.
    spread : ndarray, shape (N,)
        Root mean square displacement of every atom from its mean, A.
    hopping : ndarray of int
        Indices of atoms that moved too far for a mean to be a place of theirs.
    cell_spread : ndarray, shape (3,)
        Standard deviation of the lengths of the cell, A.
    """

    atoms: Atoms
    frames: int
    spread: Array
    hopping: NDArray[np.int64]
    cell_spread: Array


def average_structure(frames: Iterable[Atoms], *, drift: bool = False, source: str = "frame") -> AverageStructure:
    """Average a trajectory, wrapped or not, with a cell that may change.

    Every atom is followed from frame to frame by the shortest way in fractional coordinates. These are averaged, and
    placed in the mean cell: the mean of Cartesian positions would mix the change of the cell into the atoms.

    Parameters
    ----------
    frames : iterable of ase.Atoms
        In order of time, with the same atoms; one at a time is in memory.
    drift : bool
        Whether the motion of all atoms together, which the average would smear, is kept; removed by default.
    source : str
        What messages call the frames.

    Raises
    ------
    InputError
        Where there is no frame, or the atoms change.

    Examples
    --------
    >>> frames = [Atoms("NaCl", positions=[[x % 6, 1, 1], [3, 3, 3]], cell=[6, 6, 6], pbc=True) for x in (-0.2, 0.2)]
    >>> average_structure(frames, drift=True).atoms.positions[0].round(6) + 0.0
    array([6., 1., 1.])
    """
    first: Atoms | None = None
    count = 0
    for count, atoms in enumerate(frames, 1):
        place = atoms.cell.scaled_positions(atoms.positions)
        if first is None:
            first = atoms.copy()
            path = place.copy()
            start = place.copy()
            cells, places = np.zeros((3, 3)), np.zeros_like(place)
            cross, farthest = np.zeros((len(atoms), 3, 3)), np.zeros(len(atoms))
            lengths = []
        if len(atoms) != len(first) or (atoms.numbers != first.numbers).any():
            raise InputError(f"{source}, frame {count}: other atoms than in the first frame")
        step = place - path
        path += step - np.where(atoms.pbc, np.round(step), 0.0)
        moved = path - start
        if not drift:
            moved = moved - np.average(moved, axis=0, weights=first.get_masses())
        cells += atoms.cell.array
        places += moved
        cross += moved[:, :, None] * moved[:, None, :]
        farthest = np.maximum(farthest, np.linalg.norm(moved @ atoms.cell.array, axis=1))
        lengths.append(atoms.cell.lengths())
    if first is None:
        raise InputError(f"{source}: no frames")
    cell, mean = cells / count, places / count
    covariance = cross / count - mean[:, :, None] * mean[:, None, :]
    spread = np.sqrt(np.maximum(np.einsum("nab,ac,bc->n", covariance, cell, cell), 0.0))
    made = without_results(first)
    made.set_cell(cell)
    made.positions = (start + mean) @ cell
    made.arrays["rms_displacement"] = spread
    hopping = np.flatnonzero(farthest > HOP * _nearest(made))
    return AverageStructure(made, count, spread, hopping, np.std(lengths, axis=0))


def _nearest(atoms: Atoms) -> Array:
    """Return the distance of every atom to its nearest neighbour, A."""
    nearest = np.full(len(atoms), np.inf)
    if len(atoms) < 2:
        return nearest
    for block in np.array_split(np.arange(len(atoms)), max(1, len(atoms) // 500)):
        _, distance = get_distances(atoms.positions[block], atoms.positions, cell=atoms.cell, pbc=atoms.pbc)
        distance[np.arange(len(block)), block] = np.inf
        nearest[block] = distance.min(axis=1)
    return nearest
