"""Whether a frame has a cell that can be worked with."""

from __future__ import annotations

import numpy as np
from ase import Atoms

from nepkit.core.errors import InputError

SMALLEST_VOLUME = 1e-6
"""A^3; anything below is no cell."""


def check_cell(atoms: Atoms, *, needed: bool = True) -> None:
    """Raise where the cell vectors lie in a plane, or are not all there although they are needed.

    Raises
    ------
    InputError
        With the remedy.

    Examples
    --------
    >>> check_cell(Atoms("H"), needed=False)
    >>> check_cell(Atoms("H", cell=[[4, 0, 0], [4, 0, 0], [0, 0, 4]]))
    Traceback (most recent call last):
    ...
    nepkit.core.errors.InputError: the cell vectors lie in one plane; give the frame a Lattice with a volume
    """
    vectors = atoms.cell.array[atoms.cell.array.any(axis=1)]
    if len(vectors) < 3 and needed:
        raise InputError("the frame has no cell; give it a Lattice")
    extent = float(np.sqrt(abs(np.linalg.det(vectors @ vectors.T)))) if len(vectors) else 1.0
    if extent < SMALLEST_VOLUME:
        raise InputError("the cell vectors lie in one plane; give the frame a Lattice with a volume")
