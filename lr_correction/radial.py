"""NEP's radial functions: Chebyshev polynomials under a smooth cutoff."""

from math import pi

from .backend import Array, namespace


def basis(distance: Array, cutoff: float, size: int) -> Array:
    """Return the functions f_k of k = 0 .. size.

    ``f_k = (T_k(x) + 1) fc / 2`` with ``x = 2 (r / rc - 1)^2 - 1`` and ``fc = (1 + cos(pi r / rc)) / 2``
    (doi:10.1103/PhysRevB.104.104309).

    Parameters
    ----------
    distance
        Distances below the cutoff, shape (P,), angstrom.
    cutoff
        Cutoff rc, angstrom.
    size
        Highest degree.

    Returns
    -------
    Array
        Shape (size + 1, P).

    Examples
    --------
    >>> import numpy
    >>> basis(numpy.array([2.0]), 4.0, 1).ravel()
    array([0.5  , 0.125])
    """
    return _functions(distance, cutoff, size, derivative=False)[0]


def basis_and_derivative(distance: Array, cutoff: float, size: int) -> tuple[Array, Array]:
    """Return the functions f_k and their derivatives by the distance (1/angstrom), both (size + 1, P).

    Examples
    --------
    >>> import numpy
    >>> basis_and_derivative(numpy.array([2.0]), 4.0, 1)[1].ravel().round(6)
    array([-0.392699, -0.223175])
    """
    return _functions(distance, cutoff, size, derivative=True)


def _functions(distance: Array, cutoff: float, size: int, derivative: bool) -> tuple[Array, Array]:
    xp = namespace(distance)
    reduced = distance / cutoff
    envelope = 0.5 * (1 + xp.cos(pi * reduced))
    x = 2 * (reduced - 1) ** 2 - 1
    first = xp.ones((size + 1, len(distance)), dtype=distance.dtype)  # T_k
    if size:
        first[1] = x
    for k in range(2, size + 1):
        first[k] = 2 * x * first[k - 1] - first[k - 2]
    half = 0.5 * (first + 1)
    values = half * envelope
    if not derivative:
        return values, values
    slope = (-0.5 * pi / cutoff) * xp.sin(pi * reduced)
    second = xp.zeros_like(first)  # T_k' = k U_{k-1}, with U shifted by one
    if size:
        second[1] = 1
    for k in range(2, size + 1):
        second[k] = 2 * x * second[k - 1] - second[k - 2]
    degrees = xp.arange(size + 1, dtype=distance.dtype)[:, None]
    inner = (2 / cutoff) * (reduced - 1) * envelope  # half of dx/dr, times fc
    return values, degrees * second * inner + half * slope
