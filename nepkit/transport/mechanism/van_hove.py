"""Where an ion is, and where the others are, some time after it was at a place: van Hove's correlation functions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nepkit.core.errors import InputError
from nepkit.core.neighbours import neighbours
from nepkit.core.statistics.blocks import mean_over_items, part_sizes
from nepkit.transport.mechanism.motion import Motion

Array = NDArray[np.float64]
Integers = NDArray[np.int64]

#: Blocks of time whose scatter gives the errors.
BLOCKS = 8
#: Time origins of the distinct part, which needs pairs.
ORIGINS = 64


@dataclass(frozen=True)
class VanHove:
    """Van Hove's correlation function of one element.

    Parameters
    ----------
    element : str
        Of the ions.
    time : ndarray, shape (T,)
        Lags, ps.
    edges : ndarray, shape (R + 1,)
        Borders of the distances, A.
    self_part, self_error : ndarray, shape (T, R)
        4 pi r^2 G_s(r, t), 1/A: the probability density of the distance that an ion has moved; its integral is one as
        far as the distances reach.
    distinct, distinct_error : ndarray, shape (T, R)
        G_d(r, t) over the mean density, where the other ions are then: one far away, at zero time the radial
        distribution function. Empty where it was not asked for or there is one ion alone.
    non_gaussian, non_gaussian_error : ndarray, shape (T,)
        3 <r^4> / 5 <r^2>^2 - 1: zero for a Gaussian, large where few ions jump far.
    """

    element: str
    time: Array
    edges: Array
    self_part: Array
    self_error: Array
    distinct: Array
    distinct_error: Array
    non_gaussian: Array
    non_gaussian_error: Array

    @property
    def distance(self) -> Array:
        """Middles of the distances, A."""
        return np.asarray(0.5 * (self.edges[1:] + self.edges[:-1]))


def van_hove(
    motion: Motion,
    element: str,
    lags: Sequence[float],
    *,
    longest: float = 10.0,
    width: float = 0.1,
    distinct: bool = True,
) -> VanHove:
    """Compute the self and distinct parts at some lags.

    Parameters
    ----------
    motion : Motion
        Opened with the element as mobile.
    element : str
        Which ions.
    lags : sequence of float
        Times, ps; each is rounded to a number of frames.
    longest : float
        Largest distance, A.
    width : float
        Width of the bins, A.
    distinct : bool
        Whether the distinct part is wanted.

    Raises
    ------
    InputError
        Where a lag is not within the run, or the distances make no sense.
    """
    atoms = motion.atoms_of(element)
    steps = [round(lag / motion.interval) for lag in lags]
    if not steps or min(steps) < 0 or max(steps) > motion.frames - 2:
        most = (motion.frames - 2) * motion.interval
        raise InputError(f"lags of {', '.join(f'{lag:g}' for lag in lags)} ps, expected some from 0 to {most:.4g} ps")
    if not 0.0 < width < longest:
        raise InputError(f"bins of {width} A up to {longest} A, expected more than zero and less than the end")
    edges = np.arange(0.0, longest + 0.5 * width, width)
    paths = motion.paths(atoms)
    parts = [_self(paths, step, edges) for step in steps]
    both = distinct and len(atoms) > 1
    others = [_distinct(motion, atoms, step, edges) for step in steps] if both else []
    empty = np.zeros((0, len(edges) - 1))
    return VanHove(
        element, motion.interval * np.array(steps, dtype=float), edges,
        np.array([part[0] for part in parts]), np.array([part[1] for part in parts]),
        np.array([part[0] for part in others]) if both else empty,
        np.array([part[1] for part in others]) if both else empty,
        np.array([part[2] for part in parts]), np.array([part[3] for part in parts]),
    )  # fmt: skip


def _self(paths: Array, step: int, edges: Array) -> tuple[Array, Array, float, float]:
    origins = len(paths) - step
    blocks = min(BLOCKS, origins)
    curves, second, fourth = [], [], []
    for part in np.array_split(np.arange(origins), blocks):
        moved = np.linalg.norm(paths[part + step] - paths[part], axis=2).ravel()
        curves.append(np.histogram(moved, edges)[0] / len(moved) / np.diff(edges))
        second.append(np.square(moved).mean())
        fourth.append((moved**4).mean())
    mean, error = mean_over_items(curves, origins)
    if not np.sum(second):
        return mean, error, float("nan"), float("nan")
    sizes = part_sizes(origins, blocks)
    ratio = 0.6 * np.average(fourth, weights=sizes) / np.average(second, weights=sizes) ** 2 - 1.0
    # Left out in turn, since the ratio of means is not the mean of ratios.
    rest = (
        [0.6 * _without(fourth, sizes, k) / _without(second, sizes, k) ** 2 - 1.0 for k in range(blocks)]
        if blocks > 1
        else [ratio]
    )
    spread = np.sqrt((blocks - 1) / blocks * np.square(np.array(rest) - np.mean(rest)).sum()) if blocks > 1 else np.nan
    return mean, error, float(ratio), float(spread)


def _without(values: ArrayLike, sizes: Array, left_out: int) -> float:
    return float(np.average(np.delete(np.asarray(values), left_out), weights=np.delete(sizes, left_out)))


def _distinct(motion: Motion, atoms: Integers, step: int, edges: Array) -> tuple[Array, Array]:
    origins = motion.frames - step
    chosen = np.unique(np.linspace(0, origins - 1, min(ORIGINS, origins)).astype(int))
    count = len(atoms)
    shells = 4.0 / 3.0 * np.pi * np.diff(edges**3)
    cell = motion.cell
    ideal = count * (count - 1) / abs(np.linalg.det(cell)) * shells
    curves = []
    for part in np.array_split(chosen, min(BLOCKS, len(chosen))):
        total = np.zeros(len(shells))
        for origin in part:
            now, later = motion.fractional[origin, atoms] % 1.0, motion.fractional[origin + step, atoms] % 1.0
            pairs = neighbours(np.concatenate([now, later]) @ cell, cell, float(edges[-1]))
            # One from each of the two times, and not the same ion.
            across = (pairs.first < count) != (pairs.second < count)
            other = pairs.first % count != pairs.second % count
            total += np.histogram(pairs.distance[across & other], edges)[0]
        curves.append(total / len(part) / ideal)
    return mean_over_items(curves, len(chosen))
