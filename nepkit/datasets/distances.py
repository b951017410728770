"""Shortest distances between atoms of every two elements, periodic images and overlapping atoms included."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import combinations_with_replacement, product

import numpy as np
from ase import Atoms
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from nepkit.core.errors import InputError
from nepkit.core.neighbours import neighbours

Array = NDArray[np.float64]
Pair = tuple[str, str]

_LARGEST_CUTOFF = 5.0  # A; whatever is further apart is found by a search for the nearest neighbour
_SMALLEST_VOLUME = 1e-6  # A^3; anything below is no cell


@dataclass(frozen=True)
class Contact:
    """The shortest distance between atoms of two elements.

    Parameters
    ----------
    distance : float
        A; 0 where two atoms are at the same place.
    atoms : tuple of int
        Indices of the two atoms, equal where an atom meets its own periodic image.
    frame : int
        Number of the frame, the first is 1.
    """

    distance: float
    atoms: tuple[int, int]
    frame: int = 1


def pair_name(text: str) -> Pair:
    """Return two elements in alphabetical order from ``Li-Cl``.

    Examples
    --------
    >>> pair_name("Li-Cl")
    ('Cl', 'Li')
    """
    from ase.data import atomic_numbers

    names = text.strip().split("-")
    if len(names) != 2 or not all(name in atomic_numbers and name != "X" for name in names):
        raise InputError(f"{text!r} is not a pair of elements such as Li-Cl")
    first, second = sorted(names)
    return first, second


def closest_contacts(atoms: Atoms, where: str = "frame") -> dict[Pair, Contact]:
    """Return the shortest distance between atoms of every two elements of a frame.

    Every periodic image counts, an atom's own images too, whatever the shape of the cell and however large the
    distance. A pair is absent only where it cannot occur: one atom without periodic images.

    Parameters
    ----------
    atoms : ase.Atoms
        Any periodicity.
    where : str
        What messages call this frame.

    Returns
    -------
    dict
        Elements of a pair in alphabetical order.

    Raises
    ------
    InputError
        Where positions or cell are not finite, or a periodic frame has no volume.

    Examples
    --------
    >>> from ase.build import bulk
    >>> contacts = closest_contacts(bulk("NaCl", "rocksalt", 5.6))
    >>> {pair: round(contact.distance, 3) for pair, contact in contacts.items()}
    {('Cl', 'Cl'): 3.96, ('Cl', 'Na'): 2.8, ('Na', 'Na'): 3.96}
    """
    _check(atoms, where)
    symbols = np.array(atoms.get_chemical_symbols())
    names, kind = np.unique(symbols, return_inverse=True)
    found = _within(atoms, kind, len(names), _cutoff(atoms))
    result = {}
    for a, b in combinations_with_replacement(range(len(names)), 2):
        contact = found.get((a, b)) or _nearest(atoms, np.flatnonzero(kind == a), np.flatnonzero(kind == b))
        if contact is not None:
            result[str(names[a]), str(names[b])] = contact
    return result


def closest_in_frames(frames: Iterable[Atoms]) -> dict[Pair, Contact]:
    """Return the shortest distance between atoms of every two elements over all frames, and where it is.

    Raises
    ------
    InputError
        As `closest_contacts`.
    """
    result: dict[Pair, Contact] = {}
    for number, atoms in enumerate(frames, 1):
        keep_closest(result, closest_contacts(atoms, f"frame {number}"), number)
    return dict(sorted(result.items()))


def keep_closest(kept: dict[Pair, Contact], found: dict[Pair, Contact], number: int) -> None:
    """Bring the contacts of one more frame into those of many, in place."""
    for pair, contact in found.items():
        if pair not in kept or contact.distance < kept[pair].distance:
            kept[pair] = Contact(contact.distance, contact.atoms, number)


def _check(atoms: Atoms, where: str) -> None:
    if not np.isfinite(atoms.positions).all() or not np.isfinite(atoms.cell.array).all():
        raise InputError(f"{where}: positions or cell are not finite; remove the frame")
    periodic = atoms.cell.array[atoms.pbc]
    extent = np.sqrt(abs(np.linalg.det(periodic @ periodic.T))) if len(periodic) else 1.0
    if extent < _SMALLEST_VOLUME:
        raise InputError(f"{where}: periodic, but the cell has no volume; give the Lattice or set pbc to F F F")


def _cutoff(atoms: Atoms) -> float:
    """Return a distance within which atoms have a few neighbours at the mean density."""
    volume = atoms.cell.volume
    if not atoms.pbc.all() or volume <= 0.0:
        return _LARGEST_CUTOFF
    return float(min(_LARGEST_CUTOFF, 1.5 * np.cbrt(volume / len(atoms))))


def _within(atoms: Atoms, kind: NDArray[np.intp], kinds: int, cutoff: float) -> dict[tuple[int, int], Contact]:
    """Return the closest contacts not further than the cutoff, by the indices of the elements."""
    near = neighbours(atoms.positions, atoms.cell.array, cutoff, atoms.pbc)
    one, other = kind[near.first], kind[near.second]
    label = np.minimum(one, other) * kinds + np.maximum(one, other)
    order = np.argsort(near.distance, kind="stable")
    labels, place = np.unique(label[order], return_index=True)  # the first of every label, so the closest
    result = {}
    for name, row in zip(labels.tolist(), order[place].tolist(), strict=True):
        i, j = sorted((int(near.first[row]), int(near.second[row])))
        result[divmod(name, kinds)] = Contact(float(near.distance[row]), (i, j))
    return result


def _nearest(atoms: Atoms, one: NDArray[np.intp], other: NDArray[np.intp]) -> Contact | None:
    """Return the closest contact of two sets of atoms, disjoint or the same, however far it is."""
    same = bool(one[0] == other[0])
    wrapped = atoms.get_positions(wrap=True) if atoms.pbc.any() else atoms.positions
    tree = cKDTree(wrapped[one])
    best: Contact | None = None
    bound = float(np.linalg.norm(atoms.cell.array[atoms.pbc], axis=1).min(initial=np.inf)) * (1.0 + 1e-9)
    if not same or len(one) > 1:
        distance, index = tree.query(wrapped[other], k=[2 if same else 1])
        best = _closest_row(distance[:, 0], index[:, 0], one, other)
        bound = min(best.distance, bound) if same else best.distance
    for shift in _shifts(atoms, bound):
        images = wrapped[other] + shift
        gap = np.maximum(wrapped[one].min(axis=0) - images.max(axis=0), images.min(axis=0) - wrapped[one].max(axis=0))
        if np.linalg.norm(np.maximum(gap, 0.0)) >= bound:
            continue
        distance, index = tree.query(images, distance_upper_bound=bound)
        if distance.min() < bound:
            best = _closest_row(distance, index, one, other)
            bound = best.distance
    return best


def _closest_row(distance: Array, index: NDArray[np.intp], one: NDArray[np.intp], other: NDArray[np.intp]) -> Contact:
    row = int(np.argmin(distance))
    i, j = sorted((int(one[index[row]]), int(other[row])))
    return Contact(float(distance[row]), (i, j))


def _shifts(atoms: Atoms, bound: float) -> list[Array]:
    """Return the lattice vectors, but zero, that may bring wrapped atoms closer than the bound, short ones first."""
    cell = atoms.cell.complete().array
    heights = 1.0 / np.linalg.norm(np.linalg.inv(cell), axis=0)
    # Wrapped atoms differ by less than one cell, so n cells further they are n - 1 heights apart or more.
    limits = [int(bound / height) + 1 if p else 0 for height, p in zip(heights, atoms.pbc, strict=True)]
    indices = np.array(list(product(*[range(-n, n + 1) for n in limits])))
    vectors = indices[indices.any(axis=1)] @ cell
    return list(vectors[np.argsort(np.linalg.norm(vectors, axis=1), kind="stable")])
