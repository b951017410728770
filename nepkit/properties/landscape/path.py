"""From two structures to the band between them: which atoms are fixed, ends at rest, atoms matched."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from ase import Atoms
from ase.constraints import FixAtoms
from numpy.typing import NDArray

from nepkit.core.errors import InputError
from nepkit.models.potentials import Potential
from nepkit.properties.landscape.matching import match
from nepkit.properties.landscape.minimum import relax

_RANGE = re.compile(r"(\d+)(?:-(\d+))?")
_BOUND = re.compile(r"([xyz])([<>])(-?\d+(?:\.\d*)?)")


@dataclass(frozen=True)
class Ends:
    """Two minima with their atoms matched.

    Parameters
    ----------
    first, last : ase.Atoms
        Labelled where they were relaxed.
    reordered : int
        Atoms of the last that stood at another place in its file.
    steps : (int, int)
        Steps that their relaxation took.
    reasons : (str, str)
        Why an end did not come to rest; empty where it did.
    """

    first: Atoms
    last: Atoms
    reordered: int
    steps: tuple[int, int] = (0, 0)
    reasons: tuple[str, str] = ("", "")

    def require_rest(self, names: tuple[str, str] = ("first end", "last end")) -> None:
        """Raise InputError where an end is no minimum."""
        for name, reason in zip(names, self.reasons, strict=True):
            if reason:
                raise InputError(f"{name}: the end of the path did not come to rest: {reason}; raise --steps or --fmax")


def fixed_atoms(atoms: Atoms, words: Sequence[str]) -> NDArray[np.int64]:
    """Return the indices, from 0, of the atoms that words name.

    Parameters
    ----------
    atoms : ase.Atoms
        The structure.
    words : sequence of str
        Elements (``O``), numbers of atoms from 1 (``3``, ``5-8``), or slabs (``z<4.5``, A).

    Raises
    ------
    InputError
        Where a word is none of these, or names no atom.

    Examples
    --------
    >>> water = Atoms("OH2", positions=[[0, 0, 0], [0, 0.8, 0.6], [0, -0.8, 0.6]])
    >>> fixed_atoms(water, ["O", "z>0.5"]).tolist(), fixed_atoms(water, ["2-3"]).tolist()
    ([0, 1, 2], [1, 2])
    """
    chosen = np.zeros(len(atoms), dtype=bool)
    for word in words:
        numbers, bound = _RANGE.fullmatch(word), _BOUND.fullmatch(word)
        if numbers:
            first, last = int(numbers[1]), int(numbers[2] or numbers[1])
            mask = (np.arange(1, len(atoms) + 1) >= first) & (np.arange(1, len(atoms) + 1) <= last)
        elif bound:
            height = atoms.positions[:, "xyz".index(bound[1])] - float(bound[3])
            mask = height < 0.0 if bound[2] == "<" else height > 0.0
        else:
            mask = np.array([symbol == word for symbol in atoms.symbols])
        if not mask.any():
            raise InputError(f"{word!r} names no atom to fix; give an element, numbers such as 5-8, or z<4.5")
        chosen |= mask
    return np.flatnonzero(chosen)


def prepare_ends(
    first: Atoms,
    last: Atoms,
    potential: Potential,
    *,
    fixed: Sequence[str] = (),
    rest: bool = True,
    fmax: float = 0.01,
    steps: int = 500,
) -> Ends:
    """Fix atoms, bring both ends to rest, and match the atoms of the last with those of the first.

    Parameters
    ----------
    first, last : ase.Atoms
        In one cell.
    potential : Potential
        Any.
    fixed : sequence of str
        See `fixed_atoms`; counted and placed as in the first.
    rest : bool
        Whether the ends are relaxed, in their fixed cell.
    fmax, steps : float, int
        Of the relaxation, eV/A.

    Raises
    ------
    InputError
        Where the ends cannot be matched or computed.
    """
    matched = match(first, last)
    second = matched.atoms
    start = first.copy()
    if fixed:
        indices = fixed_atoms(start, fixed)
        start.set_constraint([*start.constraints, FixAtoms(indices)])
        second.positions[indices] = start.positions[indices]
    second.set_constraint(start.constraints)
    if not rest:
        return Ends(start, second, matched.reordered)
    minima = [relax(atoms, potential, fmax=fmax, steps=steps) for atoms in (start, second)]
    return Ends(
        minima[0].atoms,
        minima[1].atoms,
        matched.reordered,
        (minima[0].steps, minima[1].steps),
        (minima[0].reason, minima[1].reason),
    )
