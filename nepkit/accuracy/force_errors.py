"""Errors of force vectors: components, lengths and directions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True)
class ForceErrors:
    """Prediction minus reference of the force on every atom.

    Parameters
    ----------
    component : ndarray, shape (N, 3)
        eV/A.
    length : ndarray, shape (N,)
        Length of the error vector, eV/A.
    reference : ndarray, shape (N,)
        Length of the reference force, eV/A.
    angle : ndarray, shape (N,)
        Between prediction and reference, degrees; nan where one of them is zero.
    """

    component: Array
    length: Array
    reference: Array
    angle: Array

    def quantiles(self, shares: ArrayLike) -> Array:
        """Return the lengths that these shares of the atoms do not exceed, eV/A."""
        return np.asarray(np.quantile(self.length, np.asarray(shares, dtype=float)))


def force_errors(predicted: ArrayLike, reference: ArrayLike) -> ForceErrors:
    """Return the errors of forces.

    Parameters
    ----------
    predicted, reference : array_like, shape (N, 3)
        eV/A.

    Examples
    --------
    >>> found = force_errors([[0.0, 1.0, 0.0]], [[1.0, 0.0, 0.0]])
    >>> round(float(found.angle[0])), round(float(found.length[0]), 3)
    (90, 1.414)
    """
    one, other = (np.asarray(values, dtype=float).reshape(-1, 3) for values in (predicted, reference))
    lengths = np.linalg.norm(one, axis=1), np.linalg.norm(other, axis=1)
    # From sine and cosine: the arc cosine alone loses small angles to rounding.
    sine = np.linalg.norm(np.cross(one, other), axis=1)
    angle = np.degrees(np.arctan2(sine, np.einsum("ij,ij->i", one, other)))
    angle[(lengths[0] == 0.0) | (lengths[1] == 0.0)] = np.nan
    return ForceErrors(one - other, np.linalg.norm(one - other, axis=1), lengths[1], angle)
