"""Orderings of disordered crystals by their electrostatic energy: all of them, and which symmetry makes the same."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from ase import Atoms
from numpy.typing import NDArray

from nepkit.core.errors import InputError
from nepkit.core.progress import task
from nepkit.structures.sites import Problem, Species
from nepkit.structures.symmetry import SYMPREC

MOST = 200_000
"""Orderings that are enumerated; more are sampled."""

SAME = 1e-6
"""eV; energies nearer than this are one."""


@dataclass(frozen=True)
class Ordering:
    """One way to put atoms onto the sites.

    Parameters
    ----------
    atoms : ase.Atoms
        Ordered crystal; its info has ``ordering``, ``electrostatic_energy`` (eV) and ``degeneracy``.
    energy : float
        Electrostatic energy of the formal charges, eV per cell.
    degeneracy : int or None
        How many orderings symmetry makes the same; None where that was not counted.
    """

    atoms: Atoms
    energy: float
    degeneracy: int | None


@dataclass(frozen=True)
class Orderings:
    """The lowest orderings, and how many there are.

    Parameters
    ----------
    total : int
        All orderings of this composition on these sites.
    distinct : int or None
        Those that no symmetry makes the same; None where not all were looked at.
    lowest : list of Ordering
        By energy.
    charge : float
        Of the cell, e; it lies in a uniform background where it is not zero.
    visited : int
        Orderings whose energy was computed.
    """

    total: int
    distinct: int | None
    lowest: list[Ordering]
    charge: float
    visited: int


class Marks:
    """Numbers that are equal for orderings that symmetry makes the same."""

    def __init__(self, problem: Problem, symprec: float | None) -> None:
        self._shared = np.concatenate(problem.shared)
        images = np.arange(len(problem.fixed))[None] if symprec is None else problem.symmetries(symprec)
        self._images = np.unique(images[:, self._shared], axis=0)
        rng = np.random.default_rng(0)
        self._words = rng.integers(0, 2**64, (len(problem.fixed), len(problem.names)), dtype=np.uint64)

    def of(self, species: Species) -> NDArray[np.uint64]:
        """Return a mark for every row: the smallest of the sums of random words that its images have."""
        result = np.full(len(species), np.iinfo(np.uint64).max, dtype=np.uint64)
        species = species[:, self._shared]
        for images in self._images:
            words = self._words[images[None], species]
            np.minimum(result, words.sum(axis=1, dtype=np.uint64), out=result)
        return result


def enumerate_orderings(
    problem: Problem, *, keep: int = 10, distinct: bool = True, most: int = MOST, symprec: float = SYMPREC
) -> Orderings:
    """Return the lowest of all orderings.

    Parameters
    ----------
    problem : Problem
        What is to be ordered.
    keep : int
        How many to return.
    distinct : bool
        Whether to take one of those that symmetry makes the same, and count them.
    most : int
        How many may be looked at.
    symprec : float
        A, of the search for symmetries.

    Raises
    ------
    InputError
        Where there are more, or none keeps atoms apart.

    Examples
    --------
    >>> from nepkit.formats.disorder import occupied
    >>> sites = occupied(Atoms("Na", cell=[2.8] * 3, pbc=True), {"Na": {"Na": 0.5, "Cl": 0.5}}).repeated((2, 2, 2))
    >>> found = enumerate_orderings(Problem(sites, {"Na": 1.0, "Cl": -1.0}))
    >>> found.total, found.distinct, round(found.lowest[0].energy, 3)
    (70, 6, -35.949)
    """
    if problem.total > most:
        raise InputError(f"{problem.total:.4g} orderings are more than {most}; --sample them, or raise --most")
    marks = Marks(problem, symprec if distinct else None)
    first: dict[int, tuple[float, Species]] = {}
    degeneracy: dict[int, int] = {}
    with task(f"Energies of {problem.total} orderings", problem.total) as step:
        for species in problem.every():
            energies = problem.energies(species)
            possible = np.isfinite(energies)
            for mark, energy, row in zip(
                marks.of(species[possible]).tolist(), energies[possible].tolist(), species[possible], strict=True
            ):
                degeneracy[mark] = degeneracy.get(mark, 0) + 1
                if mark not in first:
                    first[mark] = (energy, row.copy())
            step.advance(len(species))
    if not first:
        raise InputError(f"every ordering has atoms nearer than {problem.closest:g} A; lower --closest")
    order = sorted(first, key=lambda mark: (round(first[mark][0] / SAME), first[mark][1].tobytes()))[:keep]
    lowest = [made_ordering(problem, *first[mark], degeneracy[mark] if distinct else None) for mark in order]
    return Orderings(problem.total, len(first) if distinct else None, ranked(lowest), problem.charge, problem.total)


def made_ordering(problem: Problem, energy: float, species: Species, degeneracy: int | None) -> Ordering:
    """Return an ordering as a result."""
    atoms = problem.atoms(species)
    atoms.info["electrostatic_energy"] = energy
    if degeneracy is not None:
        atoms.info["degeneracy"] = degeneracy
    return Ordering(atoms, energy, degeneracy)


def ranked(orderings: list[Ordering]) -> list[Ordering]:
    """Note the rank of every ordering in its structure."""
    for rank, item in enumerate(orderings, 1):
        item.atoms.info["ordering"] = rank
    return orderings
