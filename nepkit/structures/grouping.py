"""The groups of atoms that GPUMD works with, by any number of grouping methods."""

from __future__ import annotations

import numpy as np
from ase import Atoms
from ase.data import covalent_radii
from numpy.typing import NDArray

from nepkit.core.errors import InputError
from nepkit.core.neighbours import neighbours
from nepkit.core.numbers import parse_numbers

AXES = {"x": 0, "y": 1, "z": 2}
VECTORS = {"a": 0, "b": 1, "c": 2}
WAYS = "element, element:Li,Cl, index:1-64/65-, z:10,20, c:0.5, sphere:5,5,5,3, bonds, bonds:1.3 or formula"
BONDED = 1.25
"""Atoms are bonded that are nearer than this times the sum of their covalent radii."""

Integers = NDArray[np.int64]


def grouped(atoms: Atoms, methods: list[str]) -> Atoms:
    """Return a copy with one column of groups for every method, as GPUMD's model.xyz has them.

    Parameters
    ----------
    atoms : ase.Atoms
        The structure.
    methods : list of str
        ``element`` or ``element:Li,Cl,Y`` (groups 0, 1, ... in that order, alphabetical when left out);
        ``index:1-64/65-80`` (atoms 1 to 64 are group 0, 65 to 80 group 1, all others the last);
        ``x:10,20`` and likewise y, z (slabs between boundaries in A); ``c:0.25,0.75`` and likewise a, b (slabs between
        fractions of a cell vector); ``sphere:x,y,z,radius`` in A (inside 0, outside 1; periodic images count);
        ``bonds`` or ``bonds:1.3`` (atoms joined by bonds, shorter than this times the sum of covalent radii, are one
        group: molecules and networks); ``formula`` likewise, but all molecules of one formula are one group.

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


def _groups(atoms: Atoms, method: str) -> Integers:
    kind, _, text = method.partition(":")
    if kind == "element":
        groups = _by_element(atoms, text)
    elif kind == "index" and text:
        groups = _by_index(atoms, text)
    elif kind in AXES and text:
        groups = np.searchsorted(_bounds(method), atoms.positions[:, AXES[kind]], side="right")
    elif kind in VECTORS and text:
        groups = _by_fraction(atoms, method)
    elif kind == "sphere" and text:
        groups = _by_sphere(atoms, method)
    elif kind in ("bonds", "formula"):
        groups = molecules(atoms, _factor(method))
        groups = groups if kind == "bonds" else _by_formula(atoms, groups)
    else:
        raise InputError(f"{method!r} is no way of grouping; write {WAYS}")
    empty = sorted(set(range(int(groups.max()) + 1)) - set(groups.tolist()))
    if empty:
        raise InputError(f"{method!r} leaves group {empty[0]} without atoms, which GPUMD does not take")
    return np.asarray(groups)


def _by_element(atoms: Atoms, text: str) -> Integers:
    order = text.replace(",", " ").split() or sorted(set(atoms.symbols))
    missing = sorted(set(atoms.symbols) - set(order))
    if missing or len(set(order)) < len(order):
        raise InputError(
            f"element:{text} names {' '.join(order)}, but the frame has {' '.join(sorted(set(atoms.symbols)))}"
        )
    return np.array([order.index(symbol) for symbol in atoms.symbols])


def _by_index(atoms: Atoms, text: str) -> Integers:
    groups = np.full(len(atoms), -1)
    sets = text.split("/")
    for number, part in enumerate(sets):
        chosen = parse_numbers(part, len(atoms), "atom")
        if (groups[chosen] >= 0).any():
            raise InputError(f"index:{text} names an atom twice")
        groups[chosen] = number
    return np.where(groups < 0, len(sets), groups)


def _numbers(method: str, count: int | None = None) -> list[float]:
    kind, _, text = method.partition(":")
    try:
        values = [float(word) for word in text.split(",")]
    except ValueError:
        values = []
    if not values or not np.isfinite(values).all() or (count is not None and len(values) != count):
        wanted = "a list of boundaries" if count is None else f"{count} numbers"
        raise InputError(f"{method!r}: expected {wanted} after {kind}:, such as {_EXAMPLES.get(kind, kind + ':10,20')}")
    return values


_EXAMPLES = {"sphere": "sphere:5,5,5,3", "bonds": "bonds:1.3", "formula": "formula:1.3", "c": "c:0.25,0.75"}


def _bounds(method: str) -> list[float]:
    bounds = _numbers(method)
    if bounds != sorted(set(bounds)):
        raise InputError(f"{method}: boundaries must grow")
    return bounds


def _by_fraction(atoms: Atoms, method: str) -> Integers:
    if atoms.cell.rank < 3:
        raise InputError(f"{method}: the frame has no cell; give it a Lattice, or group by x, y or z in A")
    fractions = atoms.get_scaled_positions(wrap=True)[:, VECTORS[method[0]]]
    return np.asarray(np.searchsorted(_bounds(method), fractions, side="right"))


def _by_sphere(atoms: Atoms, method: str) -> Integers:
    from ase.geometry import find_mic

    *centre, radius = _numbers(method, 4)
    apart = atoms.positions - np.array(centre)
    distance = find_mic(apart, atoms.cell, atoms.pbc)[1] if atoms.pbc.any() else np.linalg.norm(apart, axis=1)
    return (np.asarray(distance) > radius).astype(np.int64)


def _factor(method: str) -> float:
    return _numbers(method, 1)[0] if ":" in method else BONDED


def molecules(atoms: Atoms, factor: float = BONDED) -> Integers:
    """Return which molecule (or network) every atom is in, numbered from 0 in the order of their first atoms.

    Parameters
    ----------
    atoms : ase.Atoms
        Any periodicity; bonds go through the faces of periodic cells.
    factor : float
        Two atoms are bonded where they are nearer than this times the sum of their covalent radii (those of ASE).

    Examples
    --------
    >>> molecules(Atoms("H2OH2", positions=[[0, 0, 0], [0, 0, 0.7], [4, 0, 0], [4.9, 0, 0], [4, 0.9, 0]])).tolist()
    [0, 0, 1, 1, 1]
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    radii = covalent_radii[atoms.numbers]
    if not factor > 0.0:
        raise InputError(f"bonds within {factor:g} times the sum of covalent radii; expected more than 0")
    near = neighbours(atoms.positions, atoms.cell.array, 2.0 * factor * float(radii.max()), atoms.pbc)
    bonds = near.where(near.distance < factor * (radii[near.first] + radii[near.second]))
    links = coo_array((np.ones(len(bonds.first)), (bonds.first, bonds.second)), shape=(len(atoms),) * 2)
    _, found = connected_components(links, directed=False)
    order = {name: number for number, name in enumerate(dict.fromkeys(found.tolist()))}
    return np.array([order[name] for name in found.tolist()])


def _by_formula(atoms: Atoms, molecule: Integers) -> Integers:
    names = [atoms[molecule == number].get_chemical_formula() for number in range(int(molecule.max()) + 1)]
    order = list(dict.fromkeys(names))
    return np.array([order.index(names[number]) for number in molecule.tolist()])
