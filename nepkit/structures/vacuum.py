"""Empty space around slabs, wires and molecules."""

from __future__ import annotations

import numpy as np
from ase import Atoms

from nepkit.core.errors import InputError
from nepkit.frames import without_results
from nepkit.structures.grouping import VECTORS


def with_vacuum(atoms: Atoms, axes: str, width: float, *, periodic: bool = True) -> Atoms:
    """Return a copy with empty space of a given width along cell vectors, atoms in the middle of what there is.

    Where atoms of a periodic cell go over its faces they are brought together first: the widest gap there is along the
    vector becomes the empty space, so setting a width twice is setting it once.

    Parameters
    ----------
    atoms : ase.Atoms
        Columns stay, labels are left out.
    axes : str
        Of ``a``, ``b`` and ``c``, for instance ``c`` for a slab and ``abc`` for a molecule.
    width : float
        Distance between the outermost atoms and their images, along the normal of the other two vectors, A.
    periodic : bool
        Whether the cell stays periodic along these vectors.

    Raises
    ------
    InputError
        Where an axis is none or the width is negative.

    Examples
    --------
    >>> molecule = with_vacuum(Atoms("H2", positions=[[0, 0, 0], [0, 0, 1]]), "abc", 10.0)
    >>> molecule.cell.lengths().tolist()
    [10.0, 10.0, 11.0]
    """
    if not axes or set(axes) - set(VECTORS) or len(set(axes)) < len(axes):
        raise InputError(f"{axes!r} names no cell vectors; write for instance c, or abc for all three")
    if not (np.isfinite(width) and width >= 0.0):
        raise InputError(f"a vacuum of {width:g} A; expected 0 or more")
    result = without_results(atoms)
    for axis in sorted(VECTORS[name] for name in axes):
        _open(result, axis, width)
        result.pbc[axis] = periodic
    return result


def _open(atoms: Atoms, axis: int, width: float) -> None:
    closed = bool(atoms.pbc[axis]) and bool(atoms.cell.array[axis].any())
    cell = atoms.cell.complete().array.copy()
    if closed:
        _bring_together(atoms, axis)
    first, second = (cell[other] for other in range(3) if other != axis)
    normal = np.cross(first, second)
    normal *= np.sign(normal @ cell[axis]) / np.linalg.norm(normal)
    heights = atoms.positions @ normal
    thickness = float(heights.max() - heights.min())
    if thickness + width <= 0.0:
        raise InputError("a flat layer needs a vacuum of more than 0 A along its normal")
    cell[axis] *= (thickness + width) / (cell[axis] @ normal)
    along = cell[axis] / (cell[axis] @ normal)
    atoms.positions += (0.5 * width - heights.min()) * along
    atoms.set_cell(cell)


def _bring_together(atoms: Atoms, axis: int) -> None:
    """Move atoms by whole cell vectors so that the widest gap is the one between images."""
    fractions = atoms.cell.scaled_positions(atoms.positions)[:, axis] if atoms.cell.rank == 3 else (
        np.linalg.solve(atoms.cell.complete().array.T, atoms.positions.T)[axis]
    )  # fmt: skip
    inside = fractions % 1.0
    order = np.sort(inside)
    gaps = np.diff(np.append(order, order[0] + 1.0))
    start = order[(int(gaps.argmax()) + 1) % len(order)]
    wanted = (inside - start + 1e-9) % 1.0 + start - 1e-9
    atoms.positions += np.outer(np.rint(wanted - fractions), atoms.cell.array[axis])
