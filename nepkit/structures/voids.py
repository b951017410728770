"""Voids of a crystal: where an atom more would have most room."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
from ase import Atoms
from numpy.typing import NDArray
from scipy.spatial import Voronoi, cKDTree

from nepkit.core.neighbours import neighbours
from nepkit.core.progress import track
from nepkit.structures.cells import check_cell
from nepkit.structures.symmetry import SYMPREC, dataset

MERGED = 0.5
"""A; a void this near to a roomier one is part of it."""

Array = NDArray[np.float64]

_AROUND = np.array(list(product((-1, 0, 1), repeat=3)))


@dataclass(frozen=True)
class Void:
    """One of the symmetry-distinct voids of a crystal.

    Parameters
    ----------
    position : ndarray, shape (3,)
        Of one of the equivalent ones, A.
    radius : float
        Distance to the nearest atoms, A.
    neighbours : int
        How many atoms are at that distance, within 5 %.
    multiplicity : int
        Equivalent voids in the cell.
    """

    position: Array
    radius: float
    neighbours: int
    multiplicity: int


def voids(crystal: Atoms, *, min_radius: float = 1.2, symprec: float = SYMPREC) -> list[Void]:
    """Return the symmetry-distinct voids, the roomiest first.

    Voids are vertices of the Voronoi cells of the atoms: places as far from their four or more nearest atoms as can be.
    Those nearer than `MERGED` to a roomier one are left out.

    Parameters
    ----------
    crystal : ase.Atoms
        Periodic.
    min_radius : float
        Least distance to an atom, A.
    symprec : float
        A, of the search for symmetries.

    Raises
    ------
    InputError
        Where there is no cell.

    Examples
    --------
    >>> from ase.build import bulk
    >>> [(void.neighbours, void.multiplicity, round(void.radius, 2)) for void in voids(bulk("Cu", "fcc", 3.6))]
    [(6, 1, 1.8), (4, 2, 1.56)]
    """
    crystal = _compact(crystal)
    known = dataset(crystal, symprec)
    atoms = _images(crystal, 2.0 * _reach(crystal))  # twice, so that the Voronoi cells in the cell are closed
    points = _vertices(crystal, atoms)
    radii = np.asarray(cKDTree(atoms).query(points)[0])
    kept = radii >= min_radius
    points, radii = _unique(crystal, points[kept], radii[kept])
    found: list[Void] = []
    taken: list[Array] = []
    left = np.ones(len(points), dtype=bool)
    for place in track(range(len(points)), "Voids"):
        if not left[place]:
            continue
        orbit = _orbit(known, crystal, points[place])
        for member in orbit:
            left[left] = _apart(crystal, points[left], member) > MERGED
        if any((_apart(crystal, np.array(taken), member) <= MERGED).any() for member in orbit if taken):
            continue
        taken += list(orbit)
        near = int((np.linalg.norm(atoms - points[place], axis=1) < 1.05 * radii[place]).sum())
        found.append(Void(points[place], float(radii[place]), near, len(orbit)))
    return found


def _compact(crystal: Atoms) -> Atoms:
    """Return the crystal in its shortest vectors, so that few images reach around the cell."""
    from ase.geometry import minkowski_reduce

    check_cell(crystal)
    result = Atoms(crystal.symbols, positions=crystal.positions, pbc=True)
    result.set_cell(minkowski_reduce(crystal.cell)[0])
    result.wrap()
    return result


def _reach(crystal: Atoms) -> float:
    """Return a distance that no point is further from its nearest atom, A."""
    cell = crystal.cell.array
    counts = np.ceil(crystal.cell.lengths() / 1.5).astype(int)
    grid = np.array(list(product(*[np.arange(count) / count for count in counts]))) @ cell
    box = np.linalg.norm((_AROUND / counts) @ cell, axis=1).max()
    around = (crystal.positions[None] + (_AROUND @ cell)[:, None]).reshape(-1, 3)
    return float(cKDTree(around).query(grid)[0].max() + box)


def _images(crystal: Atoms, reach: float) -> Array:
    """Return positions of atoms in and around the cell, at least up to a distance from it, A."""
    cell = crystal.cell.array
    margin = reach * np.linalg.norm(np.linalg.inv(cell), axis=0)
    most = np.ceil(margin).astype(int)
    shifts = np.array(list(product(*[range(-n, n + 1) for n in most])))
    fractions = (crystal.get_scaled_positions()[None] + shifts[:, None]).reshape(-1, 3)
    return np.asarray(fractions[((fractions >= -margin) & (fractions <= 1.0 + margin)).all(axis=1)] @ cell)


def _vertices(crystal: Atoms, atoms: Array) -> Array:
    """Return the Voronoi vertices in the cell, A."""
    vertices = Voronoi(atoms).vertices
    fractions = vertices @ np.linalg.inv(crystal.cell.array)
    inside = ((fractions > -1e-6) & (fractions < 1.0 - 1e-6)).all(axis=1)
    return np.asarray(vertices[inside])


def _apart(crystal: Atoms, points: Array, point: Array) -> Array:
    """Return the distances of points to one, through the nearest image; the cell has its shortest vectors."""
    cell = crystal.cell.array
    gaps = (points - point) @ np.linalg.inv(cell)
    gaps -= np.round(gaps)
    return np.asarray(np.linalg.norm((gaps @ cell)[:, None] + _AROUND @ cell, axis=-1).min(axis=1))


def _unique(crystal: Atoms, points: Array, radii: Array) -> tuple[Array, Array]:
    """Return points that are not the same but for noise, the roomiest first, of equal ones in a fixed order."""
    fractions = np.round(points @ np.linalg.inv(crystal.cell.array), 6)
    order = np.lexsort((*fractions.T[::-1], -np.round(radii, 6)))
    points, radii = points[order], radii[order]
    pairs = neighbours(points, crystal.cell.array, 1e-3)
    first, second = np.minimum(pairs.first, pairs.second), np.maximum(pairs.first, pairs.second)
    kept = np.ones(len(points), dtype=bool)
    for row in np.argsort(second).tolist():  # whether the first stays is known by then
        if kept[first[row]] and first[row] != second[row]:
            kept[second[row]] = False
    return points[kept], radii[kept]


def _orbit(known: Any, crystal: Atoms, point: Array) -> Array:
    """Return the places in the cell that symmetries make of one, A."""
    fraction = point @ np.linalg.inv(crystal.cell.array)
    images = np.einsum("nij,j->ni", known.rotations, fraction) + known.translations
    images = (images % 1.0) @ crystal.cell.array
    kept: list[int] = []
    for index in range(len(images)):
        if not kept or _apart(crystal, images[kept], images[index]).min() > 0.05:
            kept.append(index)
    return np.asarray(images[kept])
