"""Crystals whose sites are occupied in part, as CIFs have them."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from ase import Atoms
from numpy.typing import NDArray

from nepkit.core.errors import InputError
from nepkit.formats.format import open_text

FULL = 1e-3
"""How far a sum of shares may be from one and still be a full site; CIFs round."""


@dataclass(frozen=True)
class DisorderedCrystal:
    """Sites of a cell and what is on them on average.

    Parameters
    ----------
    cell : ndarray, shape (3, 3)
        Vectors as rows, A.
    positions : ndarray, shape (N, 3)
        A.
    kinds : ndarray of int, shape (N,)
        Sites of one kind are equivalent and have the same shares.
    shares : tuple of mapping
        Of every kind: share of each element; what is missing to one is empty.
    """

    cell: NDArray[np.float64]
    positions: NDArray[np.float64]
    kinds: NDArray[np.int64]
    shares: tuple[Mapping[str, float], ...]

    def repeated(self, copies: tuple[int, int, int]) -> DisorderedCrystal:
        """Return a supercell."""
        atoms = Atoms(numbers=np.ones(len(self.kinds)), positions=self.positions, cell=self.cell, pbc=True)
        atoms.arrays["kinds"] = self.kinds
        atoms = atoms.repeat(copies)
        return DisorderedCrystal(atoms.cell.array, atoms.positions, atoms.arrays["kinds"], self.shares)


def read_disordered(path: Path) -> DisorderedCrystal:
    """Read the first structure of a CIF with its shares.

    Raises
    ------
    InputError
        Where ASE cannot read it, or the shares of a site exceed one.
    """
    from ase.io.cif import read_cif

    with open_text(path) as file:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # ASE's notices on spacegroup settings
                atoms = read_cif(file, 0, fractional_occupancies=True)
        except Exception as error:  # ASE's reader raises whatever went wrong first
            raise InputError(f"{path}: not a CIF: {error or type(error).__name__}") from None
    kinds = np.asarray(atoms.arrays.get("spacegroup_kinds", np.arange(len(atoms))))
    occupancy = atoms.info.get("occupancy", {})
    names, kinds = np.unique(kinds, return_inverse=True)
    shares = []
    for number, name in enumerate(names.tolist()):
        element = str(atoms.symbols[int(np.flatnonzero(kinds == number)[0])])
        shares.append(_checked(occupancy.get(str(name), {element: 1.0}), f"{path}, site {name + 1}"))
    return DisorderedCrystal(atoms.cell.array, atoms.positions, kinds.astype(np.int64), tuple(shares))


def _checked(shares: Mapping[str, float], where: str) -> dict[str, float]:
    total = sum(shares.values())
    if any(not 0.0 < value <= 1.0 + FULL for value in shares.values()) or total > 1.0 + FULL:
        told = " ".join(f"{name} {value:g}" for name, value in shares.items())
        raise InputError(f"{where}: shares {told}; expected more than 0 and together at most 1")
    return {str(name): float(value) for name, value in shares.items()}


def occupied(atoms: Atoms, rules: Mapping[str, Mapping[str, float]], where: str = "frame") -> DisorderedCrystal:
    """Return an ordered crystal with the sites of some elements shared.

    Parameters
    ----------
    atoms : ase.Atoms
        With a cell.
    rules : mapping
        Shares on the sites of an element.
    where : str
        What messages call it.

    Examples
    --------
    >>> from ase.build import bulk
    >>> occupied(bulk("NaCl", "rocksalt", 5.6), {"Na": {"Na": 0.5, "K": 0.5}}).shares
    ({'Na': 0.5, 'K': 0.5}, {'Cl': 1.0})
    """
    if atoms.cell.volume <= 0.0:
        raise InputError(f"{where}: no cell; give it a Lattice")
    names = list(dict.fromkeys(atoms.get_chemical_symbols()))
    stray = sorted(set(rules) - set(names))
    if stray:
        raise InputError(f"{where}: no {stray[0]} in it, which has {' '.join(names)}")
    kinds = np.array([names.index(symbol) for symbol in atoms.symbols])
    shares = tuple(_checked(rules.get(name, {name: 1.0}), f"sites of {name}") for name in names)
    return DisorderedCrystal(atoms.cell.array, atoms.positions.copy(), kinds, shares)


def parse_rule(text: str) -> tuple[str, dict[str, float]]:
    """Return element and shares from ``Cl=Cl:0.5,Br:0.5``.

    Examples
    --------
    >>> parse_rule("Li=Li:0.25")
    ('Li', {'Li': 0.25})
    """
    from ase.data import atomic_numbers

    host, sign, rest = text.partition("=")
    try:
        shares = {name.strip(): float(value) for name, value in (item.split(":") for item in rest.split(","))}
    except ValueError:
        shares = {}
    if not sign or host not in atomic_numbers or not shares or not set(shares) <= set(atomic_numbers):
        raise InputError(f"{text!r} is no rule of shares; write for instance Cl=Cl:0.5,Br:0.5")
    return host, shares
