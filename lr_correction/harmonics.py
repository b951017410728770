"""Real orthonormal spherical harmonics of unit vectors and their gradients, as polynomials."""

from functools import lru_cache
from math import factorial, pi, sqrt
from typing import Any

import numpy as np
from numpy.polynomial import legendre

from .backend import Array, namespace

Floats = np.ndarray[Any, np.dtype[np.float64]]


def columns(l_first: int, l_last: int) -> slice:
    """Return the columns of l = l_first .. l_last in arrays whose columns start at l = 1, m = -1.

    Examples
    --------
    >>> columns(2, 2)
    slice(3, 8, None)
    """
    return slice(l_first**2 - 1, (l_last + 1) ** 2 - 1)


@lru_cache
def _tables(l_max: int) -> tuple[Floats, Floats]:
    """Return the polynomials in z, and those in the plane.

    Y_lm = N_lm P(z) E_m(x, y) with P = d^m P_l / dz^m, and E_m = Re or Im of (x + iy)^m. Columns are (l, m),
    first for values, then for derivatives: by z (2 blocks), by x and y (3 blocks). The rows of the second table are
    m = -l_max .. l_max, the negative ones being the imaginary parts.
    """
    size = (l_max + 1) ** 2 - 1
    axial, planar = np.zeros((l_max + 1, 2, size)), np.zeros((2 * l_max + 1, 3, size))
    for degree in range(1, l_max + 1):
        power = legendre.leg2poly([0] * degree + [1])
        for order in range(degree + 1):
            norm = sqrt((2 * degree + 1) / (4 * pi) * factorial(degree - order) / factorial(degree + order))
            norm *= sqrt(2) if order else 1
            derivatives = [np.polynomial.polynomial.polyder(power, order + more) for more in (0, 1)]
            for sign in (1, -1) if order else (1,):
                column = degree * (degree + 1) + sign * order - 1
                for which, derivative in enumerate(derivatives):
                    axial[: len(derivative), which, column] = norm * derivative
                planar[l_max + sign * order, 0, column] = 1
                if order:  # d Re = m (Re, -Im), d Im = m (Im, Re), both of the power m - 1
                    planar[l_max + sign * (order - 1), 1, column] = order if sign > 0 or order > 1 else 0
                    if sign < 0:
                        planar[l_max + order - 1, 2, column] = order
                    elif order > 1:
                        planar[l_max - order + 1, 2, column] = -order
    return axial.reshape(l_max + 1, -1), planar.reshape(2 * l_max + 1, -1)


def harmonics(unit: Array, l_max: int, distance: Array | None = None) -> Array:
    """Return real spherical harmonics of l = 1 .. l_max, with gradients where distances are given.

    They are orthonormal on the sphere: ``sum_m Y_lm(u) Y_lm(v) = (2l + 1) / (4 pi) P_l(u.v)``. Columns run over l,
    then m = -l .. l; those of l = 1 are proportional to (y, z, x).

    Parameters
    ----------
    unit
        Unit vectors, shape (P, 3).
    l_max
        Largest l, at least 1.
    distance
        Lengths of the vectors, shape (P,), angstrom.

    Returns
    -------
    Array
        Shape (P, 1, (l_max + 1)^2 - 1) without distances; else (P, 4, ...) with the gradient by the vector
        (1/angstrom) in rows 1 to 3.

    Examples
    --------
    >>> import numpy
    >>> (harmonics(numpy.array([[0.0, 0.0, 1.0]]), 1) * numpy.sqrt(4 * numpy.pi / 3)).round(12) + 0
    array([[[0., 1., 0.]]])
    """
    xp = namespace(unit)
    count, size = len(unit), (l_max + 1) ** 2 - 1
    blocks = (1, 1) if distance is None else (2, 3)
    axial, planar = (
        xp.asarray(table[:, : n * size], dtype=unit.dtype) for table, n in zip(_tables(l_max), blocks, strict=True)
    )
    x, y, z = unit[:, 0], unit[:, 1], unit[:, 2]
    powers = xp.empty((l_max + 1, count), dtype=unit.dtype)
    plane = xp.zeros((2 * l_max + 1, count), dtype=unit.dtype)
    powers[0] = plane[l_max] = 1
    for m in range(1, l_max + 1):
        powers[m] = powers[m - 1] * z
        real, imaginary = plane[l_max + m - 1], plane[l_max - m + 1] if m > 1 else 0 * x
        plane[l_max + m] = x * real - y * imaginary
        plane[l_max - m] = x * imaginary + y * real
    along = (powers.T @ axial).reshape(count, -1, size)
    around = (plane.T @ planar).reshape(count, -1, size)
    if distance is None:
        return along * around
    result = xp.empty((count, 4, size), dtype=unit.dtype)
    result[:, :3] = along[:, :1] * around
    result[:, 3] = along[:, 1] * around[:, 0]
    # Rows 0 to 2 now hold Y, dY/dx, dY/dy of the polynomials: they become derivatives on the sphere.
    gradient = result[:, 1:]
    outward = (unit[:, None, :] @ gradient).reshape(count, 1, size)
    gradient -= unit[:, :, None] * outward
    gradient /= distance[:, None, None]
    return result
