"""Farthest-point sampling by the environments of single atoms: no rare one drowns in the mean of its frame."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nepkit.core.errors import InputError
from nepkit.core.progress import task
from nepkit.sampling.farthest import Selection
from nepkit.sampling.store import CHUNK, Environments, Store

Array = NDArray[np.float64]


def cover(
    candidates: Store, count: int | None = None, min_distance: float = 0.0, known: Store | None = None
) -> Selection:
    """Choose frames until no atom is further than ``min_distance`` from all atoms of its element that are covered.

    Every choice is the frame with the atom farthest from those of the known and chosen frames; then all its atoms
    are covered. The first choice without known frames is the one with the atom farthest from the mean of its element.

    Parameters
    ----------
    candidates : Store
        Environments of the frames to choose from.
    count : int, optional
        Most frames; as many as there are when left out.
    min_distance : float
        In scaled descriptors.
    known : Store, optional
        Environments of an existing set.

    Returns
    -------
    Selection
        ``distances`` are those of the farthest atom of each chosen frame when it was chosen.

    Raises
    ------
    InputError
        Where ``count`` is less than 1 or the descriptors of the sets have different lengths.
    """
    limit = candidates.frames if count is None else min(count, candidates.frames)
    if limit < 1:
        raise InputError(f"{count} frames are wanted; ask for at least 1")
    nearest = {kind: np.full(len(part.frame), np.inf) for kind, part in candidates.elements.items()}
    for kind, part in candidates.elements.items():
        if known is not None and kind in known.elements:
            for _, values in known.elements[kind].chunks():
                _approach(part, nearest[kind], values)
    chosen: list[int] = []
    distances: list[float] = []
    with task("Choosing", limit) as step:
        while len(chosen) < limit:
            frame, gap = _farthest(candidates, nearest, first=not chosen and known is None)
            if gap <= min_distance:
                break
            chosen.append(frame)
            distances.append(gap if np.isfinite(gap) else float("nan"))
            for kind, part in candidates.elements.items():
                rows = np.flatnonzero(part.frame == frame)
                if len(rows):
                    _approach(part, nearest[kind], np.asarray(part.values[rows], dtype=float))
                    nearest[kind][rows] = 0.0
            step.advance()
    left = max(float(gaps.max(initial=0.0)) for gaps in nearest.values())
    return Selection(chosen, distances, left)


def _farthest(candidates: Store, nearest: dict[int, Array], first: bool) -> tuple[int, float]:
    """Return the frame with the farthest atom, and how far it is; of equally far ones the first."""
    best = (-1.0, 0)
    for kind, part in candidates.elements.items():
        gaps = _from_mean(part) if first else nearest[kind]
        place = int(np.argmax(gaps))
        if gaps[place] > best[0] or (gaps[place] == best[0] and part.frame[place] < best[1]):
            best = (float(gaps[place]), int(part.frame[place]))
    return best[1], float("inf") if first else best[0]


def _from_mean(part: Environments) -> Array:
    mean = sum(values.sum(axis=0) for _, values in part.chunks()) / len(part.frame)
    return np.concatenate([np.linalg.norm(values - mean, axis=1) for _, values in part.chunks()])


def _approach(part: Environments, nearest: Array, points: Array) -> None:
    """Lower the distances of all environments to those from the new points, in place."""
    from scipy.spatial.distance import cdist

    if points.shape[1] != part.values.shape[1]:
        raise InputError(f"known descriptors have {points.shape[1]} components, candidates {part.values.shape[1]}")
    for place, values in part.chunks():
        for start in range(0, len(points), CHUNK // 16):
            np.minimum(
                nearest[place], cdist(values, points[start : start + CHUNK // 16]).min(axis=1), out=nearest[place]
            )
