"""One frame of every cluster of alike ones."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nepkit.core.errors import InputError

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Clusters:
    """What k-means found.

    Parameters
    ----------
    indices : list of int
        The frame nearest to the centre of each cluster, largest cluster first.
    sizes : list of int
        Number of frames of each cluster.
    spread : list of float
        Root mean square distance of the frames of each cluster from its centre.
    """

    indices: list[int]
    sizes: list[int]
    spread: list[float]


def clusters(points: Array, count: int, seed: int = 0, known: Array | None = None) -> Clusters:
    """Part points into clusters by k-means and return the point nearest to each centre.

    Parameters
    ----------
    points : ndarray, shape (F, D)
        Such as mean descriptors of frames.
    count : int
        Clusters; fewer come back where points coincide.
    seed : int
        Of the starting centres (k-means++), of which the best of ten is kept.
    known : ndarray, shape (K, D), optional
        Points of an existing set: they join the clusters, and a cluster that has one of them gives no frame.

    Raises
    ------
    InputError
        Where there are fewer points than clusters, or numbers are not finite.

    Examples
    --------
    >>> clusters(np.array([[0.0], [0.1], [0.2], [8.9], [9.0], [9.1]]), 2).indices
    [1, 4]
    """
    from scipy.cluster.vq import kmeans2
    from scipy.spatial.distance import cdist

    every = points if known is None or not len(known) else np.concatenate([points, known])
    if not 1 <= count <= len(points):
        raise InputError(f"{count} clusters are wanted of {len(points)} frames; ask for 1 to {len(points)}")
    if not np.isfinite(every).all():
        raise InputError("descriptors are not finite; look at the distances between atoms: nepkit data min-dist")
    count = min(count, len(np.unique(every, axis=0)))
    rng = np.random.default_rng(seed)
    best: tuple[float, NDArray[np.int64], Array] | None = None
    for _ in range(10):
        centres = _start(every, count, rng)
        centres, _ = kmeans2(every, centres, minit="matrix", iter=50)
        gaps = cdist(every, centres)
        label, cost = gaps.argmin(axis=1), float((gaps.min(axis=1) ** 2).sum())
        if best is None or cost < best[0] * (1.0 - 1e-12):
            best = (cost, label, gaps)
    assert best is not None
    return _nearest(len(points), best[1], best[2])


def _start(points: Array, count: int, rng: np.random.Generator) -> Array:
    """Return starting centres far from each other: k-means++ (Arthur and Vassilvitskii, SODA 2007)."""
    chosen = [int(rng.integers(len(points)))]
    squares = ((points - points[chosen[0]]) ** 2).sum(axis=1)
    while len(chosen) < count:
        chosen.append(int(rng.choice(len(points), p=squares / squares.sum())))
        np.minimum(squares, ((points - points[chosen[-1]]) ** 2).sum(axis=1), out=squares)
    return points[chosen].copy()


def _nearest(candidates: int, label: NDArray[np.int64], gaps: Array) -> Clusters:
    found = []
    for cluster in np.unique(label):
        members = np.flatnonzero(label == cluster)
        if members[-1] >= candidates:  # one of the known set stands for it already
            continue
        own = gaps[members, cluster]
        found.append((len(members), int(members[own.argmin()]), float(np.sqrt((own**2).mean()))))
    found.sort(key=lambda item: (-item[0], item[1]))
    return Clusters([item[1] for item in found], [item[0] for item in found], [item[2] for item in found])
