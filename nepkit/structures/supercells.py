"""Supercells: so many copies along each vector, or about so many atoms in a cell as compact as can be."""

from __future__ import annotations

from itertools import product

import numpy as np
from ase import Atoms
from numpy.typing import NDArray

from nepkit.core.errors import InputError
from nepkit.frames import without_results

TOLERANCE = 0.1
"""Part by which a supercell may have more or fewer atoms than asked for."""

Matrix = NDArray[np.int64]


def replicated(atoms: Atoms, copies: tuple[int, int, int]) -> Atoms:
    """Return a supercell; columns of atoms, such as groups and velocities, are repeated, labels are left out.

    Raises
    ------
    InputError
        Where a number of copies is below 1, or there is no cell along a direction to repeat.

    Examples
    --------
    >>> from ase.build import bulk
    >>> len(replicated(bulk("NaCl", "rocksalt", 5.6), (2, 2, 3)))
    24
    """
    lengths = np.linalg.norm(atoms.cell.array, axis=1)
    for number, length in zip(copies, lengths, strict=True):
        if number < 1:
            raise InputError(f"{number} copies along a direction; at least 1 is needed")
        if number > 1 and length == 0.0:
            raise InputError("the frame has no cell along a direction to repeat; give it a Lattice")
    return without_results(atoms, charge_times=float(np.prod(copies))).repeat(copies)


def copies_for(atoms: Atoms, wanted: int) -> tuple[int, int, int]:
    """Return the copies that make about ``wanted`` atoms in a cell as nearly as thick along all directions as can be.

    Raises
    ------
    InputError
        Where no number of copies comes within `TOLERANCE`, or there is no cell.

    Examples
    --------
    >>> from ase.build import bulk
    >>> copies_for(bulk("NaCl", "rocksalt", 5.6, cubic=True), 500)
    (4, 4, 4)
    """
    cell = _cell(atoms)
    _, _, copies = min(
        (round(_flatness(cell, copies), 6), abs(total * len(atoms) - wanted), copies)
        for total in _cells_wanted(atoms, wanted)
        for copies in _splits(total)
    )
    return copies


def compact_matrix(atoms: Atoms, wanted: int) -> Matrix:
    """Return integers by which the cell vectors combine to the supercell of about ``wanted`` atoms nearest to a cube.

    Of every number of cells within `TOLERANCE`, the matrices that differ by at most one in any element from the cube's
    own are tried; the largest sphere that fits between periodic images decides.

    Raises
    ------
    InputError
        As `copies_for`.

    Examples
    --------
    >>> from ase.build import bulk
    >>> matrix = compact_matrix(bulk("NaCl", "rocksalt", 5.6), 64)
    >>> np.round(matrix @ bulk("NaCl", "rocksalt", 5.6).cell.array, 6).tolist()
    [[11.2, 0.0, 0.0], [0.0, 11.2, 0.0], [0.0, 0.0, 11.2]]
    """
    cell = _cell(atoms)
    changes = np.array(list(product((-1, 0, 1), repeat=9))).reshape(-1, 3, 3)
    best: tuple[float, int] | None = None
    chosen = np.eye(3, dtype=np.int64)
    for total in _cells_wanted(atoms, wanted):
        edge = np.cbrt(atoms.cell.volume * total)
        cube = np.rint(edge * np.linalg.inv(cell)).astype(np.int64)
        straight = np.diag(min(_splits(total), key=lambda copies: _flatness(cell, copies)))
        for start in (cube, straight):
            tried = start + changes
            tried = tried[np.rint(np.linalg.det(tried)).astype(int) == total]
            if not len(tried):
                continue
            made = tried @ cell
            roundness = (1.0 / np.linalg.norm(np.linalg.inv(made), axis=1)).min(axis=1) / edge
            # Of equally round ones the one with the right angles.
            skew = np.abs(np.einsum("nia,nja->nij", made, made)).sum(axis=(1, 2)) / edge**2
            place = int(np.lexsort((skew, -np.round(roundness, 6)))[0])
            key = (-round(float(roundness[place]), 6), abs(total * len(atoms) - wanted))
            if best is None or key < best:
                best, chosen = key, tried[place]
    return chosen


def supercell(atoms: Atoms, matrix: Matrix) -> Atoms:
    """Return the supercell with the vectors ``matrix @ cell``; columns are repeated, labels left out.

    Raises
    ------
    InputError
        Where the determinant of the matrix is not positive.

    Examples
    --------
    >>> from ase.build import bulk
    >>> len(supercell(bulk("Cu"), np.array([[-1, 1, 1], [1, -1, 1], [1, 1, -1]])))
    4
    """
    from ase.build import make_supercell

    copies = round(float(np.linalg.det(matrix)))
    if copies < 1:
        raise InputError(f"a supercell needs a matrix of a positive determinant, not {copies}; swap two of its rows")
    plain = without_results(atoms, charge_times=copies)
    made = make_supercell(plain, matrix, wrap=True, order="cell-major")
    made.info = dict(plain.info)
    return made


def _cell(atoms: Atoms) -> NDArray[np.float64]:
    if atoms.cell.volume <= 0.0:
        raise InputError("the frame has no cell to repeat; give it a Lattice")
    return np.asarray(atoms.cell.array)


def _flatness(cell: NDArray[np.float64], copies: tuple[int, int, int]) -> float:
    """Return how much thicker a supercell is along one direction than along another."""
    thickness = np.array(copies) / np.linalg.norm(np.linalg.inv(cell), axis=0)
    return float(thickness.max() / thickness.min())


def _cells_wanted(atoms: Atoms, wanted: int) -> range:
    low, high = wanted * (1 - TOLERANCE) / len(atoms), wanted * (1 + TOLERANCE) / len(atoms)
    found = range(max(1, int(np.ceil(low))), int(high) + 1)
    if not found:
        raise InputError(f"no supercell of {len(atoms)} atoms has {wanted} atoms within {TOLERANCE:.0%}; ask for more")
    return found


def _splits(total: int) -> list[tuple[int, int, int]]:
    divisors = [value for value in range(1, total + 1) if total % value == 0]
    return [(a, b, total // a // b) for a in divisors for b in divisors if total // a % b == 0]
