"""Fillers in a matrix: spheres and rods at random, and whether they or their interphase shells connect."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nepkit.core.errors import InputError
from nepkit.core.progress import track
from nepkit.core.statistics.quantity import Quantity
from nepkit.percolation.clusters import Percolation, contacts, percolation
from nepkit.percolation.statistics import CUBE, threshold, wilson

Array = NDArray[np.float64]

#: Places tried at once for a filler that must not overlap others, and rounds of them before giving up.
TRIES, ROUNDS = 64, 400


@dataclass(frozen=True)
class Fillers:
    """Spheres, or rods with round ends, in a periodic cube.

    Parameters
    ----------
    centres : ndarray, shape (N, 3)
        In units of length of the user.
    directions : ndarray, shape (N, 3)
        Unit vectors along the rods.
    radius : float
        Of spheres and rods.
    length : float
        Of the straight part of a rod; zero for spheres.
    edge : float
        Of the cube.
    """

    centres: Array
    directions: Array
    radius: float
    length: float
    edge: float

    @property
    def loading(self) -> float:
        """Volume of all fillers over that of the cube; what overlaps counts twice."""
        return len(self.centres) * volume(self.radius, self.length) / self.edge**3


def volume(radius: float, length: float = 0.0) -> float:
    """Return the volume of a sphere, or of a rod with round ends."""
    return float(np.pi * radius**2 * length + 4.0 / 3.0 * np.pi * radius**3)


def place_fillers(
    loading: float,
    edge: float,
    rng: np.random.Generator,
    *,
    radius: float = 1.0,
    length: float = 0.0,
    hard: bool = True,
) -> Fillers:
    """Place fillers at random in a cube.

    Parameters
    ----------
    loading : float
        Volume fraction. Of fillers that may overlap it is that of their union, ``1 - exp(-sum of volumes)``.
    edge : float
        Of the cube.
    rng : numpy Generator
        Random numbers.
    radius, length : float
        Of the fillers.
    hard : bool
        Whether they must not overlap (random sequential addition, which jams at 0.38 for spheres).

    Raises
    ------
    InputError
        Where the cube is too small for the fillers or they do not fit any more.

    Examples
    --------
    >>> round(place_fillers(0.2, 10.0, np.random.default_rng(0)).loading, 3)
    0.201
    """
    if not 0.0 < loading < 1.0:
        raise InputError(f"a loading of {loading}, expected a volume fraction between 0 and 1")
    if edge < 2.0 * (length + 2.0 * radius):
        raise InputError(f"a cube of {edge:g} is too small for fillers of {length + 2 * radius:g}; twice that at least")
    one = volume(radius, length)
    total = loading if hard else -np.log1p(-loading)
    count = max(1, round(total * edge**3 / one))
    centres, directions = rng.uniform(0.0, edge, (count, 3)), _directions(rng, count)
    if hard:
        _separate(centres, directions, rng, radius, length, edge)
    return Fillers(centres, directions, radius, length, edge)


def _directions(rng: np.random.Generator, count: int) -> Array:
    vectors = rng.normal(size=(count, 3))
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True))


def _separate(
    centres: Array, directions: Array, rng: np.random.Generator, radius: float, length: float, edge: float
) -> None:
    """Find a place for one filler after the other, in place."""
    for index in range(1, len(centres)):
        for _ in range(ROUNDS):
            tried, turned = rng.uniform(0.0, edge, (TRIES, 3)), _directions(rng, TRIES)
            apart = centres[None, :index] - tried[:, None]
            apart -= edge * np.round(apart / edge)
            squared = segment_distance(apart, turned[:, None], directions[None, :index], length)
            free = np.flatnonzero((squared >= (2.0 * radius) ** 2).all(axis=1))
            if len(free):
                centres[index], directions[index] = tried[free[0]], turned[free[0]]
                break
        else:
            reached = index * volume(radius, length) / edge**3
            raise InputError(f"fillers that do not overlap jam at a loading of {reached:.2f}; choose a lower one")


def segment_distance(apart: Array, one: Array, two: Array, length: float) -> Array:
    """Return the squared distance of segments of one length from each other.

    Parameters
    ----------
    apart : ndarray, shape (..., 3)
        Centre of the second minus that of the first.
    one, two : ndarray, shape (..., 3)
        Unit vectors along them.
    length : float
        Zero makes points of them.

    Examples
    --------
    >>> x, y = np.eye(3)[:2]
    >>> segment_distance(np.array([[0.0, 0.0, 2.0], [3.0, 0.0, 0.0]]), x, y, 2.0)  # crossed; then side to end
    array([4., 4.])
    """
    if length == 0.0:
        return np.asarray((apart**2).sum(axis=-1))
    half = 0.5 * length
    cosine = (one * two).sum(axis=-1)
    along_one, along_two = (one * apart).sum(axis=-1), (two * apart).sum(axis=-1)
    sine = np.maximum(1.0 - cosine**2, 1e-12)
    s = np.clip((along_one - cosine * along_two) / sine, -half, half)
    t = np.clip(cosine * s - along_two, -half, half)
    s = np.clip(cosine * t + along_one, -half, half)
    return np.asarray(((apart + t[..., None] * two - s[..., None] * one) ** 2).sum(axis=-1))


def connected(fillers: Fillers, shell: float = 0.0) -> Percolation:
    """Return the clusters of fillers whose shells touch; with no shell, of fillers that touch themselves.

    Parameters
    ----------
    fillers : Fillers
        From `place_fillers`.
    shell : float
        Thickness of the interphase about every filler.
    """
    reach = 2.0 * (fillers.radius + shell)
    cell = fillers.edge * np.eye(3)
    first, second, shift = contacts(fillers.centres, cell, reach + fillers.length)
    if fillers.length > 0.0:
        apart = fillers.centres[second] - fillers.centres[first] + fillers.edge * shift
        squared = segment_distance(apart, fillers.directions[first], fillers.directions[second], fillers.length)
        near = squared < reach**2
        first, second, shift = first[near], second[near], shift[near]
    return percolation(len(fillers.centres), first, second, shift)


@dataclass(frozen=True)
class Composite:
    """How often a composite percolates, against its loading.

    Parameters
    ----------
    loading, edge : ndarray, shape (P,)
        Volume fraction of the filler and edge of the cube of every row.
    successes, trials : ndarray of int, shape (P,)
        Samples that percolate, and all of them.
    probability : tuple of Quantity
        With Wilson's interval.
    threshold : Quantity or None
        Loading at which an infinite composite begins to percolate; None where the rows do not tell it.
    why_no_threshold : str
        Then the reason.
    """

    loading: Array
    edge: Array
    successes: NDArray[np.int64]
    trials: NDArray[np.int64]
    probability: tuple[Quantity, ...]
    threshold: Quantity | None
    why_no_threshold: str = ""


def composite(
    loadings: Sequence[float],
    edges: Sequence[float],
    *,
    shell: float = 0.0,
    radius: float = 1.0,
    length: float = 0.0,
    hard: bool = True,
    samples: int = 100,
    seed: int = 0,
) -> Composite:
    """Sample composites and find the loading at which they begin to percolate.

    Parameters
    ----------
    loadings : sequence of float
        Volume fractions of the filler.
    edges : sequence of float
        Edges of the cubes; the threshold needs two at least.
    shell, radius, length, hard
        As of `connected` and `place_fillers`.
    samples : int
        Of every loading and edge.
    seed : int
        Of the random numbers.
    """
    points = [(loading, edge) for edge in edges for loading in loadings]
    rng = np.random.default_rng(seed)
    good = np.zeros(len(points), dtype=np.int64)
    for row, (loading, edge) in enumerate(track(points, "Composites")):
        for _ in range(samples):
            fillers = place_fillers(loading, edge, rng, radius=radius, length=length, hard=hard)
            good[row] += connected(fillers, shell).highest > 0
    x, size = (np.array(column, dtype=float) for column in zip(*points, strict=True))
    total = np.full(len(points), samples)
    probability = tuple(wilson(float(count), samples) for count in good)
    try:
        place, _ = threshold(x, size, good, total, height=CUBE)
    except InputError as error:
        return Composite(x, size, good, total, probability, None, str(error))
    if not x.min() <= place.value <= x.max():
        return Composite(x, size, good, total, probability, None, "the threshold is outside the range of loadings")
    return Composite(x, size, good, total, probability, place)
