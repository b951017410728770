"""Scatter of means over blocks of one run."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

#: More blocks than this say no more about the error of their mean.
MOST = 40
#: With fewer blocks their scatter is not known well enough to be of use.
FEWEST = 8


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
