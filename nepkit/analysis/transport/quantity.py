"""A number with its error."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Quantity:
    """A value, its standard error and its 95 % interval.

    Parameters
    ----------
    value : float
        Best estimate.
    error : float
        Standard error; NaN where it is not known.
    unit : str
        Unit of all four numbers.
    low, high : float
        Ends of the 95 % interval; it need not be symmetric.
    """

    value: float
    error: float
    unit: str
    low: float = float("nan")
    high: float = float("nan")

    def scaled(self, factor: float, unit: str) -> Quantity:
        """Return the quantity times a number without error."""
        ends = sorted((self.low * factor, self.high * factor))
        return Quantity(self.value * factor, self.error * abs(factor), unit, *ends)

    def json(self) -> dict[str, Any]:
        """Return the form that the commands print."""
        return {"value": self.value, "error": self.error, "unit": self.unit, "interval": [self.low, self.high]}


def of_variance(value: float, relative: float, unit: str, level: float = 0.95) -> Quantity:
    """Return a quantity whose estimator is a mean of squares, as a mean squared displacement is.

    Its distribution is close to chi-squared with ``2 / relative**2`` degrees of freedom, which makes the interval
    longer upwards; it is symmetric when the error is small.

    Parameters
    ----------
    value, relative : float
        Estimate and its relative standard error.
    unit : str
        Unit.
    level : float
        Probability of the interval.
    """
    from scipy.special import gammaincinv  # scipy.stats takes much longer to import

    if not value > 0.0:  # then it is no mean of squares but a difference of them that came out wrong
        return of_normal(value, abs(value) * relative, unit)
    if not np.isfinite(relative) or relative <= 0.0:
        return Quantity(value, value * relative, unit)
    freedom = 2.0 / relative**2
    tail = 0.5 * (1.0 - level)
    with np.errstate(divide="ignore"):  # a hopeless error has no upper end
        low, high = value * freedom / (2.0 * gammaincinv(0.5 * freedom, [1.0 - tail, tail]))  # quantiles of chi-squared
    return Quantity(value, abs(value) * relative, unit, float(low), float(high))


def of_blocks(value: float, error: float, blocks: int, unit: str, level: float = 0.95) -> Quantity:
    """Return a quantity whose error comes from the scatter of a number of blocks (Student's interval)."""
    from scipy.special import stdtrit  # Student's quantile; scipy.stats takes much longer to import

    half = float(stdtrit(blocks - 1, 0.5 * (1.0 + level))) * error
    return Quantity(value, error, unit, value - half, value + half)


def of_normal(value: float, error: float, unit: str) -> Quantity:
    """Return a quantity whose estimator is normally distributed."""
    return Quantity(value, error, unit, value - 1.959964 * error, value + 1.959964 * error)
