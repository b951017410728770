"""How mean squared displacements at different lags vary together, and lines fitted with that knowledge."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Overlaps:
    """Means over all pairs of time origins of how much two displacements share, each of shape (K, K).

    Parameters
    ----------
    first, second : ndarray
        Mean overlap in frames, and mean of its square.
    ends : ndarray
        Mean of the ends that coincide, squared: a start with a start or an end with an end counts one, a start with
        an end minus one.
    mixed : ndarray
        Mean product of overlap and coinciding ends.
    """

    first: Array
    second: Array
    ends: Array
    mixed: Array

    def gaussian(self, rattling: float = 0.0) -> Array:
        """Return the covariance of the mean squared displacements of one walker in one dimension.

        In units of the squared variance of a step. The covariance of the squares of two Gaussian displacements is
        twice the square of their covariance; that is the overlap, and the rattling where they share an end. The same
        model as that of arXiv:2003.09193.
        """
        return np.asarray(2.0 * (self.second + 2.0 * rattling * self.mixed + rattling**2 * self.ends))


def overlaps(frames: int, lags: ArrayLike) -> Overlaps:
    """Count how displacements over all time origins overlap.

    For a walk of independent steps two displacements share just the steps of their overlap, so all covariances follow
    from how long the overlaps are; they are counted here, not approximated.

    Parameters
    ----------
    frames : int
        Frames of the trajectory.
    lags : array_like of int, shape (K,)
        Lags in frames, growing.

    Examples
    --------
    >>> overlaps(101, [1]).gaussian()  # 100 independent squares of variance 2
    array([[0.02]])
    """
    return _overlaps(frames, tuple(int(lag) for lag in np.asarray(lags)))


@lru_cache(maxsize=256)
def _overlaps(frames: int, lags: tuple[int, ...]) -> Overlaps:
    sums = np.zeros((4, len(lags), len(lags)))
    for a, short in enumerate(lags):
        for b, long in enumerate(lags[a:], a):
            offset = np.arange(-short, long + 1.0)  # start of the short interval minus start of the long one
            shared = np.minimum(np.minimum(offset + short, short), long - offset)
            pairs = np.minimum(frames - 1 - long, frames - 1 - short - offset) + np.minimum(0.0, offset) + 1.0
            weight = np.maximum(pairs, 0.0) / (float(frames - short) * (frames - long))
            weighted = weight * shared
            ends: dict[int, float] = {}
            for same, sign in ((0, 1.0), (long - short, 1.0), (-short, -1.0), (long, -1.0)):
                ends[same + short] = ends.get(same + short, 0.0) + sign
            at, count = list(ends), np.array(list(ends.values()))
            sums[:, a, b] = sums[:, b, a] = (
                weighted.sum(), weighted @ shared, weight[at] @ count**2, weighted[at] @ count
            )  # fmt: skip
    return Overlaps(*sums)


@dataclass(frozen=True)
class Line:
    """A straight line through correlated values.

    Parameters
    ----------
    offset, slope : float
        Value at zero and slope.
    slope_error : float
        Standard error of the slope under the covariance that was used.
    weights : ndarray, shape (K,)
        The slope is their product with the values.
    bend : float
        Exponent minus one: the relative weight of ``t log t`` when it is fitted too, zero for a straight line.
    bend_error : float
        Its standard error.
    """

    offset: float
    slope: float
    slope_error: float
    weights: Array
    bend: float
    bend_error: float


def fit_line(time: Array, values: Array, covariance: Array) -> Line:
    """Fit a line by generalised least squares, the best linear unbiased estimate for a known covariance.

    The offset is free, because rattling in a cage adds a constant to every mean squared displacement.

    Parameters
    ----------
    time, values : ndarray, shape (K,)
        Points, K at least 3.
    covariance : ndarray, shape (K, K)
        Of the values.

    Examples
    --------
    >>> time = np.array([1.0, 2.0, 3.0, 4.0])
    >>> round(fit_line(time, 0.5 + 2.0 * time, np.eye(4)).slope, 6)
    2.0
    """
    scale = np.sqrt(np.diag(covariance))
    factor = np.linalg.cholesky(covariance / np.outer(scale, scale) + 1e-10 * np.eye(len(time)))

    def solve(columns: list[Array]) -> tuple[Array, Array]:
        whitened = np.linalg.solve(factor, np.stack(columns, axis=1) / scale[:, None])
        inverse = np.linalg.inv(whitened.T @ whitened)
        return np.linalg.solve(factor.T, whitened @ inverse).T / scale, inverse

    start = float(time[0])
    reduced = time / start  # the equations stay well conditioned
    weights, variance = solve([np.ones_like(reduced), reduced])
    curved, curved_variance = solve([np.ones_like(reduced), reduced, reduced * np.log(reduced)])
    slope = float(weights[1] @ values)
    bend, bend_error = float("nan"), float("nan")
    if slope > 0.0 and len(time) > 3:
        bend, bend_error = float(curved[2] @ values) / slope, float(np.sqrt(curved_variance[2, 2])) / slope
    return Line(
        offset=float(weights[0] @ values),
        slope=slope / start,
        slope_error=float(np.sqrt(variance[1, 1])) / start,
        weights=weights[1] / start,
        bend=bend,
        bend_error=bend_error,
    )


def ordinary_slope(time: Array, values: Array, covariance: Array) -> tuple[float, float]:
    """Return the slope of the unweighted line and its standard error under the same covariance."""
    centred = time - time.mean()
    weights = centred / (centred @ centred)
    return float(weights @ values), float(np.sqrt(weights @ covariance @ weights))
