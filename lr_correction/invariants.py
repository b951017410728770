"""Rotational invariants of three and four moments: NEP's descriptors of more than three bodies.

With V, Q, O, H the traceless Cartesian moments of rank 1 to 4, GPUMD's four- and five-body descriptors
(`src/utilities/nep_utilities.cuh`) are V.V squared and full contractions of three moments. The latter are trilinear in
the spherical moments A_lm, with constant coefficients that are set up here.
"""

from functools import lru_cache
from math import pi
from typing import Any

import numpy as np

from .backend import Array, namespace
from .harmonics import columns, harmonics

Floats = np.ndarray[Any, np.dtype[np.float64]]

# (l of the three factors, contraction of their Cartesian moments, coefficient); det Q = tr Q^3 / 3
TRILINEAR = {
    "222": ((2, 2, 2), "iab,jbc,kca->ijk", -0.809943929279723 / 3),
    "112": ((1, 1, 2), "ia,jb,kab->ijk", 0.08248065254654),
    "123": ((1, 2, 3), "ia,jbc,kabc->ijk", -0.168362926992),
    "233": ((2, 3, 3), "iab,jacd,kbcd->ijk", 0.642946547639),
    "134": ((1, 3, 4), "ia,jbcd,kabcd->ijk", 0.340215334272),
}
# |V|^4 in terms of A_1m: V.V = (4 pi / 3) sum_m A_1m^2
QUARTIC = 0.026596810706114 * (4 * pi / 3) ** 2


@lru_cache
def cartesian(degree: int) -> Floats:
    """Return the map from the 2l + 1 moments A_lm to the traceless symmetric Cartesian moment of rank l.

    It is the integral of Y_lm u u ... u over the sphere, by a quadrature that is exact for these polynomials.

    Examples
    --------
    >>> cartesian(2).shape
    (5, 3, 3)
    """
    z, weight = np.polynomial.legendre.leggauss(degree + 1)
    angles = 2 * np.pi * np.arange(2 * degree + 1) / (2 * degree + 1)
    z, angle = (a.ravel() for a in np.meshgrid(z, angles, indexing="ij"))
    weight = np.repeat(weight, len(angles)) * (2 * np.pi / len(angles))
    unit = np.stack([np.sqrt(1 - z**2) * np.cos(angle), np.sqrt(1 - z**2) * np.sin(angle), z], axis=1)
    result = harmonics(unit, degree)[:, 0, columns(degree, degree)] * weight[:, None]
    tensor = np.ones((len(unit), 1))
    for _ in range(degree):
        tensor = (tensor[:, :, None] * unit[:, None, :]).reshape(len(unit), -1)
    moments: Floats = (result.T @ tensor).reshape(2 * degree + 1, *(3,) * degree)
    return moments


@lru_cache
def coefficients(name: str) -> Floats:
    """Return C with q = sum_ijk C_ijk x_i y_j z_k."""
    degrees, contraction, coefficient = TRILINEAR[name]
    tensor: Floats = coefficient * np.einsum(contraction, *(cartesian(degree) for degree in degrees))
    return tensor


def _trilinear(name: str, moments: Array) -> tuple[tuple[Array, Array, Array], Array]:
    """Return the three factors as rows, and the coefficients on their device."""
    xp = namespace(moments)
    degrees = TRILINEAR[name][0]
    size = moments.shape[-1]
    x, y, z = (moments.reshape(-1, size)[:, columns(degree, degree)] for degree in degrees)
    return (x, y, z), xp.asarray(coefficients(name), dtype=moments.dtype)


def _outer(x: Array, y: Array) -> Array:
    return (x[:, :, None] * y[:, None, :]).reshape(len(x), -1)


def invariant(name: str, moments: Array) -> Array:
    """Return one invariant of every set of moments.

    Parameters
    ----------
    name
        One of `nep.INVARIANTS`.
    moments
        A_nlm, shape (N, n, (L + 1)^2 - 1), with L at least the largest l that the invariant uses.

    Returns
    -------
    Array
        Shape (N, n).

    Examples
    --------
    >>> import numpy
    >>> float(invariant("112", numpy.ones((1, 1, 8)))[0, 0].round(6))
    1.897367
    """
    if name == "1111":
        return QUARTIC * (moments[:, :, columns(1, 1)] ** 2).sum(axis=2) ** 2
    (x, y, z), tensor = _trilinear(name, moments)
    product = _outer(x, y) @ tensor.reshape(-1, z.shape[1])
    return (product * z).sum(axis=1).reshape(moments.shape[:2])


def invariant_gradient(name: str, moments: Array) -> tuple[slice, Array]:
    """Return the derivative of one invariant by the moments that it uses.

    Parameters
    ----------
    name
        One of `nep.INVARIANTS`.
    moments
        A_nlm, shape (N, n, (L + 1)^2 - 1).

    Returns
    -------
    tuple
        Columns of the moments that are used, and the derivative, shape (N, n, number of those columns).

    Examples
    --------
    >>> import numpy
    >>> invariant_gradient("112", numpy.ones((1, 1, 8)))[1].shape
    (1, 1, 8)
    """
    if name == "1111":
        used = moments[:, :, columns(1, 1)]
        return columns(1, 1), 4 * QUARTIC * (used**2).sum(axis=2, keepdims=True) * used
    degrees = TRILINEAR[name][0]
    (x, y, z), tensor = _trilinear(name, moments)
    by_x = _outer(y, z) @ tensor.reshape(x.shape[1], -1).T
    by_y = _outer(x, z) @ tensor.swapaxes(1, 2).reshape(-1, y.shape[1])
    by_z = _outer(x, y) @ tensor.reshape(-1, z.shape[1])
    used = columns(min(degrees), max(degrees))
    result = namespace(moments).zeros((*moments.shape[:2], used.stop - used.start), dtype=moments.dtype)
    flat = result.reshape(len(x), -1)
    for degree, derivative in zip(degrees, (by_x, by_y, by_z), strict=True):
        block = columns(degree, degree)
        flat[:, block.start - used.start : block.stop - used.start] += derivative
    return used, result
