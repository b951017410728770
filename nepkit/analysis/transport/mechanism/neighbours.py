"""Pairs of atoms that are close to each other in a periodic cell of any shape and size."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Integers = NDArray[np.int64]

#: Pairs are looked for at least as far as this, A, and those beyond the cutoff are left out.
SMALLEST = 1.5


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

    def where(self, mask: NDArray[np.bool_]) -> Neighbours:
        """Return some of the pairs."""
        return Neighbours(self.first[mask], self.second[mask], self.shift[mask], self.vector[mask], self.distance[mask])


def neighbours(points: Array, cell: Array, cutoff: float) -> Neighbours:
    """Return all pairs of points closer than a cutoff (A), through every image of a periodic cell."""
    from vesin import NeighborList

    # Its grid has cells of the size of the cutoff: of a tiny one there would be millions.
    reach = max(float(cutoff), SMALLEST)
    i, j, shift, vector, distance = NeighborList(cutoff=reach, full_list=False).compute(
        points=np.ascontiguousarray(points), box=np.ascontiguousarray(cell), periodic=True, quantities="ijSDd"
    )
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
