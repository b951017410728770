"""Mean squared displacement of every element of one trajectory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True)
class MeanSquaredDisplacement:
    """Mean squared displacement by element.

    Parameters
    ----------
    time : ndarray, shape (L,)
        Lag times, ps; the first is zero.
    msd : dict of str to ndarray
        By element, A^2, shape (L,).
    """

    time: Array
    msd: dict[str, Array]


def mean_squared_displacement(
    positions: Array, symbols: Sequence[str], interval: float, *, masses: Array, longest: float = 0.5
) -> MeanSquaredDisplacement:
    """Average squared displacements over atoms and time origins; the drift of the centre of mass is removed.

    Parameters
    ----------
    positions : ndarray, shape (F, N, 3)
        Unwrapped positions, A, at equal intervals.
    symbols : sequence of str
        Element of every atom.
    interval : float
        Time between frames, ps.
    masses : ndarray, shape (N,)
        Masses in any unit.
    longest : float
        Longest lag as a share of the trajectory: beyond a half, few origins are left.

    Examples
    --------
    >>> walk = np.arange(5.0)[:, None, None] * np.array([[[1.0, 0, 0], [-1.0, 0, 0]]])
    >>> mean_squared_displacement(walk, ["Li", "Li"], 0.1, masses=np.ones(2)).msd["Li"]
    array([0., 1., 4.])
    """
    centre = (positions * masses[:, None]).sum(axis=1, keepdims=True) / masses.sum()
    moved = positions - centre
    lags = np.arange(int(longest * (len(positions) - 1)) + 1)
    names = np.array(symbols)
    elements = list(dict.fromkeys(symbols))
    msd = {element: np.zeros(len(lags)) for element in elements}
    for lag in lags[1:]:
        squared = ((moved[lag:] - moved[:-lag]) ** 2).sum(axis=2).mean(axis=0)
        for element in elements:
            msd[element][lag] = squared[names == element].mean()
    return MeanSquaredDisplacement(np.asarray(lags * interval, dtype=np.float64), msd)
