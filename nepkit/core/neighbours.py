"""Pairs of atoms that are close to each other, in cells of any shape, size and periodicity."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]
Integers = NDArray[np.int64]

_SMALLEST = 1.5
"""A; pairs are looked for at least as far as this, and those beyond the cutoff are left out."""


@dataclass(frozen=True)
class Neighbours:
    """Pairs of atoms of one frame that are close to each other, each once.

    Parameters
    ----------
    first, second : ndarray of int, shape (E,)
        Atoms.
    shift : ndarray of int, shape (E, 3)
        Cell of the second when the first is in the home cell, for the positions as given.
    vector : ndarray, shape (E, 3)
        From the first to the second, A.
    distance : ndarray, shape (E,)
        A.
    """

    first: Integers
    second: Integers
    shift: Integers
    vector: Array
    distance: Array

    def directed(self) -> Neighbours:
        """Return every pair in both directions."""
        return Neighbours(
            np.concatenate([self.first, self.second]), np.concatenate([self.second, self.first]),
            np.concatenate([self.shift, -self.shift]), np.concatenate([self.vector, -self.vector]),
            np.concatenate([self.distance, self.distance]),
        )  # fmt: skip

    def where(self, which: NDArray[np.bool_] | Integers) -> Neighbours:
        """Return some of the pairs, by a mask or by their indices."""
        return Neighbours(
            self.first[which], self.second[which], self.shift[which], self.vector[which], self.distance[which]
        )


def neighbours(points: ArrayLike, cell: ArrayLike, cutoff: float, periodic: ArrayLike = True) -> Neighbours:
    """Return all pairs of points closer than a cutoff, through every image of a periodic cell.

    Parameters
    ----------
    points : array_like, shape (N, 3)
        A.
    cell : array_like, shape (3, 3)
        Cell vectors in rows, A; it may be smaller than the cutoff.
    cutoff : float
        A.
    periodic : array_like of bool
        Along which cell vectors.

    Examples
    --------
    >>> neighbours([[0, 0, 0], [0, 0, 3.5]], np.diag([4, 4, 4]), 1).distance.tolist()
    [0.5]
    """
    from vesin import NeighborList  # loads a compiled library

    places = np.ascontiguousarray(points, dtype=float)
    repeated = np.broadcast_to(np.asarray(periodic, dtype=bool), 3)
    box = np.where(repeated[:, None], np.asarray(cell, dtype=float), 0.0)
    if not len(places):
        none = np.zeros(0, dtype=np.int64)
        return Neighbours(none, none, np.zeros((0, 3), dtype=np.int64), np.zeros((0, 3)), np.zeros(0))
    # Its grid has cells of the size of the cutoff: of a tiny one there would be millions.
    reach = max(float(cutoff), _SMALLEST)
    search = NeighborList(cutoff=reach, full_list=False, n_threads=1)
    i, j, shift, vector, distance = search.compute(places, box, repeated.tolist(), "ijSDd")
    found = Neighbours(i.astype(np.int64), j.astype(np.int64), shift.astype(np.int64), vector, distance)
    return found if reach <= cutoff else found.where(distance < cutoff)


def nearest(pairs: Neighbours, atoms: Integers, total: int) -> tuple[Integers, Array]:
    """Return the closest partner of some atoms among directed pairs, -1 without one, and its distance, A."""
    order = np.lexsort((pairs.distance, pairs.first))
    owners, start = np.unique(pairs.first[order], return_index=True)
    partner = np.full(total, -1, dtype=np.int64)
    distance = np.full(total, np.inf)
    partner[owners], distance[owners] = pairs.second[order][start], pairs.distance[order][start]
    return partner[atoms], distance[atoms]
