"""Where charges come from: fixed per element, or linear in the hidden layer of a frozen NEP plus a constant.

A family of moments is linear in its parameters: ``q = P c`` with columns ``P`` computed from frozen features. What the
rest of the library needs from a family is `columns` (P), its weights on the hidden layer (how q moves with it) and the
layout of its parameters; dipoles and quadrupoles add families of the same shape on the equivariant moments.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .backend import Array, asarray, namespace, segment_sum

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class HiddenCharges:
    """Charges ``q_i = sum_m weights[t, m] h_im + constants[t]``, t the type of atom i, before neutralisation.

    The charge head of qNEP (Fan et al., doi:10.1021/acs.jctc.6c00146) with a constant per element beside it.

    Attributes
    ----------
    weights
        Shape (T, M), e; all zero for charges that are fixed per element.
    constants
        Shape (T,), e.

    Examples
    --------
    >>> HiddenCharges.fixed({"Na": 1.0, "Cl": -1.0}, ["Na", "Cl"], neurons=2).constants
    array([ 1., -1.])
    """

    weights: FloatArray
    constants: FloatArray

    @classmethod
    def fixed(cls, charges: Mapping[str, float], elements: Sequence[str], neurons: int) -> "HiddenCharges":
        """Return the same charge for every atom of an element."""
        constants = np.array([float(charges[e]) for e in elements])
        return cls(np.zeros((len(elements), neurons)), constants)

    @classmethod
    def from_parameters(cls, parameters: FloatArray, types: int) -> "HiddenCharges":
        """Return charges from a flat vector in the order of `columns`."""
        table = np.asarray(parameters, dtype=float).reshape(types, -1)
        return cls(table[:, :-1].copy(), table[:, -1].copy())

    @property
    def parameters(self) -> FloatArray:
        """Flat vector, shape (T * (M + 1),): for every type its M weights, then its constant."""
        return np.concatenate([self.weights, self.constants[:, None]], axis=1).ravel()

    @property
    def depends_on_environment(self) -> bool:
        """Whether any charge moves with the surroundings."""
        return bool(self.weights.any())

    def raw(self, hidden: Array, types: Array) -> Array:
        """Return charges before neutralisation, shape (N,), from the hidden layer (N, M)."""
        weights = asarray(self.weights, like=hidden, dtype=hidden.dtype)[types]
        return (weights * hidden).sum(axis=1) + asarray(self.constants, like=hidden, dtype=hidden.dtype)[types]


def columns(hidden: Array, types: Array, n_types: int) -> Array:
    """Return P with ``q = P c``: shape (N, T * (M + 1)), a block (h_i, 1) in the columns of the atom's type.

    Examples
    --------
    >>> columns(np.array([[0.5], [0.2]]), np.array([0, 1]), 2)
    array([[0.5, 1. , 0. , 0. ],
           [0. , 0. , 0.2, 1. ]])
    """
    xp = namespace(hidden)
    extended = xp.concatenate([hidden, xp.ones((len(hidden), 1), dtype=hidden.dtype)], axis=1)
    blocks = [extended * (types == t)[:, None] for t in range(n_types)]
    return xp.concatenate(blocks, axis=1)


def neutralise(values: Array, system: Array, offsets: Sequence[int], total: Array | None = None) -> Array:
    """Shift the rows of every system uniformly so that they sum to `total` (zero by default).

    GPUMD does the same (zero_total_charge in src/force/nep_charge.cu). The chain rule through this shift must be kept
    in the forces: wherever the derivative with respect to raw charges is needed, subtract the system's mean as well.

    Parameters
    ----------
    values
        Shape (N, ...).
    system
        System of every row, shape (N,).
    offsets
        First row of every system and N last.
    total
        Wanted sum of every system, shape (B,); only for values of shape (N,).

    Examples
    --------
    >>> neutralise(np.array([1.0, 0.0]), np.array([0, 0]), (0, 2))
    array([ 0.5, -0.5])
    """
    count = len(offsets) - 1
    sizes = asarray(np.diff(np.asarray(offsets)), like=values, dtype=values.dtype)
    excess = segment_sum(values, system, count)
    if total is not None:
        excess = excess - total
    return values - (excess / sizes.reshape(count, *[1] * (values.ndim - 1)))[system]
