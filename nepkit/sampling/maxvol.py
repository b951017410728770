"""D-optimal sets of environments by MaxVol, and how far other environments lie outside them.

An active set is one environment per independent direction of the descriptors of an element, chosen so that the
determinant of their matrix cannot be raised by exchanging one of them. Every other environment is then a combination
of the active ones with factors of magnitude at most one; a larger factor, the extrapolation grade, tells that a model
linear in the descriptors would extrapolate (doi:10.1016/j.commatsci.2017.08.031;
MaxVol: doi:10.1142/9789812836021_0015).
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from nepkit.core.errors import InputError
from nepkit.core.progress import task
from nepkit.sampling.store import Environments, Store

Array = NDArray[np.float64]

TOLERANCE = 1e-3
"""Exchanges stop where no grade is above one by more than this."""

_EMPTY = 1e-4
"""Length of a direction that no environment has taken yet, in units of the largest spread."""

_RANK = 1e-5
"""Directions with less than this part of the largest spread are rounding, not information."""

_PASSES = 20


@dataclass
class ActiveSet:
    """The active environments of one element.

    Parameters
    ----------
    directions : ndarray, shape (D + 1, R)
        Map from descriptors and a constant to R independent features.
    rows : ndarray, shape (R, R)
        Features of the active environments.
    frames : list of int
        Frame of each; -1 where it is one of the known set, or none.
    """

    directions: Array
    rows: Array = field(init=False)
    frames: list[int] = field(init=False)

    def __post_init__(self) -> None:
        rank = self.directions.shape[1]
        self.rows = _EMPTY * np.eye(rank)
        self.frames = [-1] * rank
        self._inverse: Array = np.eye(rank) / _EMPTY

    def grades(self, values: Array) -> Array:
        """Return the extrapolation grade of environments, (A, D) to (A,)."""
        grades: Array = np.abs(self._features(values) @ self._inverse).max(axis=1)
        return grades

    def absorb(self, values: Array, frames: NDArray[np.int64]) -> int:
        """Exchange active environments for better ones among the given; return the number of exchanges."""
        features = self._features(values)
        factors = features @ self._inverse
        exchanges = 0
        while True:
            row, place = divmod(int(np.argmax(np.abs(factors))), factors.shape[1])
            pivot = factors[row, place]
            if abs(pivot) <= 1.0 + TOLERANCE:
                return exchanges
            change = factors[row].copy()
            change[place] -= 1.0
            factors -= np.outer(factors[:, place], change / pivot)  # Sherman and Morrison
            self._inverse -= np.outer(self._inverse[:, place], change / pivot)
            self.rows[place], self.frames[place] = features[row], int(frames[row])
            exchanges += 1
            if exchanges % 50 == 0:  # rounding errors of the updates add up
                self._inverse = np.asarray(np.linalg.inv(self.rows), dtype=float)
                factors = features @ self._inverse

    def _features(self, values: Array) -> Array:
        return np.asarray(np.column_stack([values, np.ones(len(values))]) @ self.directions)


@dataclass(frozen=True)
class Extrapolation:
    """Chosen frames and the grades of all candidates.

    Parameters
    ----------
    frames : list of int
        Frames with an active environment, those of the highest grade first.
    grades : ndarray, shape (F,)
        Highest grade of an atom of every candidate with respect to the known set; where there is none, with respect
        to the active set itself.
    sizes : dict of int to int
        Number of active environments by element.
    """

    frames: list[int]
    grades: Array
    sizes: dict[int, int]


def d_optimal(candidates: Store, known: Store | None = None, *, threshold: float = 1.0) -> Extrapolation:
    """Choose the frames whose environments span the descriptors best.

    Parameters
    ----------
    candidates : Store
        Environments of the frames to choose from.
    known : Store, optional
        Environments of an existing set, which come first: only frames that extrapolate from it are chosen.
    threshold : float
        With a known set, least grade of a frame to be chosen.

    Raises
    ------
    InputError
        Where the descriptors of the sets have different lengths.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> common = [(np.zeros(4, int), rng.normal(size=(4, 3))) for _ in range(9)]
    >>> with Store([*common, (np.zeros(1, int), np.full((1, 3), 9.0))]) as store:
    ...     9 in d_optimal(store).frames
    True
    """
    grades = np.zeros(candidates.frames)
    chosen: set[int] = set()
    sizes: dict[int, int] = {}
    with task("Active sets", len(candidates.elements)) as step:
        for kind, part in candidates.elements.items():
            old = known.elements.get(kind) if known is not None else None
            if old is not None and old.values.shape[1] != part.values.shape[1]:
                raise InputError(
                    f"known descriptors have {old.values.shape[1]} components, candidates {part.values.shape[1]}"
                )
            active = ActiveSet(_directions([part] if old is None else [part, old]))
            if old is not None:
                _converge(active, old, new=False)
                _raise_grades(grades, active, part)
            _converge(active, part, new=True)
            if known is None:
                _raise_grades(grades, active, part)
            elif old is None:
                grades[np.unique(part.frame)] = np.inf  # an element that the known set does not have
            chosen.update(frame for frame in active.frames if frame >= 0)
            sizes[kind] = len(active.frames)
            step.advance()
    if known is not None:
        chosen = {frame for frame in chosen if grades[frame] >= threshold}
    return Extrapolation(sorted(chosen, key=lambda frame: (-grades[frame], frame)), grades, sizes)


def _directions(parts: list[Environments]) -> Array:
    """Return the map to independent features of unit mean square, (D + 1, R), for all the environments together."""
    width = parts[0].values.shape[1] + 1
    moments, count = np.zeros((width, width)), 0
    for part in parts:
        for _, values in part.chunks():
            rows = np.column_stack([values, np.ones(len(values))])
            moments += rows.T @ rows
            count += len(rows)
    squares, vectors = np.linalg.eigh(moments / count)
    kept = squares > _RANK**2 * squares[-1]
    return np.asarray(vectors[:, kept] / np.sqrt(squares[kept]))


def _converge(active: ActiveSet, part: Environments, *, new: bool) -> None:
    nobody = np.full(len(part.frame), -1)
    frames = part.frame if new else nobody
    for _ in range(_PASSES):
        if not sum(active.absorb(values, frames[place]) for place, values in part.chunks()):
            return


def _raise_grades(grades: Array, active: ActiveSet, part: Environments) -> None:
    for place, values in part.chunks():
        np.maximum.at(grades, part.frame[place], active.grades(values))
