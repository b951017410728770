"""Sites of ions: found where their density has peaks, made symmetric where asked for, or given."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from nepkit.core.errors import InputError, UnknownNameError, did_you_mean
from nepkit.transport.mechanism.density import Density

if TYPE_CHECKING:
    from ase import Atoms

Array = NDArray[np.float64]
Integers = NDArray[np.int64]

#: Half of the neighbours of a grid point, 13; the other half are their opposites.
HALF = [
    (a, b, c) for a in (-1, 0, 1) for b in (-1, 0, 1) for c in (-1, 0, 1) if (a, b, c) > (0, 0, 0)
]  # fmt: skip


@dataclass(frozen=True)
class Sites:
    """Places where ions stay.

    Parameters
    ----------
    place : ndarray, shape (S, 3)
        Fractional coordinates in the mean cell, 0 to 1.
    kind : tuple of str
        Of every site; sites of one kind are counted together.
    cell : ndarray, shape (3, 3)
        Mean cell, A.
    origin : str
        Where they come from: ``"density"``, ``"density, symmetric (space group)"`` or the name of a file.
    """

    place: Array
    kind: tuple[str, ...]
    cell: Array
    origin: str

    @property
    def kinds(self) -> list[str]:
        """Kinds in order of appearance."""
        return list(dict.fromkeys(self.kind))

    def nearest(self) -> Array:
        """Return the distance of every site to the nearest other one or its own image, A, shape (S,)."""
        tree, _ = periodic_tree(self.place, self.cell)
        distance, _ = tree.query(self.place @ self.cell, k=2)
        return np.asarray(distance[:, 1])


def periodic_tree(place: Array, cell: Array, margin: float | None = None) -> tuple[Any, Integers]:
    """Return a tree of points and their images around the cell, and which point every image is of.

    Parameters
    ----------
    place : ndarray, shape (S, 3)
        Fractional coordinates, 0 to 1.
    cell : ndarray, shape (3, 3)
        A.
    margin : float, optional
        How far beyond the cell images are needed, A; all 26 cells around it when left out.
    """
    from scipy.spatial import cKDTree

    images = np.stack(np.meshgrid(*[[-1, 0, 1]] * 3, indexing="ij"), axis=-1).reshape(-1, 3)
    points = (place[None, :, :] + images[:, None, :]).reshape(-1, 3)
    index = np.tile(np.arange(len(place)), len(images))
    if margin is not None:
        height = 1.0 / np.linalg.norm(np.linalg.inv(cell), axis=0)
        share = np.minimum(margin / height, 1.0)
        near = ((points >= -share) & (points <= 1.0 + share)).all(axis=1)
        points, index = points[near], index[near]
    return cKDTree(points @ cell), index


def find_sites(found: Density, *, contrast: float = 2.0, least: float = 0.02) -> Sites:
    """Find the peaks of a density and leave out those that are not separate.

    Every voxel goes uphill to its peak. Two peaks are one site where the pass between them is not lower than the lower
    peak by a factor ``contrast`` (kT ln(contrast) in free energy).

    Parameters
    ----------
    found : Density
        Smoothed, so that single counts make no peaks.
    contrast : float
        Least ratio of a peak to the pass to a higher one.
    least : float
        Peaks whose surroundings hold fewer ions than this are no sites.

    Raises
    ------
    InputError
        Where no peak is left.
    """
    if contrast < 1.0:
        raise InputError(f"a contrast of {contrast}, expected one or more")
    values = found.values * found.voxel
    peak = _merge(_uphill(values), values, contrast)
    flat = values.ravel()
    place = []
    for root in np.unique(peak[flat > 0.0]):
        inside = np.flatnonzero(peak == root)
        if flat[inside].sum() < least:
            continue
        top = inside[flat[inside] > 0.5 * flat[root]]
        grid = np.stack(np.unravel_index(top, found.shape), axis=1) / found.shape
        centre = np.stack(np.unravel_index(root, found.shape)) / found.shape
        away = grid - centre
        away -= np.round(away)
        place.append(centre + np.average(away, axis=0, weights=flat[top]) + 0.5 / np.array(found.shape))
    if not place:
        raise InputError(f"no site of {found.element}: no peak of its density holds {least} ions")
    ordered = np.array(place) % 1.0
    ordered = ordered[np.lexsort(np.round(ordered, 2).T[::-1])]
    return Sites(ordered, ("site",) * len(ordered), found.structure.cell.array, "density")


def _uphill(values: Array) -> Integers:
    """Return for every voxel the voxel of the peak that it leads up to, shape (a * b * c,)."""
    number = np.arange(values.size).reshape(values.shape)
    best, parent = values.copy(), number.copy()
    for move in HALF:
        for sign in (1, -1):
            shift = tuple(sign * step for step in move)
            there = np.roll(values, shift, axis=(0, 1, 2))
            # Of equal heights the lower number is higher, or a plateau would lead round in circles.
            other = np.roll(number, shift, axis=(0, 1, 2))
            higher = (there > best) | ((there == best) & (other < parent))
            best = np.where(higher, there, best)
            parent = np.where(higher, other, parent)
    root = parent.ravel()
    while True:
        above = root[root]
        if (above == root).all():
            return np.asarray(root)
        root = above


def _merge(peak: Integers, values: Array, contrast: float) -> Integers:
    """Unite peaks with low passes between them; the highest pass first."""
    flat, grid = values.ravel(), peak.reshape(values.shape)
    pairs, passes = [], []
    for move in HALF:
        other = np.roll(grid, move, axis=(0, 1, 2)).ravel()
        edge = peak != other
        height = np.minimum(flat, np.roll(values, move, axis=(0, 1, 2)).ravel())[edge]
        pairs.append(np.sort(np.stack([peak[edge], other[edge]], axis=1), axis=1))
        passes.append(height)
    links, height = np.concatenate(pairs), np.concatenate(passes)
    order = np.lexsort((-height, links[:, 1], links[:, 0]))
    links, height = links[order], height[order]
    first = np.ones(len(links), dtype=bool)
    first[1:] = (np.diff(links, axis=0) != 0).any(axis=1)
    links, height = links[first], height[first]
    above: dict[int, int] = {}

    def top(node: int) -> int:
        while node in above:
            node = above[node]
        return node

    for at in np.argsort(-height):
        if height[at] <= 0.0:
            break
        a, b = top(int(links[at, 0])), top(int(links[at, 1]))
        if a != b:
            low, high = (a, b) if flat[a] < flat[b] else (b, a)
            if flat[low] < contrast * height[at]:
                above[low] = high
    roots = np.unique(peak)
    named = np.array([top(int(root)) for root in roots])
    return np.asarray(named[np.searchsorted(roots, peak)])


def symmetrise(sites: Sites, structure: Atoms, *, precision: float = 0.2, tolerance: float = 0.6) -> Sites:
    """Make sites obey the symmetry of the mean structure of the other atoms; sites of one orbit get one kind.

    Parameters
    ----------
    sites : Sites
        From `find_sites`.
    structure : ase.Atoms
        Mean structure, see `mean_structure`.
    precision : float
        How far its atoms may be off, A.
    tolerance : float
        Sites closer than this to an image of another are of its orbit, A; on a special position they are moved onto it.

    Raises
    ------
    InputError
        Where there are no other atoms, or no symmetry is found within the precision.
    """
    from nepkit.structures.symmetry import dataset

    if not len(structure):
        raise InputError("every atom is an ion, so nothing tells the symmetry of the sites")
    found = dataset(structure, precision)
    turns, moves = np.asarray(found.rotations), np.asarray(found.translations)
    left = np.ones(len(sites.place), dtype=bool)
    places: list[Array] = []
    kinds: list[str] = []
    while left.any():
        seed = sites.place[np.flatnonzero(left)[0]]
        orbit = _orbit(seed, turns, moves, sites.cell, tolerance)
        tree, _ = periodic_tree(orbit, sites.cell)
        distance, _ = tree.query(sites.place @ sites.cell)
        mine = left & (distance < tolerance)
        mine[np.flatnonzero(left)[0]] = True
        left &= ~mine
        better = _pulled_back(seed, sites.place[mine], turns, moves, sites.cell, tolerance)
        orbit = _orbit(better, turns, moves, sites.cell, tolerance)
        kinds += [_letter(len(places))] * len(orbit)
        places.append(orbit)
    name = f"density, symmetric ({found.international})"
    return replace(sites, place=np.concatenate(places), kind=tuple(kinds), origin=name)


def _letter(number: int) -> str:
    return chr(ord("A") + number % 26) + ("" if number < 26 else str(number // 26))


def _orbit(place: Array, turns: Array, moves: Array, cell: Array, tolerance: float) -> Array:
    """Return the images of a point under all operations, those closer than a tolerance as one."""
    images = (turns @ place + moves) % 1.0
    _, first = np.unique(np.round(images, 4) % 1.0, axis=0, return_index=True)
    images = images[np.sort(first)]
    tree, index = periodic_tree(images, cell)
    taken = np.full(len(images), -1)
    chosen: list[Array] = []
    for number in range(len(images)):
        if taken[number] >= 0:
            continue
        near = index[tree.query_ball_point(images[number] @ cell, tolerance)]
        taken[near] = number
        away = images[near] - images[number]
        chosen.append((images[number] + (away - np.round(away)).mean(axis=0)) % 1.0)
    return np.array(chosen)


def _pulled_back(seed: Array, members: Array, turns: Array, moves: Array, cell: Array, tolerance: float) -> Array:
    """Return the mean of all images of some sites that fall on the seed."""
    total, count = np.zeros(3), 0
    for member in members:
        away = turns @ member + moves - seed
        away -= np.round(away)
        near = away[np.linalg.norm(away @ cell, axis=1) < tolerance]
        total, count = total + near.sum(axis=0), count + len(near)
    return np.asarray((seed + total / max(count, 1)) % 1.0)


def given_sites(structure: Atoms, elements: Sequence[str], cell: Array, name: str = "structure") -> Sites:
    """Return the atoms of a structure, or those of some elements, as sites in another cell of the same shape.

    Their kind is the column ``site`` of the structure where there is one, else the element.

    Raises
    ------
    InputError
        Where the cell of the structure is another one than that of the trajectory (by more than 10 %).
    """
    if np.abs(structure.cell.array - cell).max() > 0.1 * np.linalg.norm(cell, axis=1).max():
        raise InputError(f"{name}: its cell is not that of the trajectory; give the sites of the same cell")
    symbols = np.array(structure.get_chemical_symbols())
    for element in elements:
        if element not in symbols:
            raise UnknownNameError(f"{name}: no {element}: {did_you_mean(element, set(symbols.tolist()))}")
    chosen = np.isin(symbols, list(elements)) if elements else np.ones(len(symbols), dtype=bool)
    kinds = np.asarray(structure.arrays.get("site", symbols)).astype(str)[chosen]
    place = structure.get_scaled_positions()[chosen] % 1.0
    return Sites(place, tuple(kinds.tolist()), np.asarray(cell), name)
