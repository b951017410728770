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

    Examples
    --------
    >>> Quantity(2.0, 0.1, "mS/cm", 1.8, 2.2).scaled(0.1, "S/m").high
    0.22000000000000003
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

    def __str__(self) -> str:
        """Return value and error with the digits that the error leaves.

        Examples
        --------
        >>> print(Quantity(0.27812, 0.0031, "eV"), "and", Quantity(9.676e-06, 1.2e-8, "cm^2/s"))
        0.2781 ± 0.0031 eV and (9.676 ± 0.012)e-06 cm^2/s
        """
        unit = f" {self.unit}" if self.unit else ""
        if not self.error > 0.0 or not np.isfinite(self.error):
            return f"{self.value:.4g}{unit}"
        power = int(np.floor(np.log10(abs(self.value)))) if self.value else 0
        power = power if not -3 <= power <= 4 else 0
        digits = max(0, 1 - int(np.floor(np.log10(self.error / 10.0**power))))
        text = f"{self.value / 10.0**power:.{digits}f} ± {self.error / 10.0**power:.{digits}f}"
        return f"({text})e{power:+03d}{unit}" if power else f"{text}{unit}"

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
