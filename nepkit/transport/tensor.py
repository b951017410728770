"""Tensors of diffusion and conductivity, at the lags and with the weights of a fit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nepkit.core.errors import InputError

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Tensor:
    """A symmetric tensor with errors.

    Parameters
    ----------
    value, error : ndarray, shape (3, 3)
        Components and their standard errors.
    unit : str
        Unit of both.
    principal : ndarray, shape (3,)
        Principal values, the largest first; those of a noisy isotropic tensor spread by about its errors.
    axes : ndarray, shape (3, 3)
        Their directions in rows.
    """

    value: Array
    error: Array
    unit: str
    principal: Array
    axes: Array

    def json(self) -> dict[str, Any]:
        """Return the form that the commands print."""
        return {
            "value": self.value, "error": self.error, "unit": self.unit, "principal": self.principal, "axes": self.axes
        }  # fmt: skip


def fitted_tensor(
    displacements: ArrayLike, lags: Sequence[int], weights: Sequence[float], relative: float, factor: float, unit: str
) -> Tensor:
    """Return the slopes of the elements of a displacement tensor.

    Parameters
    ----------
    displacements : array_like, shape (L, 3, 3)
        Against lag, A^2, with the elements off the diagonal.
    lags, weights : sequence
        Of a fit: the slope is the sum of weight times displacement at these lags.
    relative : float
        Relative standard error of the slope of the trace.
    factor : float
        What a slope (A^2 per frame) is multiplied by.
    unit : str
        Of the product.

    Notes
    -----
    For Gaussian displacements the covariance of an element is that of Isserlis' theorem,
    ``var(ab) = (aa bb + ab^2) / 2 * var(one direction)``; the trace is a mean of three directions.

    Examples
    --------
    >>> walk = np.arange(4.0)[:, None, None] * np.diag([2.0, 2.0, 4.0])
    >>> found = fitted_tensor(walk, [1, 3], [-0.5, 0.5], 0.1, 0.5, "A^2/frame")
    >>> found.principal, found.error[0, 1].round(3)
    (array([2., 1., 1.]), np.float64(0.115))
    """
    curve = np.asarray(displacements, dtype=float)
    value = factor * np.einsum("k,kab->ab", np.asarray(weights, dtype=float), curve[list(lags)])
    diagonal = np.diag(value)
    if not (diagonal > 0.0).all():
        raise InputError("along one direction the displacement does not grow in this window; run longer")
    # The trace has the relative variance sum(aa^2) / (sum aa)^2 of that of one direction.
    one = relative * float(diagonal.sum() / np.sqrt((diagonal**2).sum()))
    error = one * np.sqrt((np.outer(diagonal, diagonal) + value**2) / 2.0)
    principal, axes = np.linalg.eigh(value)
    return Tensor(value, error, unit, principal[::-1], axes.T[::-1])
