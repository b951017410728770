"""How far every centre is from the middle of its neighbours: off-centring of ions in their cages."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from ase import Atoms
from numpy.typing import NDArray

from nepkit.core.atomic import atomic_path
from nepkit.core.errors import InputError
from nepkit.structures.local.neighbours import Neighbours

Array = NDArray[np.float64]


@dataclass(frozen=True)
class CentreVectors:
    """A vector of every centre in every frame.

    Parameters
    ----------
    values : ndarray, shape (F, C, 3)
        F frames, C centres.
    centres : ndarray of int, shape (C,)
        Their indices, from 0.
    unit : str
        Of the values.
    name : str
        What they are.
    """

    values: Array
    centres: NDArray[np.int64]
    unit: str
    name: str

    def write(self, path: str | Path, *, overwrite: bool = False) -> None:
        """Write as npz (values, centres), or else as text: a line of x, y, z per centre, frame after frame."""
        with atomic_path(path, overwrite=overwrite) as temporary:
            if Path(path).suffix == ".npz":
                np.savez(temporary, values=self.values, centres=self.centres)
                return
            with temporary.open("w", encoding="utf-8") as file:
                file.write(f"# {self.name} x y z ({self.unit}); {len(self.centres)} centres in each of ")
                file.write(f"{len(self.values)} frames\n")
                np.savetxt(file, self.values.reshape(-1, 3), fmt="%.8f")


def displacements(frames: Iterable[Atoms], neighbours: Neighbours, *, source: str = "frame") -> CentreVectors:
    """Return the displacement of every centre from the mean position of its neighbours, A.

    Parameters
    ----------
    frames : iterable of ase.Atoms
        With the atoms of the structure that the neighbours were found in.
    neighbours : Neighbours
        The same bonds in all frames, see `nepkit.structures.local.neighbours.nearest`.
    source : str
        What messages call the frames.

    Raises
    ------
    InputError
        Where there is no frame, or one has too few atoms.

    Examples
    --------
    >>> from ase.build import bulk
    >>> from nepkit.structures.local.neighbours import nearest
    >>> salt = bulk("NaCl", "rocksalt", 5.6)
    >>> moved = salt.copy()
    >>> moved.positions[0] += [0.1, 0.0, -0.2]
    >>> displacements([salt, moved], nearest(salt, ["Na"], ["Cl"], 6)).values[1].round(6) + 0.0
    array([[ 0.1,  0. , -0.2]])
    """
    rows = [-vectors.mean(axis=1) for vectors in bonds(frames, neighbours, source)]
    return CentreVectors(np.array(rows), neighbours.centres, "A", "displacement")


def bonds(frames: Iterable[Atoms], neighbours: Neighbours, source: str = "frame") -> Iterator[Array]:
    """Yield the vectors from centres to neighbours of every frame, shape (C, n, 3), A."""
    number = 0
    for number, atoms in enumerate(frames, 1):
        try:
            yield neighbours.vectors(atoms)
        except InputError as error:
            raise InputError(f"{source}, frame {number}: {error}") from None
    if not number:
        raise InputError(f"{source}: no frames")
