"""Bringing atoms into another order."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from ase import Atoms
from numpy.typing import NDArray

from nepkit.core.errors import InputError
from nepkit.frames import labels, set_labels
from nepkit.structures.grouping import AXES, VECTORS

FARTHEST = 2.0
"""A; atoms that are further than this from all of their kind in a reference are not the same atoms."""

WAYS = "element, element:Li,Cl, x, y, z, a, b, c, group, group:1, id or reverse"

Order = NDArray[np.int64]


def renumbered(atoms: Atoms, ways: list[str]) -> Atoms:
    """Return the atoms in another order with all their columns and labels; a column ``id`` counts anew from 1.

    Parameters
    ----------
    atoms : ase.Atoms
        Not changed.
    ways : list of str
        What to sort by, the first counts most: ``element`` (alphabetical) or ``element:Li,Y,Cl``; a coordinate ``x``,
        ``y``, ``z`` (A) or fraction ``a``, ``b``, ``c``; ``group`` or ``group:1`` (a grouping method, the first is 0);
        ``id`` (the number that another program gave); ``reverse`` (the order as it is, turned round). Atoms that are
        alike in all of these keep their order.

    Raises
    ------
    InputError
        Where a way is unknown or the frame lacks what it needs.

    Examples
    --------
    >>> atoms = Atoms("ClLiCl", positions=[[0, 0, 0], [1, 0, 0], [2, 0, 0]])
    >>> str(renumbered(atoms, ["element:Li,Cl"]).symbols)
    'LiCl2'
    """
    keys = [_key(atoms, way) for way in ways]
    return reordered(atoms, np.lexsort(keys[::-1]) if keys else np.arange(len(atoms)))


def reordered(atoms: Atoms, order: Order) -> Atoms:
    """Return the atoms in the given order with columns and labels."""
    known = labels(atoms)
    made = atoms[order]
    set_labels(
        made,
        replace(
            known,
            forces=None if known.forces is None else known.forces[order],
            bec=None if known.bec is None else known.bec[order],
            charges=None if known.charges is None else known.charges[order],
        ),
    )
    for name in made.arrays:
        if name.lower() == "id":
            made.arrays[name] = np.arange(1, len(made) + 1)
    return made


def _key(atoms: Atoms, way: str) -> NDArray[np.float64]:
    kind, _, text = way.partition(":")
    if kind == "element":
        order = text.replace(",", " ").split() or sorted(set(atoms.symbols))
        missing = sorted(set(atoms.symbols) - set(order))
        if missing:
            raise InputError(f"{way!r} does not name {missing[0]}, which the frame has")
        return np.array([order.index(symbol) for symbol in atoms.symbols], dtype=float)
    if way in AXES:
        return np.asarray(atoms.positions[:, AXES[way]])
    if way in VECTORS and atoms.cell.rank == 3:
        # Rounded, or noise would decide between atoms of one plane; an atom at 1 - noise is one at 0.
        return np.asarray(np.round(atoms.get_scaled_positions(wrap=True)[:, VECTORS[way]], 8) % 1.0)
    if way == "reverse":
        return -np.arange(len(atoms), dtype=float)
    if kind in ("group", "id"):
        return _column(atoms, kind, text)
    raise InputError(f"{way!r} is no way of sorting atoms here; write {WAYS}")


def _column(atoms: Atoms, kind: str, text: str) -> NDArray[np.float64]:
    column = next((values for name, values in atoms.arrays.items() if name.lower() == kind), None)
    if column is None:
        raise InputError(f"the frame has no column {kind} to sort by")
    columns = np.asarray(column).reshape(len(atoms), -1)
    method = int(text) if text.isdigit() else 0 if not text else -1
    if not 0 <= method < columns.shape[1]:
        raise InputError(f"{kind}:{text}: the frame has the methods 0 to {columns.shape[1] - 1}")
    return np.asarray(columns[:, method], dtype=float)


def order_like(atoms: Atoms, reference: Atoms) -> Order:
    """Return the order that puts every atom at the place of the nearest atom of its element in a reference.

    The assignment with the smallest sum of squared distances between fractional positions in the reference's cell, so
    a strained or relaxed copy is recognised.

    Raises
    ------
    InputError
        Where the compositions differ, a cell is missing, or an atom is further than `FARTHEST` from its place.

    Examples
    --------
    >>> from ase.build import bulk
    >>> salt = bulk("NaCl", "rocksalt", 5.6)
    >>> order_like(salt[[1, 0]], salt).tolist()
    [1, 0]
    """
    from ase.geometry import find_mic
    from scipy.optimize import linear_sum_assignment

    if sorted(atoms.numbers) != sorted(reference.numbers):
        raise InputError(f"{atoms.symbols} is not of the composition of the reference, {reference.symbols}")
    if atoms.cell.rank < 3 or reference.cell.rank < 3:
        raise InputError("matching a reference needs a cell in both; give both a Lattice")
    fractions, places = atoms.get_scaled_positions(), reference.get_scaled_positions()
    order = np.empty(len(atoms), dtype=np.int64)
    for number in np.unique(reference.numbers):
        mine, theirs = np.flatnonzero(atoms.numbers == number), np.flatnonzero(reference.numbers == number)
        apart = (places[theirs][:, None] - fractions[mine][None]).reshape(-1, 3) @ reference.cell.array
        distance = find_mic(apart, reference.cell, pbc=True)[1].reshape(len(theirs), len(mine))
        rows, columns = linear_sum_assignment(distance**2)
        worst = float(distance[rows, columns].max())
        if worst > FARTHEST:
            place = int(theirs[rows[distance[rows, columns].argmax()]]) + 1
            raise InputError(f"no atom is near atom {place} of the reference: the best is {worst:.2f} A away")
        order[theirs[rows]] = mine[columns]
    return order
