"""Which ion is at which site, without the flicker at the borders between sites."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nepkit.core.errors import InputError
from nepkit.core.progress import track
from nepkit.core.statistics.blocks import mean_over_items
from nepkit.core.statistics.quantity import Quantity, of_blocks
from nepkit.transport.mechanism.motion import Motion
from nepkit.transport.mechanism.sites import Sites, periodic_tree
from nepkit.transport.mechanism.stays import without_rattling

Array = NDArray[np.float64]
Integers = NDArray[np.int64]

#: Default radius of the core of a site as a share of the distance to the next one; cores at 0.5 would touch.
CORE = 0.35
#: Blocks of time whose scatter gives the errors.
BLOCKS = 10
#: Images of a cell that an ion can get to in each direction, for one number per place.
RANGE = 2**11
#: A share of frames in cores below this is worth a note.
FEW = 0.5


@dataclass(frozen=True)
class Occupation:
    """Sites of ions in time.

    Parameters
    ----------
    sites : Sites
        The sites.
    site : ndarray of int, shape (F, N)
        Site of every ion: the last one whose core it was in; before it was in any, the first that it comes to, and -1
        for an ion that never is in one.
    image : ndarray of int, shape (F, N, 3)
        Cell of that site, so that the path over the sites is continuous.
    core : ndarray, shape (S,)
        Radius of the core of every site, A.
    inside : float
        Share of ions and frames in a core.
    interval : float
        Time between frames, ps.
    element : str
        Of the ions.
    notes : tuple of str
        What the user should know.
    """

    sites: Sites
    site: Integers
    image: Integers
    core: Array
    inside: float
    interval: float
    element: str
    notes: tuple[str, ...] = ()

    @property
    def share(self) -> Array:
        """Mean number of ions at every site by block of time, shape (blocks, S)."""
        blocks = np.array_split(self.site, min(BLOCKS, len(self.site)))
        size = len(self.sites.place)
        return np.array([np.bincount(part[part >= 0], minlength=size) / len(part) for part in blocks])

    def occupancies(self) -> list[Quantity]:
        """Return the mean number of ions at every site."""
        return _quantities(self.share, len(self.site))

    def occupancy_of_kinds(self) -> dict[str, Quantity]:
        """Return the mean number of ions per site of every kind."""
        kind, share = np.array(self.sites.kind), self.share
        names = self.sites.kinds
        return dict(zip(names, _quantities(np.stack([share[:, kind == name].mean(axis=1) for name in names], axis=1),
                                           len(self.site)),
                        strict=True))  # fmt: skip

    @property
    def multiple(self) -> float:
        """Mean number of sites with more than one ion at once."""
        size = len(self.sites.place)
        return float(np.mean([(np.bincount(row[row >= 0], minlength=size) > 1).sum() for row in self.site]))

    def path(self) -> Array:
        """Return the path of every ion over the sites, shape (F, N, 3), A."""
        return np.asarray((self.sites.place[self.site] + self.image) @ self.sites.cell)


def packed_states(site: Integers, image: Integers) -> Integers:
    """Return one number for every site in every cell, shape (F, N)."""
    return np.asarray((image + RANGE) @ np.array([4 * RANGE * RANGE, 2 * RANGE, 1]) + 8 * RANGE**3 * site)


def _quantities(blocks: Array, frames: int) -> list[Quantity]:
    count = len(blocks)
    mean, spread = mean_over_items(blocks, frames)
    spread = np.where(spread < 1e-12, 0.0, spread)  # rounding
    return [of_blocks(float(a), float(b), max(count, 2), "") for a, b in zip(mean, spread, strict=True)]


def occupy(motion: Motion, element: str, sites: Sites, *, core: float | None = None, settle: float = 0.0) -> Occupation:
    """Assign ions to sites with hysteresis: an ion leaves its site when it enters the core of another one.

    So neither vibrations across the border between two sites nor attempts that come back are jumps
    (the idea of cores, doi:10.1063/1.3565032).

    Parameters
    ----------
    motion : Motion
        Opened with the element as mobile.
    element : str
        Of the ions.
    sites : Sites
        Found or given.
    core : float, optional
        Radius of all cores, A; else 0.35 of the distance to the next site, each its own.
    settle : float
        Jumps that are undone within this time, ps, are left out too.

    Raises
    ------
    InputError
        Where the cores overlap or no ion is ever in one.
    """
    atoms = motion.atoms_of(element)
    apart = sites.nearest()
    if core is not None and not 0.0 < core < 0.5 * apart.min():
        raise InputError(
            f"a core of {core:g} A: sites are as close as {apart.min():.2f} A, take less than half of that"
        )
    radius = CORE * apart if core is None else np.full(len(apart), core)
    found = _in_cores(motion, atoms, sites, radius)
    inside = float((found >= 0).mean())
    if not inside:
        raise InputError(f"{motion.name}: no {element} is ever at a site; are these its sites?")
    site, image = _held(found, motion.fractional[:, atoms], sites.place)
    if settle > 0.0:
        packed = packed_states(site, image)
        least = settle / motion.interval
        kept = np.stack([without_rattling(series, least) for series in packed.T], axis=1)
        site = kept // (8 * RANGE**3)
        image = np.stack([kept // (2 * RANGE) ** power % (2 * RANGE) for power in (2, 1, 0)], axis=2) - RANGE
    notes = list(motion.notes)
    if inside < FEW:
        notes.append(f"{element} is in a core in {100 * inside:.0f} % of the frames: take larger cores or other sites")
    lost = int((site[0] < 0).sum())
    if lost:
        notes.append(f"{lost} of {len(atoms)} {element} are never at a site and left out")
    return Occupation(sites, site, image, radius, inside, motion.interval, element, tuple(notes))


def _in_cores(motion: Motion, atoms: Integers, sites: Sites, radius: Array) -> Integers:
    """Return the site in whose core every ion is, -1 where in none, shape (F, N)."""
    tree, index = periodic_tree(sites.place, sites.cell, float(radius.max()) + 0.1)
    found = np.full((motion.frames, len(atoms)), -1, dtype=np.int64)
    for frame in track(range(motion.frames), "Sites"):
        place = (motion.fractional[frame, atoms] % 1.0) @ sites.cell
        distance, nearest = tree.query(place, distance_upper_bound=float(radius.max()))
        near = np.isfinite(distance)
        site = index[nearest[near]]
        found[frame, np.flatnonzero(near)[distance[near] <= radius[site]]] = site[distance[near] <= radius[site]]
    return found


def _held(found: Integers, fractional: Array, place: Array) -> tuple[Integers, Integers]:
    """Return site and image of the last core that every ion was in, before that of the first that it comes to."""
    frames = np.arange(len(found))[:, None]
    last = np.maximum.accumulate(np.where(found >= 0, frames, -1), axis=0)
    first = np.argmax(found >= 0, axis=0)
    when = np.where(last < 0, first[None, :], last)
    site = np.take_along_axis(found, when, axis=0)
    where = np.take_along_axis(fractional, when[:, :, None], axis=0)
    return site, np.round(where - place[site]).astype(np.int64)
