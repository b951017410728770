"""Changing structures: supercells, and the groups of atoms that GPUMD works with."""

from __future__ import annotations

import numpy as np
from ase import Atoms

from nepkit.analysis.datasets.editing import parse_numbers
from nepkit.errors import InputError
from nepkit.frames import strip_labels

TOLERANCE = 0.1
"""Part by which a supercell may have more or fewer atoms than asked for."""

_AXES = {"x": 0, "y": 1, "z": 2}


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
    result = atoms.copy()
    strip_labels(result)
    return result.repeat(copies)


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
    if atoms.cell.volume <= 0.0:
        raise InputError("the frame has no cell to repeat; give it a Lattice")
    heights = 1.0 / np.linalg.norm(np.linalg.inv(atoms.cell.array), axis=0)
    best: tuple[float, int, tuple[int, int, int]] | None = None
    low, high = wanted * (1 - TOLERANCE) / len(atoms), wanted * (1 + TOLERANCE) / len(atoms)
    for total in range(max(1, int(np.ceil(low))), int(high) + 1):
        for a in _divisors(total):
            for b in _divisors(total // a):
                copies = (a, b, total // a // b)
                thickness = heights * copies
                key = (round(float(thickness.max() / thickness.min()), 6), abs(total * len(atoms) - wanted), copies)
                best = key if best is None or key < best else best
    if best is None:
        raise InputError(f"no supercell of {len(atoms)} atoms has {wanted} atoms within {TOLERANCE:.0%}; ask for more")
    return best[2]


def _divisors(number: int) -> list[int]:
    return [value for value in range(1, number + 1) if number % value == 0]


def grouped(atoms: Atoms, methods: list[str]) -> Atoms:
    """Return a copy with one column of groups for every method, as GPUMD's model.xyz has them.

    Parameters
    ----------
    atoms : ase.Atoms
        The structure.
    methods : list of str
        ``element`` or ``element:Li,Cl,Y`` (groups 0, 1, ... in that order, alphabetical when left out);
        ``index:1-64/65-80`` (atoms 1 to 64 are group 0, 65 to 80 group 1, all others the last);
        ``x:10,20`` and likewise y, z (slabs between boundaries in A).

    Raises
    ------
    InputError
        Where a method is none, an element is not named, an atom is named twice, or a group is empty.

    Examples
    --------
    >>> atoms = Atoms("LiCl", positions=[[0, 0, 0], [0, 0, 3]])
    >>> grouped(atoms, ["element", "z:2"]).arrays["group"].tolist()
    [[1, 0], [0, 1]]
    """
    result = atoms.copy()
    result.arrays["group"] = np.stack([_groups(atoms, method) for method in methods], axis=1)
    return result


def _groups(atoms: Atoms, method: str) -> np.ndarray:
    kind, _, text = method.partition(":")
    if kind == "element":
        groups = _by_element(atoms, text)
    elif kind == "index" and text:
        groups = _by_index(atoms, text)
    elif kind in _AXES and text:
        groups = _by_slab(atoms, kind, text)
    else:
        raise InputError(f"{method!r} is no way of grouping; write element, element:Li,Cl, index:1-64/65- or z:10,20")
    empty = sorted(set(range(int(groups.max()) + 1)) - set(groups.tolist()))
    if empty:
        raise InputError(f"{method!r} leaves group {empty[0]} without atoms, which GPUMD does not take")
    return groups


def _by_element(atoms: Atoms, text: str) -> np.ndarray:
    order = text.replace(",", " ").split() or sorted(set(atoms.symbols))
    missing = sorted(set(atoms.symbols) - set(order))
    if missing or len(set(order)) < len(order):
        raise InputError(
            f"element:{text} names {' '.join(order)}, but the frame has {' '.join(sorted(set(atoms.symbols)))}"
        )
    return np.array([order.index(symbol) for symbol in atoms.symbols])


def _by_index(atoms: Atoms, text: str) -> np.ndarray:
    groups = np.full(len(atoms), -1)
    sets = text.split("/")
    for number, part in enumerate(sets):
        chosen = parse_numbers(part, len(atoms), "atom")
        if (groups[chosen] >= 0).any():
            raise InputError(f"index:{text} names an atom twice")
        groups[chosen] = number
    return np.where(groups < 0, len(sets), groups)


def _by_slab(atoms: Atoms, axis: str, text: str) -> np.ndarray:
    try:
        bounds = [float(word) for word in text.split(",")]
    except ValueError:
        raise InputError(f"{axis}:{text} is no list of boundaries in A such as {axis}:10,20") from None
    if bounds != sorted(set(bounds)) or not np.isfinite(bounds).all():
        raise InputError(f"{axis}:{text}: boundaries must grow")
    return np.asarray(np.searchsorted(bounds, atoms.positions[:, _AXES[axis]], side="right"))
