"""Frames that raise the information entropy of a set most.

The entropy of points under a Gaussian kernel, and what one more point would add to it, follow
doi:10.1038/s41467-025-59232-8: a frame in a region that the set has not seen adds most, and one that is nothing new
adds less than nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nepkit.core.errors import InputError
from nepkit.core.progress import task

Array = NDArray[np.float64]

_CHUNK = 2048


@dataclass(frozen=True)
class Information:
    """Chosen points and the entropies.

    Parameters
    ----------
    indices : list of int
        In the order of choice.
    gains : list of float
        ``-ln sum_j K(x, x_j)`` of each over the known and chosen before it, nat: positive where it is far from all.
    entropy, entropy_of_all : float
        Of the known and chosen points, and of all points together, nat.
    bandwidth : float
        Width of the kernel, in units of the points.
    """

    indices: list[int]
    gains: list[float]
    entropy: float
    entropy_of_all: float
    bandwidth: float


def most_informative(
    points: Array, count: int, bandwidth: float | None = None, known: Array | None = None
) -> Information:
    """Choose points one by one, each the one whose surroundings are least dense in what is known and chosen.

    Parameters
    ----------
    points : ndarray, shape (F, D)
        Such as mean descriptors of frames.
    count : int
        How many to choose.
    bandwidth : float, optional
        Width of the Gaussian kernel; when left out, the median distance of a point from its nearest neighbour times
        the square root of the number of dimensions that matter (that carry 99 % of the variance).
    known : ndarray, shape (K, D), optional
        Points of an existing set.

    Raises
    ------
    InputError
        Where more points are wanted than there are, the bandwidth is not positive, or numbers are not finite.

    Examples
    --------
    >>> most_informative(np.array([[0.0], [0.1], [0.2], [9.0]]), 2, 0.5).indices
    [3, 0]
    """
    if not 1 <= count <= len(points):
        raise InputError(f"{count} frames are wanted of {len(points)}; ask for 1 to {len(points)}")
    base = known if known is not None and len(known) else np.empty((0, points.shape[1]))
    every = np.concatenate([points, base])
    if not np.isfinite(every).all():
        raise InputError("descriptors are not finite; look at the distances between atoms: nepkit data min-dist")
    width = _bandwidth(every) if bandwidth is None else bandwidth
    if not width > 0.0:
        raise InputError(f"a bandwidth of {width:g} is not positive; are all frames the same?")
    density = _kernel_sums(points, base, width) if len(base) else np.zeros(len(points))
    chosen: list[int] = []
    gains: list[float] = []
    with task("Choosing", count) as step:
        for _ in range(count):
            # The very first, where nothing is known, is the one farthest from the mean.
            first = not chosen and not len(base)
            score = -np.linalg.norm(points - points.mean(axis=0), axis=1) if first else density
            place = int(np.argmin(score))
            chosen.append(place)
            gains.append(float("nan") if first else -float(np.log(max(density[place], np.finfo(float).tiny))))
            density += _kernel_sums(points, points[[place]], width)
            density[place] = np.inf
            step.advance()
    kept = np.concatenate([points[chosen], base])
    return Information(chosen, gains, entropy(kept, width), entropy(every, width), float(width))


def entropy(points: Array, bandwidth: float) -> float:
    """Return the information entropy of points, nat: 0 where all are the same, ln n where all are far apart.

    Examples
    --------
    >>> float(round(entropy(np.array([[0.0], [100.0]]), 1.0) / np.log(2), 6))
    1.0
    """
    return float(-np.log(_kernel_sums(points, points, bandwidth) / len(points)).mean())


def _kernel_sums(points: Array, others: Array, width: float) -> Array:
    """Return the sum of the kernel over the others at every point."""
    from scipy.spatial.distance import cdist

    sums = np.zeros(len(points))
    for start in range(0, len(points), _CHUNK):
        part = slice(start, start + _CHUNK)
        for first in range(0, len(others), _CHUNK):
            squares = cdist(points[part], others[first : first + _CHUNK], "sqeuclidean")
            sums[part] += np.exp(-0.5 * squares / width**2).sum(axis=1)
    return sums


def _bandwidth(points: Array) -> float:
    from scipy.spatial import cKDTree

    distinct = np.unique(points, axis=0)
    if len(distinct) < 2:
        return 0.0
    squares = np.linalg.svd(distinct - distinct.mean(axis=0), compute_uv=False) ** 2
    dimensions = 1 + int(np.searchsorted(np.cumsum(squares) / squares.sum(), 0.99))
    gaps, _ = cKDTree(distinct).query(distinct, k=2)
    return float(np.median(gaps[:, 1]) * np.sqrt(dimensions))
