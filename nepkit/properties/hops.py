"""Barriers of single hops of a vacancy, built from a crystal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from ase import Atoms
from ase.geometry import find_mic
from numpy.typing import NDArray

from nepkit.core.errors import InputError
from nepkit.models.potentials import Potential
from nepkit.models.work import Work
from nepkit.properties.landscape.band import Band, find_band, interpolate
from nepkit.properties.landscape.path import prepare_ends
from nepkit.structures.defects import bulk_supercell
from nepkit.structures.symmetry import SYMPREC, dataset

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Hop:
    """An atom beside a vacancy of its element, and where it goes.

    Parameters
    ----------
    length : float
        A.
    multiplicity : int
        Equivalent hops from the first site.
    sites : (int, int)
        Numbers among the distinct sites of the element, from 1: where the vacancy is, and where the atom comes from.
    initial, final : ase.Atoms
        Supercells before and after, atoms in the same order.
    """

    length: float
    multiplicity: int
    sites: tuple[int, int]
    initial: Atoms
    final: Atoms


@dataclass(frozen=True)
class HopBarrier:
    """A hop with the path of least energy.

    Parameters
    ----------
    hop : Hop
        What moves.
    band : Band
        From `nepkit.properties.landscape.band`; its barrier is in eV.
    """

    hop: Hop
    band: Band


def vacancy_hops(
    crystal: Atoms, element: str, *, reach: float = 4.5, atoms: int = 100, symprec: float = SYMPREC
) -> list[Hop]:
    """Return the symmetry-distinct hops of an atom of an element into a vacancy of it, shortest first.

    Parameters
    ----------
    crystal : ase.Atoms
        Relaxed unit cell.
    element : str
        What hops.
    reach : float
        Longest hop, A.
    atoms : int
        About how many atoms the supercell has.
    symprec : float
        A, of the search for symmetries.

    Raises
    ------
    InputError
        Where the element is not there, no two of its sites are within reach, or the supercell is too small for the hop.

    Examples
    --------
    >>> from ase.build import bulk
    >>> [(round(hop.length, 2), hop.multiplicity) for hop in vacancy_hops(bulk("Cu", a=3.6), "Cu", reach=4.0, atoms=64)]
    [(2.55, 12), (3.6, 6)]
    """
    perfect = bulk_supercell(crystal, atoms)
    places = np.flatnonzero(np.array(perfect.get_chemical_symbols()) == element)
    if not len(places):
        raise InputError(f"no {element} in the crystal, which has {' '.join(sorted(set(crystal.symbols)))}")
    heights = 1.0 / np.linalg.norm(np.linalg.inv(perfect.cell.array), axis=0)
    if reach >= 0.5 * heights.min():
        raise InputError(
            f"hops of up to {reach:g} A in a supercell {heights.min():.1f} A thick; take more atoms than {len(perfect)}"
        )
    known = dataset(crystal, symprec)  # of the crystal: the supercell may be less symmetric
    kind = known.equivalent_atoms[_origins(perfect, crystal)]
    classes = {one: number for number, one in enumerate(dict.fromkeys(kind[places].tolist()), 1)}
    found: list[Hop] = []
    for number, one in enumerate(classes):
        start = int(places[kind[places] == one][0])
        others = places[places != start]
        vectors, lengths = find_mic(perfect.positions[others] - perfect.positions[start], perfect.cell, perfect.pbc)
        within = np.flatnonzero(lengths <= reach)
        moves = _stabiliser(crystal, known, perfect.positions[start])
        for group in _equivalent(vectors[within], moves):
            place = int(within[group[0]])
            other = int(others[place])
            sites = (number + 1, classes[int(kind[other])])
            if sites[0] <= sites[1]:  # else the same hop backwards is among those of the other site
                found.append(_hop(perfect, start, other, vectors[place], sites, len(group)))
    if not found:
        raise InputError(f"no two sites of {element} are within {reach:g} A of each other; give a longer reach")
    return sorted(found, key=lambda hop: (round(hop.length, 6), hop.sites))


def hop_barriers(
    hops: list[Hop],
    potential: Potential,
    *,
    images: int = 5,
    fmax: float = 0.02,
    steps: int = 500,
    work: Work | None = None,
) -> list[HopBarrier]:
    """Return the path of least energy of every hop, each a piece of work.

    Parameters
    ----------
    hops : list of Hop
        From `vacancy_hops`.
    potential : Potential
        Any; a committee gives the error of the barrier.
    images : int
        Between the ends.
    fmax : float
        Converged when no force is longer, eV/A.
    steps : int
        Most steps of ends and of band.
    work : Work, optional
        How pieces are done.

    Raises
    ------
    InputError
        Where an end does not come to rest or cannot be computed.
    """
    shared = (potential, images, fmax, steps)
    bands = (work or Work()).map(_band, shared, hops, "Hops")
    return [HopBarrier(hop, band) for hop, band in zip(hops, bands, strict=True)]


def _band(shared: tuple[Potential, int, float, int], hop: Hop) -> Band:
    potential, images, fmax, steps = shared
    ends = prepare_ends(hop.initial, hop.final, potential, fmax=0.5 * fmax, steps=steps)
    return find_band(interpolate(ends.first, ends.last, images), potential, fmax=fmax, steps=steps)


def _hop(perfect: Atoms, start: int, other: int, vector: Array, sites: tuple[int, int], count: int) -> Hop:
    initial = perfect.copy()
    final = perfect.copy()
    final.positions[other] = final.positions[other] - vector
    del initial[start]
    del final[start]
    return Hop(float(np.linalg.norm(vector)), count, sites, initial, final)


def _origins(perfect: Atoms, crystal: Atoms) -> NDArray[np.int64]:
    """Return the atom of the crystal that each atom of the supercell is a copy of."""
    inverse = np.linalg.inv(crystal.cell.array)
    found = np.empty(len(perfect), dtype=np.int64)
    for place, position in enumerate(perfect.positions):
        fractions = (position - crystal.positions) @ inverse
        found[place] = int(np.linalg.norm((fractions - np.rint(fractions)) @ crystal.cell.array, axis=1).argmin())
    return found


def _stabiliser(crystal: Atoms, known: Any, position: Array) -> list[Array]:
    """Return the Cartesian rotations of the symmetries that leave a position where it is, up to a lattice vector."""
    columns = crystal.cell.array.T
    inverse = np.linalg.inv(columns)
    fraction = inverse @ position
    moves = []
    for rotation, shift in zip(known.rotations, known.translations, strict=True):
        off = rotation @ fraction + shift - fraction
        if np.linalg.norm(columns @ (off - np.rint(off))) < 0.05:
            moves.append(columns @ rotation @ inverse)
    return moves


def _equivalent(vectors: Array, moves: list[Array]) -> list[list[int]]:
    """Return the places of vectors in groups that the rotations turn into each other."""
    groups: list[list[int]] = []
    seen: set[int] = set()
    for first in range(len(vectors)):
        if first in seen:
            continue
        images = np.array([move @ vectors[first] for move in moves])
        gaps = np.linalg.norm(vectors[:, None] - images[None], axis=2).min(axis=1)
        group = [place for place in np.flatnonzero(gaps < 0.05).tolist() if place not in seen]
        seen.update(group)
        groups.append(group)
    return groups
