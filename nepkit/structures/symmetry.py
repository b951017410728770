"""Space groups: primitive and conventional cells, and which atoms are equivalent."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from ase import Atoms
from numpy.typing import NDArray

from nepkit.core.errors import InputError
from nepkit.frames import without_results

SYMPREC = 1e-3
"""A; how far atoms may be from where a symmetry puts them."""


@dataclass(frozen=True)
class Standardised:
    """A standard cell of a crystal.

    Parameters
    ----------
    atoms : ase.Atoms
        The cell.
    number : int
        Of the space group.
    symbol : str
        Of the space group, international short.
    dropped : tuple of str
        Columns that the cell cannot carry: vectors such as velocities, and numbers that differ between atoms that a
        translation makes one.
    """

    atoms: Atoms
    number: int
    symbol: str
    dropped: tuple[str, ...]


def dataset(atoms: Atoms, symprec: float = SYMPREC, kinds: NDArray[np.int64] | None = None) -> Any:
    """Return spglib's dataset of a structure.

    Parameters
    ----------
    atoms : ase.Atoms
        With a cell.
    symprec : float
        A.
    kinds : ndarray of int, shape (N,), optional
        What tells atoms apart; their elements when left out.

    Raises
    ------
    InputError
        Where there is no cell, or spglib finds no space group.

    Examples
    --------
    >>> from ase.build import bulk
    >>> dataset(bulk("NaCl", "rocksalt", 5.6)).international
    'Fm-3m'
    """
    import spglib

    if atoms.cell.volume <= 0.0:
        raise InputError("a symmetry needs a cell; give the frame a Lattice")
    numbers = atoms.numbers if kinds is None else kinds
    cell = (atoms.cell.array, atoms.get_scaled_positions(), numbers)
    found = _call(spglib.get_symmetry_dataset, cell, symprec=symprec)
    if found is None:
        raise InputError(
            f"spglib finds no symmetry within {symprec:g} A; do atoms overlap? else choose a smaller --symprec"
        )
    return found


def _call(function: Callable[..., Any], *given: Any, **options: Any) -> Any:
    """Return what a function of spglib finds; None where it fails, which releases tell in different ways."""
    import spglib

    failure = getattr(getattr(spglib, "error", None), "SpglibError", RuntimeError)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # that failures will be raised one day
        try:
            return function(*given, **options)
        except failure:
            return None


def standardised(
    atoms: Atoms, *, primitive: bool = True, idealise: bool = True, symprec: float = SYMPREC
) -> Standardised:
    """Return the primitive or the conventional cell in spglib's standard setting.

    Parameters
    ----------
    atoms : ase.Atoms
        A crystal. Columns of one number, word or flag per atom (groups too) stay where all atoms that become one agree.
    primitive : bool
        The smallest cell; otherwise the conventional one.
    idealise : bool
        Whether to move atoms and vectors to where the symmetry puts them exactly and to turn the crystal into the
        standard orientation; otherwise both stay as they are.
    symprec : float
        How far atoms may be from where a symmetry puts them, A.

    Raises
    ------
    InputError
        Where there is no cell or no symmetry is found.

    Examples
    --------
    >>> from ase.build import bulk
    >>> found = standardised(bulk("NaCl", "rocksalt", 5.6, cubic=True))
    >>> found.symbol, len(found.atoms), len(standardised(found.atoms, primitive=False).atoms)
    ('Fm-3m', 2, 8)
    """
    import spglib

    known = dataset(atoms, symprec)
    cell = (atoms.cell.array, atoms.get_scaled_positions(), atoms.numbers)
    made = _call(spglib.standardize_cell, cell, to_primitive=primitive, no_idealize=not idealise, symprec=symprec)
    if made is None:
        raise InputError(f"spglib finds no standard cell within {symprec:g} A")
    vectors, fractions, numbers = made
    result = Atoms(numbers=numbers, scaled_positions=fractions, cell=vectors, pbc=True)
    origin = _origins(atoms, known, result, primitive)
    dropped = _carry_columns(atoms, known.mapping_to_primitive, result, origin)
    result.info.update(without_results(atoms, charge_times=len(result) / len(atoms)).info)
    return Standardised(result, int(known.number), str(known.international), dropped)


def _origins(atoms: Atoms, known: Any, made: Atoms, primitive: bool) -> NDArray[np.int64]:
    """Return for every atom of a standard cell the number of its translation class in the given cell."""
    if not primitive:
        return np.asarray(known.std_mapping_to_primitive)
    # The atoms of the standard primitive cell come in the order in which the conventional cell has them first.
    classes = list(dict.fromkeys(np.asarray(known.std_mapping_to_primitive).tolist()))
    assert len(classes) == len(made)
    return np.array(classes)


def _carry_columns(atoms: Atoms, classes: NDArray[np.int64], made: Atoms, origin: NDArray[np.int64]) -> tuple[str, ...]:
    dropped = []
    for name, column in atoms.arrays.items():
        if name in ("numbers", "positions"):
            continue
        flat = column.reshape(len(atoms), -1)
        representative = {int(kind): place for place, kind in reversed(list(enumerate(classes)))}
        same = all((flat[place] == flat[representative[int(kind)]]).all() for place, kind in enumerate(classes))
        vector = column.dtype.kind == "f" and column.ndim == 2
        if vector or not same:
            dropped.append(name)
        else:
            made.arrays[name] = column[[representative[int(kind)] for kind in origin]]
    return tuple(dropped)
