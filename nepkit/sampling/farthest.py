"""Farthest-point sampling: always the point that is farthest from all that are chosen or known.

T. F. Gonzalez, Theoretical Computer Science 38, 293 (1985), doi:10.1016/0304-3975(85)90224-5.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nepkit.core.errors import InputError
from nepkit.core.progress import task

Array = NDArray[np.float64]

_CHUNK = 1024  # known points at a time: memory does not grow with their number
_FEW = 100  # known points that are gone through sooner than SciPy is imported


@dataclass(frozen=True)
class Selection:
    """Points in the order of choice.

    Parameters
    ----------
    indices : list of int
        Of the candidates.
    distances : list of float
        Distance of each from all known and chosen before it; they never grow. NaN for the first where nothing is known.
    left : float
        Largest distance of a candidate that was not chosen; 0 where all were.
    """

    indices: list[int]
    distances: list[float]
    left: float


def farthest_points(
    candidates: Array, count: int | None = None, min_distance: float = 0.0, known: Array | None = None
) -> Selection:
    """Choose candidates until there are ``count``, or none is further than ``min_distance`` from all known and chosen.

    The first is the farthest from the known points, or from the mean of the candidates where none is known. Of equally
    far ones the first is taken, so the choice is always the same.

    Parameters
    ----------
    candidates : ndarray, shape (F, D)
        Points such as mean descriptors of frames.
    count : int, optional
        Most points to choose; as many as there are when left out.
    min_distance : float
        A point is chosen only if it is further than this from all others.
    known : ndarray, shape (K, D), optional
        Points of an existing set.

    Raises
    ------
    InputError
        Where ``count`` is less than 1, or points are not finite or of different dimension.

    Examples
    --------
    >>> farthest_points(np.array([[0.0], [1.0], [10.0], [4.0]]), 3).indices
    [2, 0, 3]
    """
    points = np.ascontiguousarray(candidates, dtype=float)
    limit = len(points) if count is None else count
    if limit < 1:
        raise InputError(f"{count} points are wanted; ask for at least 1")
    if not np.isfinite(points).all() or (known is not None and not np.isfinite(known).all()):
        raise InputError("descriptors are not finite; look at the distances between atoms: nepkit data min-dist")
    given = known is not None and len(known) > 0
    nearest = np.full(len(points), np.inf)
    if known is not None and given:
        if known.shape[1] != points.shape[1]:
            raise InputError(f"known points have {known.shape[1]} components, candidates {points.shape[1]}")
        for start in range(0, len(known), _CHUNK):
            np.minimum(nearest, _to_nearest(points, known[start : start + _CHUNK]), out=nearest)
    indices: list[int] = []
    distances: list[float] = []
    with task("Choosing", min(limit, len(points))) as step:
        while len(indices) < min(limit, len(points)):
            first = not indices and not given
            place = int(np.argmax(np.linalg.norm(points - points.mean(axis=0), axis=1) if first else nearest))
            if not first and nearest[place] <= min_distance:
                break
            indices.append(place)
            distances.append(float("nan") if first else float(nearest[place]))
            np.minimum(nearest, np.linalg.norm(points - points[place], axis=1), out=nearest)
            step.advance()
    nearest[indices] = 0.0
    return Selection(indices, distances, float(nearest.max(initial=0.0)))


def first_of_alike(points: Array, distance: float) -> list[int]:
    """Return for every point the first one before it, or itself, that it is not further from than ``distance``.

    Only points that are kept (that stand for themselves) can stand for others.

    Examples
    --------
    >>> first_of_alike(np.array([[0.0], [0.4], [0.8], [0.1]]), 0.5)
    [0, 0, 2, 0]
    """
    kept: list[int] = []
    first: list[int] = []
    for index, point in enumerate(points):
        gaps = np.linalg.norm(points[kept] - point, axis=1) if kept else np.empty(0)
        near = np.flatnonzero(gaps <= distance)
        if len(near):
            first.append(kept[int(near[0])])
        else:
            kept.append(index)
            first.append(index)
    return first


def _to_nearest(points: Array, known: Array) -> Array:
    """Return the distance of every point from the nearest known one."""
    if len(known) <= _FEW:
        nearest = np.full(len(points), np.inf)
        for one in known:
            np.minimum(nearest, np.linalg.norm(points - one, axis=1), out=nearest)
        return nearest
    from scipy.spatial.distance import cdist

    parts = [cdist(points[start : start + _CHUNK], known).min(axis=1) for start in range(0, len(points), _CHUNK)]
    return np.concatenate(parts)


def principal_components(points: Array, count: int = 2) -> Array:
    """Return the coordinates of points along the directions of largest variance, shape (F, count).

    Examples
    --------
    >>> float(np.ptp(principal_components(np.array([[0.0, 0.0], [3.0, 4.0]]), 1)))
    5.0
    """
    centred = points - points.mean(axis=0)
    _, _, directions = np.linalg.svd(centred, full_matrices=False)
    directions = directions[:count]
    signs = np.sign(directions[np.arange(len(directions)), np.abs(directions).argmax(axis=1)])
    result = np.zeros((len(points), count))
    result[:, : len(directions)] = centred @ (directions * signs[:, None]).T
    return result
