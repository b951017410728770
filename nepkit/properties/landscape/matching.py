"""Which atom of one structure is which of another: the assignment of least displacement under periodicity."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from ase import Atoms
from ase.geometry import find_mic, get_distances
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from nepkit.core.errors import InputError

Array = NDArray[np.float64]


_MANY = 4  # atoms; the median displacement of fewer is their motion, not that of the origin


@dataclass(frozen=True)
class Matching:
    """A second structure brought beside a first one.

    Parameters
    ----------
    atoms : ase.Atoms
        The second structure with its atoms in the order of the first, each in the copy nearest to its partner; a
        crystal is moved as a whole so that most atoms stay where they are.
    order : ndarray of int, shape (N,)
        Place in the second structure of every atom of the first.
    displacement : ndarray, shape (N, 3)
        From the first to the second, A.
    """

    atoms: Atoms
    order: NDArray[np.int64]
    displacement: Array

    @property
    def reordered(self) -> int:
        """Number of atoms that stood at another place in the file."""
        return int((self.order != np.arange(len(self.order))).sum())


def match(first: Atoms, second: Atoms) -> Matching:
    """Pair the atoms of two structures in the same cell, element by element, so that the squared way is the least.

    Parameters
    ----------
    first, second : ase.Atoms
        Of the same composition, in the same cell to 1e-3 A.

    Raises
    ------
    InputError
        Where composition or cell differ.

    Examples
    --------
    >>> from ase.build import bulk
    >>> one = bulk("NaCl", "rocksalt", 5.6, cubic=True)
    >>> other = one[[1, 0, 3, 2, 5, 4, 7, 6]]
    >>> other.positions += [5.6, 0.0, -11.2]
    >>> found = match(one, other)
    >>> found.reordered, round(float(abs(found.displacement).max()), 6)
    (8, 0.0)
    """
    if sorted(first.numbers) != sorted(second.numbers):
        raise InputError(
            f"the end points differ in composition: {first.get_chemical_formula()} and {second.get_chemical_formula()}"
        )
    if not np.allclose(first.cell.array, second.cell.array, atol=1e-3) or (first.pbc != second.pbc).any():
        raise InputError("the end points are in different cells; a path needs one cell, so relax both in the same")
    order, displacement = _assign(first, second.positions, second)
    if all(first.pbc) and len(first) >= _MANY and not first.constraints:
        shift = np.median(displacement, axis=0)
        again, other = _assign(first, second.positions - shift, second)
        if (other**2).sum() < (displacement**2).sum() - 1e-12:
            order, displacement = again, other
    made = first.copy()
    made.positions = first.positions + displacement
    return Matching(made, order, displacement)


def _assign(first: Atoms, positions: Array, second: Atoms) -> tuple[NDArray[np.int64], Array]:
    order = np.empty(len(first), dtype=np.int64)
    for number in np.unique(first.numbers):
        mine, theirs = (np.flatnonzero(atoms.numbers == number) for atoms in (first, second))
        _, distance = get_distances(first.positions[mine], positions[theirs], cell=first.cell, pbc=first.pbc)
        rows, columns = linear_sum_assignment(distance**2)
        order[mine[rows]] = theirs[columns]
    displacement, _ = find_mic(positions[order] - first.positions, first.cell, first.pbc)
    return order, np.asarray(displacement, dtype=float)
