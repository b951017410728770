"""The sites of a disordered crystal, what has to be put on them, and how charges there interact."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from functools import cached_property
from itertools import combinations

import numpy as np
from ase import Atoms
from numpy.typing import NDArray

from nepkit.core.errors import InputError
from nepkit.formats.disorder import FULL, DisorderedCrystal
from nepkit.structures.symmetry import SYMPREC, dataset

Array = NDArray[np.float64]
Integers = NDArray[np.int64]
Species = NDArray[np.int8]

_CHUNK = 4096
_EMPTY = "X"


class Problem:
    """Sites, what has to be put on them, and the interaction of charges there.

    Parameters
    ----------
    crystal : DisorderedCrystal
        Sites and shares; sites that one element alone fills are fixed.
    charges : mapping
        Formal charge of every element, e.
    nearest : bool
        Whether shares that make no whole numbers of atoms are rounded.
    closest : float
        Atoms on shared sites are never nearer to another atom than this, A.

    Raises
    ------
    InputError
        Where shares make no whole numbers, or no site is shared.
    """

    def __init__(
        self, crystal: DisorderedCrystal, charges: Mapping[str, float], *, nearest: bool = False, closest: float = 0.8
    ) -> None:
        self.crystal = crystal
        self.names = [_EMPTY, *sorted({name for share in crystal.shares for name in share})]
        self.values = np.array([0.0, *(charges[name] for name in self.names[1:])])
        self.closest = closest
        self.shared: list[Integers] = []
        self.counts: list[dict[int, int]] = []
        self.fixed = np.full(len(crystal.kinds), -1, dtype=np.int8)
        for number, shares in enumerate(crystal.shares):
            places = np.flatnonzero(crystal.kinds == number)
            counts = _counts(shares, len(places), nearest)
            by_species = {self.names.index(name): count for name, count in counts.items() if count}
            if len(by_species) == 1:
                self.fixed[places] = next(iter(by_species))
            else:
                self.shared.append(places)
                self.counts.append(by_species)
        if not self.shared:
            raise InputError("no site is shared, so there is one ordering alone")

    @property
    def total(self) -> int:
        """All orderings of this composition."""
        return math.prod(
            math.factorial(sum(counts.values())) // math.prod(math.factorial(count) for count in counts.values())
            for counts in self.counts
        )

    @property
    def charge(self) -> float:
        """Of the cell, e."""
        fixed = self.values[self.fixed[self.fixed >= 0]].sum()
        shared = sum(self.values[kind] * count for counts in self.counts for kind, count in counts.items())
        return float(fixed + shared)

    @cached_property
    def interaction(self) -> Array:
        """The matrix K of ``E = q.K q / 2``, eV/e^2, shape (N, N), by an Ewald sum converged to 1e-10."""
        from lr_correction.batch import Batch
        from lr_correction.errors import LongRangeError
        from lr_correction.ewald import Electrostatics
        from lr_correction.kernels import coulomb

        size = len(self.crystal.kinds)
        atoms = Atoms(f"H{size}", positions=self.crystal.positions, cell=self.crystal.cell, pbc=True)
        alpha = math.sqrt(math.pi) * (size / atoms.get_volume() ** 2) ** (1 / 6)
        reach = 5.2  # exp(-5.2^2) = 2e-12
        try:
            ewald = Electrostatics(
                Batch.from_atoms([atoms], ["H"]), None, coulomb(alpha, 2 * alpha * reach, reach / alpha)
            )
        except LongRangeError as error:
            raise InputError(f"the sites: {error}") from None
        matrix = np.asarray(ewald.potential(np.eye(size)))
        return np.asarray(0.5 * (matrix + matrix.T))

    @cached_property
    def barred(self) -> NDArray[np.bool_]:
        """Pairs of sites that cannot both have an atom, shape (N, N)."""
        atoms = Atoms(f"H{len(self.crystal.kinds)}", positions=self.crystal.positions, cell=self.crystal.cell, pbc=True)
        near = atoms.get_all_distances(mic=True) < self.closest
        np.fill_diagonal(near, False)
        return np.asarray(near)

    def energies(self, species: Species) -> Array:
        """Return energies, eV, of orderings of shape (M, N); infinite where atoms are too close."""
        charges = self.values[species]
        result = 0.5 * np.einsum("mi,mi->m", charges @ self.interaction, charges)
        if self.barred.any():
            there = (species > 0).astype(float)
            result[np.einsum("mi,mi->m", there @ self.barred, there) > 0.0] = np.inf
        return np.asarray(result)

    def atoms(self, species: Species) -> Atoms:
        """Return an ordering as a structure, empty sites left out."""
        there = np.flatnonzero(species > 0)
        symbols = [self.names[kind] for kind in species[there]]
        return Atoms(symbols, positions=self.crystal.positions[there], cell=self.crystal.cell, pbc=True)

    def every(self) -> Iterator[Species]:
        """Yield all orderings in pieces of shape (M, N)."""
        tables = [_arrangements(len(places), counts) for places, counts in zip(self.shared, self.counts, strict=True)]
        shape = tuple(len(table) for table in tables)
        for start in range(0, self.total, _CHUNK):
            index = np.unravel_index(np.arange(start, min(start + _CHUNK, self.total)), shape)
            made = np.repeat(self.fixed[None], len(index[0]), axis=0)
            for places, table, rows in zip(self.shared, tables, index, strict=True):
                made[:, places] = table[rows]
            yield made

    def symmetries(self, symprec: float = SYMPREC) -> Integers:
        """Return the permutations of sites by the symmetries of the disordered crystal, shape (G, N)."""
        sites = Atoms(
            numbers=self.crystal.kinds + 1, positions=self.crystal.positions, cell=self.crystal.cell, pbc=True
        )
        known = dataset(sites, symprec, self.crystal.kinds + 1)
        fractions = sites.get_scaled_positions()
        found = []
        for rotation, move in zip(known.rotations, known.translations, strict=True):
            apart = (fractions @ rotation.T + move)[:, None] - fractions[None]
            distance = np.linalg.norm((apart - np.rint(apart)) @ self.crystal.cell, axis=2)
            found.append(distance.argmin(axis=1))
        return np.unique(np.array(found), axis=0)


def _counts(shares: Mapping[str, float], sites: int, nearest: bool) -> dict[str, int]:
    """Return whole numbers of atoms, and of empty sites, on so many sites."""
    exact = {name: share * sites for name, share in shares.items()}
    counts = {name: round(number) for name, number in exact.items()}
    worst = max(exact, key=lambda name: abs(exact[name] - counts[name]))
    if abs(exact[worst] - counts[worst]) > max(FULL * sites, 0.02) and not nearest:
        raise InputError(
            f"{shares[worst]:g} {worst} on {sites} sites makes {exact[worst]:.3g} atoms; take a supercell (--copies), "
            "or round (--nearest)"
        )
    empty = sites - sum(counts.values())
    if empty < 0 or (empty and abs(sum(shares.values()) - 1.0) <= FULL):
        last = max(counts, key=lambda name: counts[name])
        counts[last] += empty  # rounding left one too many or too few
        empty = 0
    return {_EMPTY: empty, **counts}


def _arrangements(sites: int, counts: Mapping[int, int]) -> Species:
    """Return all ways to put so many of each species on some sites, shape (M, sites)."""
    (first, number), *rest = counts.items()
    if not rest:
        return np.full((1, sites), first, dtype=np.int8)
    inner = _arrangements(sites - number, dict(rest))
    pieces = []
    for chosen in combinations(range(sites), number):
        made = np.empty((len(inner), sites), dtype=np.int8)
        made[:, chosen] = first
        made[:, np.setdiff1d(np.arange(sites), chosen)] = inner
        pieces.append(made)
    return np.concatenate(pieces)
