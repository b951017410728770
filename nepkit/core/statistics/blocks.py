"""Scatter of means over blocks of one run."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]

#: More blocks than this say no more about the error of their mean.
MOST = 40
#: With fewer blocks their scatter is not known well enough to be of use.
FEWEST = 8


def scatter(slopes: Array) -> float:
    """Return the standard error of the mean over blocks."""
    return float(slopes.std(axis=0, ddof=1) / np.sqrt(len(slopes)))


def part_sizes(items: int, parts: int) -> Array:
    """Return how many of the items each part has where they are split as evenly as can be (`numpy.array_split`).

    Examples
    --------
    >>> part_sizes(10, 4)
    array([3., 3., 2., 2.])
    """
    more = items % parts
    return np.array([items // parts + 1] * more + [items // parts] * (parts - more), dtype=float)


def mean_over_items(means: ArrayLike, items: int) -> tuple[Array, Array]:
    """Return the mean over all items and its standard error, from the means of consecutive parts of them.

    Parts may differ by one item, so each counts by its size: the mean of their means would be another number. The error
    is from the scatter of the parts.

    Parameters
    ----------
    means : array_like, shape (B, ...)
        Means of the parts that `part_sizes` tells.
    items : int
        How many items there were in all, such as frames.

    Returns
    -------
    mean, error : ndarray, shape (...)
        The error is NaN for one part.

    Examples
    --------
    >>> mean, error = mean_over_items([[1.0], [2.0]], 3)  # of 1, 1 and of 2
    >>> float(mean[0])
    1.3333333333333333
    """
    found = np.asarray(means, dtype=float)
    parts = len(found)
    weights = part_sizes(items, parts) / items
    mean = np.tensordot(weights, found, axes=1)
    if parts < 2:
        return mean, np.full(mean.shape, np.nan)
    scatter = np.tensordot(weights**2, np.square(found - mean), axes=1)
    return mean, np.sqrt(parts / (parts - 1.0) * scatter)


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
