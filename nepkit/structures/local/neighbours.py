"""The nearest neighbours of every centre, and how they move: networks that keep their bonds."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from ase import Atoms
from numpy.typing import NDArray

from nepkit.core.atomic import atomic_path
from nepkit.core.errors import InputError
from nepkit.core.neighbours import neighbours as pairs_within

Array = NDArray[np.float64]
Integers = NDArray[np.int64]

_TIE = 1e-3  # A; a neighbour left out that is as near as the last one taken


@dataclass(frozen=True)
class Neighbours:
    """C centres with n neighbours each, nearest first.

    Parameters
    ----------
    centres : ndarray of int, shape (C,)
        Indices of the centres.
    index : ndarray of int, shape (C, n)
        Indices of their neighbours; the same atom may stand there in several copies.
    vector : ndarray, shape (C, n, 3)
        From centre to neighbour in the structure they were found in, A.
    fractional : ndarray, shape (C, n, 3)
        The same in units of the lattice vectors.
    ties : int
        Centres that have one neighbour more at the distance of the last: which one was taken is chance.
    """

    centres: Integers
    index: Integers
    vector: Array
    fractional: Array
    ties: int = 0

    @property
    def count(self) -> int:
        """Neighbours of a centre."""
        return int(self.index.shape[1])

    def vectors(self, atoms: Atoms) -> Array:
        """Return the vectors from centres to neighbours in another frame, shape (C, n, 3), A.

        Every neighbour is followed in the copy that it was found in, so that two copies of one atom stay two; the
        motion relative to the centre must be less than half the cell.

        Raises
        ------
        InputError
            Where the frame has fewer atoms than the neighbours name.
        """
        if max(self.centres.max(), self.index.max()) >= len(atoms):
            raise InputError(f"{len(atoms)} atoms, but the neighbours are of a structure with more")
        place = atoms.cell.scaled_positions(atoms.positions)
        moved = place[self.index] - place[self.centres][:, None] - self.fractional
        moved -= np.where(atoms.pbc, np.round(moved), 0.0)
        return np.asarray((self.fractional + moved) @ atoms.cell.array, dtype=float)

    def write(self, path: str | Path, *, overwrite: bool = False) -> None:
        """Write a text file: a line per centre, its number and those of its neighbours, from 1."""
        rows = np.concatenate([self.centres[:, None], self.index], axis=1) + 1
        with atomic_path(path, overwrite=overwrite) as temporary:
            np.savetxt(temporary, rows, fmt="%d")


def nearest(
    atoms: Atoms, centres: Collection[str], neighbours: Collection[str], count: int, cutoff: float = 6.0
) -> Neighbours:
    """Return the nearest neighbours of all atoms of some elements among those of some elements.

    Parameters
    ----------
    atoms : ase.Atoms
        With a cell where it is periodic, which may be thinner than the cutoff.
    centres, neighbours : collection of str
        Elements; an atom is no neighbour of itself, its copies are.
    count : int
        Neighbours of a centre.
    cutoff : float
        A; neighbours beyond are not looked for.

    Raises
    ------
    InputError
        Where an element is not there, or a centre has fewer neighbours within the cutoff.

    Examples
    --------
    >>> from ase.build import bulk
    >>> found = nearest(bulk("NaCl", "rocksalt", 5.6), ["Na"], ["Cl"], 6)
    >>> found.index.tolist(), round(float(np.linalg.norm(found.vector[0, 0])), 3)
    ([[1, 1, 1, 1, 1, 1]], 2.8)
    """
    symbols = np.array(atoms.get_chemical_symbols())
    for symbol in (*centres, *neighbours):
        if symbol not in symbols:
            raise InputError(f"no {symbol} in the structure, which has {' '.join(sorted(set(symbols)))}")
    (middle,) = np.nonzero(np.isin(symbols, list(centres)))
    near = pairs_within(atoms.positions, atoms.cell.array, cutoff, atoms.pbc).directed()
    near = near.where(np.isin(symbols[near.first], list(centres)) & np.isin(symbols[near.second], list(neighbours)))
    near = near.where(np.lexsort((near.distance, near.first)))
    i, j, shift, vector, distance = near.first, near.second, near.shift, near.vector, near.distance
    first, last = np.searchsorted(i, middle), np.searchsorted(i, middle, side="right")
    few = np.flatnonzero(last - first < count)
    if len(few):
        raise InputError(
            f"atom {middle[few[0]] + 1} ({symbols[middle[few[0]]]}) has {(last - first)[few[0]]} neighbours "
            f"{' '.join(neighbours)} within {cutoff:g} A, expected {count}; raise the cutoff or lower the number"
        )
    rows = first[:, None] + np.arange(count)
    more = (last - first) > count
    following = np.minimum(first + count, len(distance) - 1)
    ties = int((more & (distance[following] - distance[rows[:, -1]] < _TIE)).sum())
    place = atoms.cell.scaled_positions(atoms.positions)
    fractional = place[j[rows]] + shift[rows] - place[middle][:, None]
    return Neighbours(middle, np.asarray(j[rows], dtype=np.int64), np.asarray(vector[rows]), fractional, ties)


def read_neighbours(path: str | Path, atoms: Atoms) -> Neighbours:
    """Return neighbours from a file of numbers, each in the copy that is nearest to its centre.

    Parameters
    ----------
    path : str or Path
        As `Neighbours.write` writes them; a cell so thin that a centre has two copies of one neighbour cannot be told.
    atoms : ase.Atoms
        The structure they were found in.

    Raises
    ------
    InputError
        Where a line is not of as many whole numbers as the first, or names no atom.
    """
    rows: list[Sequence[int]] = []
    for number, line in enumerate(Path(path).read_text(encoding="utf-8").splitlines(), 1):
        words = line.partition("#")[0].split()
        if not words:
            continue
        try:
            row = [int(word) for word in words]
        except ValueError:
            row = []
        if len(row) < 2 or (rows and len(row) != len(rows[0])) or not all(1 <= value <= len(atoms) for value in row):
            raise InputError(
                f"{path}, line {number}: expected the numbers of a centre and its neighbours, 1 to {len(atoms)}"
            )
        rows.append(row)
    if not rows:
        raise InputError(f"{path}: no neighbours")
    table = np.array(rows, dtype=np.int64) - 1
    centres, index = table[:, 0], table[:, 1:]
    if any(len(set(row)) < len(row) for row in rows):
        raise InputError(f"{path}: a neighbour stands twice beside one centre; give elements instead of a file")
    place = atoms.cell.scaled_positions(atoms.positions)
    fractional = place[index] - place[centres][:, None]
    fractional -= np.where(atoms.pbc, np.round(fractional), 0.0)
    return Neighbours(centres, index, fractional @ atoms.cell.array, fractional)
