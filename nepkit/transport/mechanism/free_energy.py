"""Ways through a probability density, and the free energy that they cost."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nepkit.core.conventions import BOLTZMANN
from nepkit.core.errors import InputError
from nepkit.core.statistics.blocks import mean_over_items, part_sizes
from nepkit.core.statistics.quantity import Quantity, of_blocks
from nepkit.percolation.clusters import grid_contacts, percolation
from nepkit.transport.mechanism.density import Density

Array = NDArray[np.float64]

#: With fewer visits to the saddle its free energy is not known to kT / 3.
FEWEST_VISITS = 10
#: Relative error of a level whose scatter alone is asked for, far below that of counting.
CLOSE = 0.005


@dataclass(frozen=True)
class Barrier:
    """The lowest saddle on a way through the cell to its next image.

    Parameters
    ----------
    energy : Quantity
        Free energy of the saddle above the highest density, eV.
    rank : int
        In how many directions the ways of this energy go on for ever.
    along : str
        Cell vector that they had to go around; empty where any will do.
    level : float
        Density at the saddle, 1/A^3.
    visits : float
        How many samples its voxel had, smoothing aside.
    """

    energy: Quantity
    rank: int
    along: str
    level: float
    visits: float


def barrier(found: Density, temperature: float, *, along: str | None = None, rank: int = 1) -> Barrier:
    """Find the highest density at which the ions have a way through the cell to its next image.

    Voxels that share a face are united (with their image shifts) from the densest on until the cluster winds around the
    cell; the last one is the saddle. Its error comes from leaving out blocks of time in turn (jackknife).

    Parameters
    ----------
    found : Density
        From `density`; a spacing and smoothing at which the saddle is visited often.
    temperature : float
        K.
    along : str, optional
        ``"a"``, ``"b"`` or ``"c"``: the way must go around this cell vector.
    rank : int
        In how many independent directions it must go on.

    Raises
    ------
    InputError
        Where there is no such way through any voxel that an ion was seen in.
    """
    mean = mean_over_items(found.blocks, found.frames)[0]
    level = _level(mean, along, rank)
    if level is None:
        where = f"around {along}" if along else f"in {rank} direction{'s' if rank > 1 else ''}"
        raise InputError(
            f"no way of {found.element} through the cell {where}: the ions were not seen to cross it; "
            "run longer, or take a larger spacing or smoothing"
        )
    energy = _energy(mean, level, temperature)
    count = len(found.blocks)
    sizes = part_sizes(found.frames, count)
    others = []
    for left_out in range(count if count > 1 else 0):
        rest = (found.frames * mean - sizes[left_out] * found.blocks[left_out]) / (found.frames - sizes[left_out])
        other = _level(rest, along, rank, near=level)
        if other is not None:
            others.append(_energy(rest, other, temperature))
    error = float("nan")
    if len(others) == count > 1:
        error = float(np.sqrt((count - 1) / count * np.square(np.array(others) - np.mean(others)).sum()))
    clusters = percolation(*grid_contacts(mean >= level))
    return Barrier(
        of_blocks(energy, error, max(count, 2), "eV"),
        clusters.highest,
        along or "",
        level / found.voxel,
        level * found.frames,
    )


def _energy(values: Array, level: float, temperature: float) -> float:
    return float(-BOLTZMANN * temperature * np.log(level / values.max()))


def _winds(values: Array, level: float, along: str | None, rank: int) -> bool:
    clusters = percolation(*grid_contacts(values >= level))
    if along:
        return bool(clusters.wraps[:, "abc".index(along)].any())
    return clusters.highest >= rank


def _level(values: Array, along: str | None, rank: int, near: float | None = None) -> float | None:
    """Return the highest level at which the voxels above it wind, None where they never do.

    Near a known level that is enough, the answer has a relative error of `CLOSE`.
    """
    levels = np.unique(values[values > 0.0])
    low, high = 0, len(levels)  # winds at low, not at high
    if near is not None:
        guess = np.searchsorted(levels, [0.7 * near, 1.4 * near]).clip(0, len(levels) - 1)
        if _winds(values, levels[guess[0]], along, rank) and not _winds(values, levels[guess[1]], along, rank):
            low, high = int(guess[0]), int(guess[1])
    if low == 0 and not _winds(values, levels[low], along, rank):
        return None
    while high - low > 1 and not (near and high < len(levels) and levels[high] < (1.0 + CLOSE) * levels[low]):
        middle = (low + high) // 2
        low, high = (middle, high) if _winds(values, levels[middle], along, rank) else (low, middle)
    return float(levels[low])


@dataclass(frozen=True)
class Way:
    """A path through the density.

    Parameters
    ----------
    place : ndarray, shape (P, 3)
        Fractional coordinates, continuous; the last point is an image of the first.
    distance : ndarray, shape (P,)
        Along the path, A.
    energy : ndarray, shape (P,)
        Free energy, eV.
    """

    place: Array
    distance: Array
    energy: Array


def way_through(found: Density, saddle: Barrier, temperature: float) -> Way:
    """Return the way over a saddle that keeps to high density (shortest in the sense of the sum of 1 / density)."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import dijkstra

    values = found.values
    # Up to rounding, which must not take away the saddle itself.
    count, first, second, shift = grid_contacts(values >= saddle.level * (1.0 - 1e-12))
    clusters = percolation(count, first, second, shift)
    axis = "abc".index(saddle.along) if saddle.along else int(np.argmax(clusters.wraps.any(axis=0)))
    inside = np.flatnonzero(values.ravel() >= saddle.level * (1.0 - 1e-12))
    rho = values.ravel()[inside]
    endless = clusters.wraps[clusters.cluster, axis]
    start = int(np.argmax(np.where(endless, rho, -1.0)))
    layers = 4  # cells along the axis: the home cell, the next, and one on either side for detours
    edges = []
    for layer in range(layers):
        to = layer + shift[:, axis]
        kept = (to >= 0) & (to < layers)
        edges.append((first[kept] + count * layer, second[kept] + count * to[kept],
                      0.5 / rho[first[kept]] + 0.5 / rho[second[kept]]))  # fmt: skip
    i, j, cost = (np.concatenate(part) for part in zip(*edges, strict=True))
    graph = coo_array((cost, (i, j)), shape=(layers * count, layers * count)).tocsr()
    _, before = dijkstra(graph, directed=False, indices=start + count, return_predecessors=True)
    nodes = [start + 2 * count]
    while nodes[-1] != start + count:
        nodes.append(int(before[nodes[-1]]))
    voxels = np.stack(np.unravel_index(inside[np.array(nodes[::-1]) % count], found.shape), axis=1)
    place = (voxels + 0.5) / found.shape
    step = np.diff(place, axis=0)
    place = place[0] + np.concatenate([np.zeros((1, 3)), (step - np.round(step)).cumsum(axis=0)])
    lengths = np.linalg.norm(np.diff(place, axis=0) @ found.structure.cell.array, axis=1)
    energy = found.free_energy(temperature)[tuple(voxels.T)]
    return Way(place, np.concatenate([[0.0], lengths.cumsum()]), energy)
