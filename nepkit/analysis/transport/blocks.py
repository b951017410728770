"""Slopes of mean squared displacements in blocks of time, whose scatter needs no model of the motion."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]

#: More blocks than this say no more about the error of their mean.
MOST = 40
#: With fewer blocks their scatter is not known well enough to be of use.
FEWEST = 8


@dataclass(frozen=True)
class Squares:
    """Squared displacements averaged over atoms and the time origins of each block.

    Parameters
    ----------
    values : ndarray, shape (B, K, 3)
        By block, lag and direction, A^2 (for a dipole e^2 A^2).
    kurtosis : float
        Fourth cumulant of the displacement of an atom per frame, A^4: zero for Gaussian walks, and the jump rate
        times the fourth power of the jump length for walks of jumps.
    """

    values: Array
    kurtosis: float

    def slopes(self, weights: Array) -> Array:
        """Return the slope of every block and direction for the weights of a line, shape (B, 3)."""
        return np.asarray(np.einsum("bkd,k->bd", self.values, weights))


def blocks_that_fit(frames: int, longest: int) -> int:
    """Return how many blocks are long enough to be independent of each other, 0 where too few."""
    number = min(MOST, (frames - longest) // (2 * longest))
    return number if number >= FEWEST else 0


def square_blocks(positions: Array, lags: ArrayLike, blocks: int, shift: Array | None = None) -> Squares:
    """Average squared displacements over the origins of each block of time.

    Origins closer than a quarter of a lag say nearly the same; of those only one is taken.

    Parameters
    ----------
    positions : ndarray, shape (F, N, 3)
        Unwrapped, A.
    lags : array_like of int, shape (K,)
        In frames, growing.
    blocks : int
        Number of blocks, see `blocks_that_fit`.
    shift : ndarray, shape (F, 3), optional
        Motion of the framework, to be subtracted.
    """
    steps = [int(lag) for lag in np.asarray(lags)]
    origins = len(positions) - steps[-1]
    edges = np.linspace(0, origins, blocks + 1).astype(int)
    values = np.zeros((blocks, len(steps), 3))
    fourth = np.zeros(blocks)
    for k, lag in enumerate(steps):
        stride = max(1, lag // 4)
        for block, (start, stop) in enumerate(pairwise(edges.tolist())):
            at = slice(start, stop, stride)
            moved = positions[start + lag : stop + lag : stride] - positions[at]
            if shift is not None:
                moved -= (shift[start + lag : stop + lag : stride] - shift[at])[:, None, :]
            squared = np.square(moved, out=moved)
            values[block, k] = squared.mean(axis=(0, 1))
            if k == 0:
                fourth[block] = np.square(squared.sum(axis=2)).mean()
    second = values[:, 0].mean(axis=0)
    cumulant = fourth.mean() - second.sum() ** 2 - 2.0 * (second**2).sum()
    return Squares(values, max(0.0, float(cumulant)) / steps[0])


def scatter(slopes: Array) -> float:
    """Return the standard error of the mean over blocks."""
    return float(slopes.std(axis=0, ddof=1) / np.sqrt(len(slopes)))


def bootstrap(values: Array, seed: int = 0, samples: int = 2000) -> Array:
    """Return means over resampled blocks, shape (samples, ...); scatter is corrected for the number of blocks.

    Parameters
    ----------
    values : ndarray, shape (B, ...)
        One row per block; rows are drawn whole, so that what belongs together stays together.
    seed : int
        Seed of the drawing.
    samples : int
        How many means.
    """
    blocks = len(values)
    counts = np.random.default_rng(seed).multinomial(blocks, np.full(blocks, 1.0 / blocks), size=samples) / blocks
    mean = values.mean(axis=0)
    means = np.tensordot(counts, values, axes=1)
    return np.asarray(mean + (means - mean) * np.sqrt(blocks / (blocks - 1.0)))
