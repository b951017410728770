"""Slopes of mean squared displacements in blocks of time, whose scatter needs no model of the motion."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nepkit.core.statistics.blocks import FEWEST, MOST

Array = NDArray[np.float64]

#: Displacements from which the fourth cumulant is taken.
SAMPLES = 200_000


def blocks_that_fit(frames: int, longest: int) -> int:
    """Return how many blocks are long enough to be independent of each other, 0 where too few."""
    number = min(MOST, (frames - longest) // (2 * longest))
    return number if number >= FEWEST else 0


def block_slopes(
    positions: Array,
    lags: ArrayLike,
    weights: ArrayLike,
    blocks: int,
    *,
    shift: Array | None = None,
    axes: Sequence[int] = (0, 1, 2),
) -> Array:
    """Return the slope of the mean squared displacement in each block of time, shape (B,), A^2 per frame.

    Origins closer than a quarter of the shortest lag say nearly the same, so the frames are thinned to that distance
    and displacements at other lags interpolated. Products of positions at two times then come from matrix products of
    few frames, which costs about as much as reading the paths once.

    Parameters
    ----------
    positions : ndarray, shape (F, N, 3)
        Unwrapped, A (for a dipole e A, N = 1).
    lags : array_like of int, shape (K,)
        In frames, growing.
    weights : array_like, shape (K,)
        The slope is their product with the displacements at these lags.
    blocks : int
        Number of blocks, see `blocks_that_fit`.
    shift : ndarray, shape (F, 3), optional
        Motion of the framework, to be subtracted.
    axes : sequence of int
        Directions that are summed.

    Examples
    --------
    >>> walk = np.arange(50.0)[:, None, None] * np.array([[[1.0, 0.0, 0.0]]])
    >>> block_slopes(walk, [1, 2], [-1.0, 1.0], 2)  # 4 - 1
    array([3., 3.])
    """
    steps = np.asarray(lags, dtype=np.int64)
    stride = max(1, int(steps[0]) // 4)
    paths = positions[::stride]
    moved = None if shift is None else shift[::stride]
    share = _on_grid(steps / stride, np.asarray(weights, dtype=float))
    reach = len(share)  # lags of 1 to this many thinned frames
    origins = len(paths) - reach
    if origins < blocks:
        raise ValueError(f"{origins} origins for {blocks} blocks")
    ahead = np.arange(1, reach + 1)
    sums = np.zeros(origins)
    size = max(2 * reach, 24)
    for start in range(0, origins, size):
        stop = min(start + size, origins)
        part = paths[start : stop + reach]
        local = np.empty(part.shape, dtype=np.float32)  # of small numbers, whose digits are enough for an error
        np.subtract(part, part[:1], out=local, casting="same_kind")
        if moved is not None:
            local -= (moved[start : stop + reach, None, :] - moved[start]).astype(np.float32)
        if len(axes) < 3:
            local = local[:, :, list(axes)]
        rows = local.reshape(len(local), -1)
        squares = np.einsum("fi,fi->f", rows, rows)
        here = np.arange(stop - start)[:, None]
        products = (rows[: stop - start] @ rows.T)[here, here + ahead]
        sums[start:stop] = (squares[here] + squares[here + ahead] - 2.0 * products) @ share
    edges = np.linspace(0, origins, blocks + 1).astype(int)
    return np.asarray(np.add.reduceat(sums, edges[:-1]) / np.diff(edges) / positions.shape[1])


def _on_grid(places: Array, weights: Array) -> Array:
    """Return weights at 1, 2, ... which give the same as those at places between, by linear interpolation."""
    below = np.floor(places + 1e-9).astype(np.int64)
    part = np.maximum(places - below, 0.0)
    result = np.zeros(int(below[-1]) + 2)
    np.add.at(result, below, weights * (1.0 - part))
    np.add.at(result, below + 1, weights * part)
    return result[1 : np.flatnonzero(result)[-1] + 1]


def kurtosis(positions: Array, lag: int, shift: Array | None = None) -> float:
    """Return the fourth cumulant of the displacement of an atom per frame, A^4.

    It is zero for Gaussian walks, and the jump rate times the fourth power of the jump length for walks of jumps. Of
    origins that are many, evenly spaced ones are taken.

    Parameters
    ----------
    positions : ndarray, shape (F, N, 3)
        Unwrapped, A.
    lag : int
        In frames; shorter than the time over which a jump is reversed.
    shift : ndarray, shape (F, 3), optional
        Motion of the framework, to be subtracted.
    """
    origins = len(positions) - lag
    stride = max(1, lag // 4, origins * positions.shape[1] // SAMPLES)
    moved = np.asarray(positions[lag::stride] - positions[:-lag:stride], dtype=float)
    if shift is not None:
        moved -= (shift[lag::stride] - shift[:-lag:stride])[:, None, :]
    squared = np.square(moved, out=moved)
    second = squared.mean(axis=(0, 1))
    cumulant = np.square(squared.sum(axis=2)).mean() - second.sum() ** 2 - 2.0 * (second**2).sum()
    return max(0.0, float(cumulant)) / lag


def square_blocks(positions: Array, lags: ArrayLike, blocks: int) -> Array:
    """Return squared displacements averaged over atoms and the origins of each block, shape (B, K, 3), A^2.

    For few atoms and any lags; the slope of many atoms is quicker by `block_slopes`. Origins closer than a quarter of a
    lag say nearly the same; of those only one is taken.

    Parameters
    ----------
    positions : ndarray, shape (F, N, 3)
        Unwrapped, A.
    lags : array_like of int, shape (K,)
        In frames, growing.
    blocks : int
        Number of blocks.
    """
    steps = [int(lag) for lag in np.asarray(lags)]
    edges = np.linspace(0, len(positions) - steps[-1], blocks + 1).astype(int)
    values = np.zeros((blocks, len(steps), 3))
    for k, lag in enumerate(steps):
        stride = max(1, lag // 4)
        for block, (start, stop) in enumerate(pairwise(edges.tolist())):
            moved = positions[start + lag : stop + lag : stride] - positions[start:stop:stride]
            values[block, k] = np.square(moved).mean(axis=(0, 1))
    return values
