"""Means with errors: over independent runs, over blocks of one run, and how much of its beginning to leave out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nepkit.core.errors import InputError
from nepkit.core.statistics.blocks import FEWEST, MOST, scatter
from nepkit.core.statistics.quantity import Quantity, of_blocks

Array = NDArray[np.float64]

#: A block is so many times longer than the rows that say the same, for blocks to be independent of each other.
BLOCK_LENGTH = 5.0


@dataclass(frozen=True)
class Mean:
    """A mean and where its error comes from.

    Parameters
    ----------
    quantity : Quantity
        Mean and standard error; the error is NaN where there is none.
    over : str
        ``"runs"``, ``"blocks"``, ``"components"``, ``"constant"`` for what does not change, or ``"nothing"``.
    count : int
        How many of these.
    """

    quantity: Quantity
    over: str
    count: int

    @property
    def source(self) -> str:
        """Words for a table: what the error is the scatter of."""
        words = {"nothing": "no error", "constant": "constant"}
        return words.get(self.over, f"{self.count} {self.over}")


def over_runs(values: Sequence[float] | Array, unit: str) -> Mean:
    """Return the mean of independent runs and its standard error, whose variance has N - 1 degrees of freedom.

    Parameters
    ----------
    values : array_like, shape (N,)
        One value per run; a single one has no error.
    unit : str
        Unit.

    Examples
    --------
    >>> over_runs([1.0, 2.0, 3.0], "K").quantity.error
    0.5773502691896258
    >>> over_runs([1.0], "K").source
    'no error'
    """
    items = np.asarray(values, dtype=float)
    if len(items) < 2:
        return Mean(Quantity(float(items[0]), float("nan"), unit), "nothing", 1)
    return Mean(of_blocks(float(items.mean()), scatter(items), len(items), unit), "runs", len(items))


def inefficiency(values: Array) -> float:
    """Return how many rows of a series say as much as one independent row, at least one.

    Twice the integral of the autocorrelation, up to where it first is not above zero.
    """
    deviation = values - values.mean()
    count = len(values)
    variance = float(deviation @ deviation) / count
    if count < 3 or variance <= 1e-28 * max(1.0, float(np.abs(values).max())) ** 2:
        return 1.0
    size = 1 << (2 * count - 1).bit_length()
    power = np.abs(np.fft.rfft(deviation, size)) ** 2
    correlation = np.fft.irfft(power, size)[:count] / variance / np.arange(count, 0, -1)
    negative = np.flatnonzero(correlation <= 0.0)
    end = int(negative[0]) if len(negative) else count
    weights = 1.0 - np.arange(1, end) / count
    return max(1.0, 1.0 + 2.0 * float((weights * correlation[1:end]).sum()))


def over_blocks(values: Array, unit: str) -> Mean:
    """Return the mean of a series and its error from the scatter of blocks that are longer than its memory.

    The error is NaN where the series is too short for eight such blocks.

    Parameters
    ----------
    values : ndarray, shape (R,)
        At equal steps, in equilibrium.
    unit : str
        Unit.

    Examples
    --------
    >>> found = over_blocks(np.random.default_rng(0).normal(5.0, 1.0, 10_000), "K")
    >>> bool(abs(found.quantity.value - 5.0) < 3 * found.quantity.error), round(found.quantity.error, 2), found.count
    (True, 0.01, 40)
    """
    items = np.asarray(values, dtype=float)
    mean = float(items.mean())
    if len(items) > 1 and np.ptp(items) <= 1e-12 * max(1e-300, abs(mean)):
        return Mean(Quantity(mean, 0.0, unit, mean, mean), "constant", len(items))
    length = inefficiency(items)
    number = int(min(MOST, len(items) / (BLOCK_LENGTH * length if length > 1.0 else 1.0)))
    if number < FEWEST:
        return Mean(Quantity(mean, float("nan"), unit), "nothing", 1)
    means = np.array([part.mean() for part in np.array_split(items, number)])
    return Mean(of_blocks(mean, scatter(means), number, unit), "blocks", number)


def equilibration(series: Sequence[Array]) -> int:
    """Return how many rows at the beginning to leave out of all series.

    The rest then has the largest number of independent rows (Chodera, doi:10.1021/acs.jctc.5b00784), for the series
    that takes the longest. At most half is left out.

    Parameters
    ----------
    series : sequence of ndarray, shape (R,)
        For instance temperature, energy and volume.
    """
    return max((_start(np.asarray(values, dtype=float)) for values in series), default=0)


def _start(values: Array) -> int:
    count = len(values)
    if count < 20:
        return 0
    starts = np.unique(np.linspace(0, count // 2, 26).astype(int))
    independent = [(count - start) / inefficiency(values[start:]) for start in starts]
    return int(starts[int(np.argmax(independent))])


def drift(time: Array, values: Array, unit: str) -> Mean:
    """Return the slope of a series in time with its error from the scatter of block averages about the line.

    Parameters
    ----------
    time : ndarray, shape (R,)
        Growing.
    values : ndarray, shape (R,)
        Series.
    unit : str
        Unit of the slope.
    """
    if len(values) < 2 * FEWEST:
        return Mean(Quantity(float("nan"), float("nan"), unit), "nothing", 1)
    left = values - np.polyval(np.polyfit(time, values, 1), time)
    number = int(np.clip(len(values) / (BLOCK_LENGTH * inefficiency(left)), FEWEST, MOST))
    x = np.array([part.mean() for part in np.array_split(time, number)])
    y = np.array([part.mean() for part in np.array_split(values, number)])
    (slope, _), covariance = np.polyfit(x, y, 1, cov=True)
    return Mean(of_blocks(float(slope), float(np.sqrt(covariance[0, 0])), number - 1, unit), "blocks", number)


def running_mean(values: Array) -> Array:
    """Return the mean of all rows up to each one, itself included, so that the first is the first value.

    Examples
    --------
    >>> running_mean(np.array([4.0, 2.0, 3.0]))
    array([4., 3., 3.])
    """
    counts = np.arange(1, len(values) + 1).reshape(-1, *([1] * (values.ndim - 1)))
    return np.asarray(np.cumsum(values, axis=0) / counts)


def part_of(time: Array, window: tuple[float, float]) -> slice:
    """Return the rows of a part of a time axis, given as shares of its length.

    Raises
    ------
    InputError
        Where the window is not ``low < high`` within 0 and 1, or has no row.

    Examples
    --------
    >>> part_of(np.arange(10.0), (0.5, 1.0))
    slice(5, 10, None)
    """
    low, high = window
    if not 0.0 <= low < high <= 1.0:
        raise InputError(f"the window {low:g} {high:g} is not two growing parts between 0 and 1")
    rows = slice(int(np.floor(low * len(time))), int(np.ceil(high * len(time))))
    if rows.start >= rows.stop:
        raise InputError(f"the window {low:g} {high:g} has no row of {len(time)}")
    return rows
