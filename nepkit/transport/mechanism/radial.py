"""Radial distribution functions and coordination numbers of pairs of elements."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nepkit.core.errors import InputError, UnknownNameError, did_you_mean
from nepkit.core.neighbours import neighbours
from nepkit.core.progress import track
from nepkit.core.statistics.blocks import mean_over_items
from nepkit.core.statistics.quantity import Quantity, of_blocks

Array = NDArray[np.float64]

#: Blocks of frames whose scatter gives the errors.
BLOCKS = 8
#: The first minimum is looked for in the function smoothed over this distance, A.
SMOOTH = 0.15
#: A maximum must be above one by as many of its errors.
SIGNIFICANT = 4.0


@dataclass(frozen=True)
class Radial:
    """Radial distribution function of one pair of elements.

    Parameters
    ----------
    pair : tuple of str
        Neighbours of the first that are of the second.
    edges : ndarray, shape (R + 1,)
        Borders of the distances, A.
    g, g_error : ndarray, shape (R,)
        Density of the second around the first over the mean density.
    number, number_error : ndarray, shape (R,)
        Neighbours closer than the upper borders.
    peak : float
        Distance of the first maximum, A; NaN where there is none above one.
    shell : float
        Distance of the minimum after it, A; NaN where there is none.
    coordination : Quantity or None
        Neighbours closer than that.
    frames : int
        Number of frames.
    """

    pair: tuple[str, str]
    edges: Array
    g: Array
    g_error: Array
    number: Array
    number_error: Array
    peak: float
    shell: float
    coordination: Quantity | None
    frames: int

    @property
    def distance(self) -> Array:
        """Middles of the distances, A."""
        return np.asarray(0.5 * (self.edges[1:] + self.edges[:-1]))


def radial(
    frames: Iterable[Any],
    pairs: Sequence[tuple[str, str]] = (),
    *,
    longest: float = 8.0,
    width: float = 0.05,
    where: str = "trajectory",
) -> list[Radial]:
    """Average radial distribution functions over frames, each with its own cell and all images within reach.

    Parameters
    ----------
    frames : iterable of ase.Atoms
        Periodic frames of the same atoms.
    pairs : sequence of pairs of str
        Elements; all pairs that there are when left out.
    longest : float
        Largest distance, A; it may be larger than half of the cell.
    width : float
        Width of the bins, A.
    where : str
        What messages call the frames.

    Raises
    ------
    InputError
        Where there is no frame, a frame has no cell, or the distances make no sense.
    """
    if not 0.0 < width < longest:
        raise InputError(f"bins of {width} A up to {longest} A, expected more than zero and less than the end")
    edges = np.arange(0.0, longest + 0.5 * width, width)
    shells = 4.0 / 3.0 * np.pi * np.diff(edges**3)
    rows: list[Array] = []
    numbers: Array = np.zeros(0)
    names: list[str] = []
    wanted = list(pairs)
    counts: dict[str, int] = {}
    for number, atoms in enumerate(track(frames, "Radial distribution"), 1):
        symbols = atoms.get_chemical_symbols()
        if not rows:
            names = list(dict.fromkeys(symbols))
            wanted = wanted or [(a, b) for k, a in enumerate(names) for b in names[k:]]
            _check(wanted, names, where)
            counts = {name: symbols.count(name) for name in names}
        if {name: symbols.count(name) for name in names} != counts or len(symbols) != sum(counts.values()):
            raise InputError(f"{where}, frame {number}: other atoms than in the first frame")
        volume = abs(np.linalg.det(atoms.cell.array))
        if volume < 1e-9:
            raise InputError(f"{where}, frame {number}: no cell, so no density; add the Lattice")
        numbers = np.array([names.index(symbol) for symbol in symbols])
        found = neighbours(atoms.get_scaled_positions() @ atoms.cell.array, atoms.cell.array, float(edges[-1]))
        rows.append(_histograms(found.distance, numbers[found.first], numbers[found.second], names, wanted, edges))
        rows[-1] = np.stack([rows[-1], rows[-1] * volume])
    if not rows:
        raise InputError(f"{where}: no frames")
    # Of 10 frames in 8 blocks two blocks have two: `mean_over_items` knows.
    blocks = np.array([part.mean(axis=0) for part in np.array_split(np.array(rows), min(BLOCKS, len(rows)))])
    return [_curve(pair, edges, shells, blocks[:, :, k], counts, len(rows)) for k, pair in enumerate(wanted)]


def _check(pairs: Sequence[tuple[str, str]], names: list[str], where: str) -> None:
    for element in (element for pair in pairs for element in pair):
        if element not in names:
            raise UnknownNameError(f"{where}: no {element}: {did_you_mean(element, names)}")


def _histograms(
    distance: Array, first: Any, second: Any, names: list[str], pairs: Sequence[tuple[str, str]], edges: Array
) -> Array:
    """Return the number of directed pairs of elements by distance, shape (pairs, R)."""
    size, kinds = len(edges) - 1, len(names)
    step = np.minimum((distance / edges[1]).astype(np.int64), size - 1)
    counts = np.bincount((first * kinds + second) * size + step, minlength=kinds * kinds * size)
    table = counts.reshape(kinds, kinds, size).astype(float)
    table += table.swapaxes(0, 1)  # every pair once, in whichever order
    return np.array([table[names.index(one), names.index(two)] for one, two in pairs])


def _curve(
    pair: tuple[str, str], edges: Array, shells: Array, blocks: Array, counts: dict[str, int], frames: int
) -> Radial:
    one, two = counts[pair[0]], counts[pair[1]]
    # An atom is no neighbour of its own, but its images are, which pairs of few atoms would notice.
    others = two - 1 if pair[0] == pair[1] and two > 1 else two
    g = blocks[:, 1] / (one * others * shells)
    number = np.cumsum(blocks[:, 0], axis=1) / one
    count = len(g)
    mean, g_error = mean_over_items(g, frames)
    neighbours_within, number_error = mean_over_items(number, frames)
    peak, shell = _shell(mean, g_error, edges)
    coordination = None
    if np.isfinite(shell):
        at = int(np.searchsorted(edges, shell)) - 1
        coordination = of_blocks(float(neighbours_within[at]), float(number_error[at]), max(count, 2), "")
    return Radial(pair, edges, mean, g_error, neighbours_within, number_error, peak, shell, coordination, frames)


def _shell(g: Array, error: Array, edges: Array) -> tuple[float, float]:
    """Return the distances of the first maximum and of the minimum after it; NaN where there is none."""
    from scipy.ndimage import gaussian_filter1d
    from scipy.signal import find_peaks

    width = float(edges[1] - edges[0])
    smooth = gaussian_filter1d(g, SMOOTH / width)
    tops, _ = find_peaks(smooth, height=1.1, prominence=0.2)
    bins = SMOOTH / width
    spread = np.sqrt(gaussian_filter1d(error**2, bins / np.sqrt(2.0)) / max(1.0, 2.0 * np.sqrt(np.pi) * bins))
    tops = tops[~(smooth[tops] - 1.0 < SIGNIFICANT * spread[tops])]  # without errors, of one frame, all are taken
    if not len(tops):
        return float("nan"), float("nan")
    middle = 0.5 * (edges[1:] + edges[:-1])
    after = np.flatnonzero(smooth[tops[0] :] < 0.05)
    valleys, _ = find_peaks(-smooth[tops[0] :], prominence=0.02)
    # A gap without any atom is a border too: its middle is as good as any place in it.
    if len(after) and (not len(valleys) or after[0] <= valleys[0]):
        gap = smooth[tops[0] + after[0] :] >= 0.05
        end = int(np.argmax(gap)) if gap.any() else len(gap)
        return float(middle[tops[0]]), float(edges[tops[0] + after[0] + max(end // 2, 1)])
    if not len(valleys):
        return float(middle[tops[0]]), float("nan")
    return float(middle[tops[0]]), float(edges[tops[0] + valleys[0] + 1])
