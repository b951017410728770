"""Charges, dipoles and quadrupoles in one sum over k: one sending and one receiving factor for every component.

Components of an atom's moments are numbered by sorted tuples of axes: ``()`` the charge, ``(a,)`` the dipole,
``(a, b)`` the Cartesian second moment Q (not traceless). Everything follows from the Taylor weight ``w_s`` (orderings
of s, divided by the factorial of its length):

- density ``rho(k) = sum_i exp(-i k.r_i) sum_s w_s (-i)^l k_s m_is``, that is ``q - i k.mu - k.Q.k / 2``;
- derivatives of the potential ``D_t = 2 Re sum_k G i^l k_t exp(i k.r) rho``;
- conjugates ``dE/dm_s = w_s D_s``, gradient at fixed moments ``g_a = sum_s w_s m_s D_(s+a)``.
"""

import math
from functools import lru_cache
from itertools import combinations_with_replacement

import numpy as np

from .backend import Array, namespace, to_numpy
from .batch import Batch
from .errors import SettingsError
from .ewald import CACHE_BYTES
from .kernels import COULOMB_CONSTANT, Interaction
from .plane_waves import Integers, PlaneWaves, half_space

Index = tuple[int, ...]
#: Number of components of moments up to rank 0, 1 and 2.
SIZES = {1: 0, 4: 1, 10: 2}


@lru_cache
def components(order: int) -> tuple[Index, ...]:
    """Return all sorted tuples of up to `order` axes, the short ones first.

    Examples
    --------
    >>> components(1)
    ((), (0,), (1,), (2,))
    """
    return tuple(s for rank in range(order + 1) for s in combinations_with_replacement(range(3), rank))


def taylor_weight(index: Index) -> float:
    """Return the orderings of a tuple of axes, divided by the factorial of its length.

    Examples
    --------
    >>> taylor_weight((0,)), taylor_weight((0, 0)), taylor_weight((0, 1))
    (1.0, 0.5, 1.0)
    """
    return 1.0 / math.prod(math.factorial(index.count(axis)) for axis in set(index))


class MultipoleSum:
    """Energy of charges, dipoles and quadrupoles of one periodic system, and its derivatives.

    Parameters
    ----------
    batch
        One system with N atoms.
    interaction
        One that is a sum over k alone: mode 2 of `kernels.gpumd`, or `kernels.screened`.
    integers
        Reciprocal vectors as integers, shape (K, 3), instead of those within the cutoff; finite differences of strain
        need them fixed.

    Raises
    ------
    SettingsError
        For several systems, or an interaction with pairs or a self term.

    Examples
    --------
    >>> from ase import Atoms
    >>> from lr_correction.kernels import gpumd
    >>> pair = Batch.from_atoms([Atoms("H2", [[0, 0, 0], [0, 0, 3.0]], cell=[20.0] * 3, pbc=True)], ["H"])
    >>> dipoles = np.array([[0.0, 0, 0, 1], [0, 0, 0, 1]])
    >>> MultipoleSum(pair, gpumd(2, 3.0)).forces(dipoles)[0, 2] > 0  # in line, they attract
    np.True_
    """

    def __init__(self, batch: Batch, interaction: Interaction, *, integers: Integers | None = None) -> None:
        if len(batch) != 1:
            raise SettingsError(f"{len(batch)} systems given, expected one")
        if not interaction.reciprocal or interaction.pair is not None or interaction.self_term:
            raise SettingsError("dipoles and quadrupoles need an interaction that is a sum over k alone: use mode 2")
        cell = to_numpy(batch.cells[0])
        self.integers: Integers = half_space(cell, interaction.k_cutoff) if integers is None else integers
        self._atoms = len(batch.positions)
        self._waves = PlaneWaves(batch.positions, batch.cells[0], self.integers, CACHE_BYTES)
        prefactor = 4 * math.pi * COULOMB_CONSTANT / float(to_numpy(batch.volumes)[0])
        g, slope = interaction.in_k((self._waves.k**2).sum(axis=1))
        self._weight, self._slope, self._at_zero = prefactor * g, prefactor * slope, prefactor * interaction.at_zero

    def density(self, moments: Array) -> Array:
        """Return rho(k), complex, shape (K,), of moments (N, 1), (N, 4) or (N, 10)."""
        order = self._order(moments)
        sums = self._waves.sum_atoms(moments)
        parts = [taylor_weight(s) * (-1j) ** len(s) * self._power(s) for s in components(order)]
        return (namespace(moments).stack(parts, axis=1) * sums).sum(axis=1)

    def derivatives(self, moments: Array, order: int) -> Array:
        """Return the potential and its derivatives up to an order at the atoms, in the order of `components`."""
        amplitude = 2 * self._weight * self.density(moments)
        columns = [1j ** len(t) * self._power(t) * amplitude for t in components(order)]
        result = self._waves.sum_waves(namespace(moments).stack(columns, axis=1))
        result[:, 0] += self._at_zero * moments[:, 0].sum()
        return result

    def conjugates(self, moments: Array) -> Array:
        """Return the derivative of the energy with respect to every moment, in the shape of the moments."""
        order = self._order(moments)
        weights = np.array([taylor_weight(s) for s in components(order)])
        return self.derivatives(moments, order) * namespace(moments).asarray(weights)

    def energy(self, moments: Array) -> float:
        """Return the energy, eV, of moments in e, e angstrom and e square angstrom."""
        return 0.5 * float((moments * self.conjugates(moments)).sum())

    def forces(self, moments: Array) -> Array:
        """Return the forces at fixed moments, eV/angstrom, shape (N, 3)."""
        order = self._order(moments)
        received = self.derivatives(moments, order + 1)
        place = {t: n for n, t in enumerate(components(order + 1))}
        result = namespace(moments).zeros((self._atoms, 3))
        for n, s in enumerate(components(order)):
            for a in range(3):
                result[:, a] -= taylor_weight(s) * moments[:, n] * received[:, place[tuple(sorted((*s, a)))]]
        return result

    def virial(self, moments: Array) -> Array:
        """Return ``-dE/d(strain_ab)`` at fixed moments for ``r_b += strain_ab r_a``, eV, shape (3, 3).

        To what the wave vectors and the volume give, a moment of rank l adds its own turning in the field:
        ``sum_i mu_a D_b + Q_ac D_cb``. It is symmetric only with moments that turn along.
        """
        order, k, density = self._order(moments), self._waves.k, self.density(moments)
        power = abs(density) ** 2
        result = (self._slope * power * k.T) @ k
        isotropic = (self._weight * power).sum() + 0.5 * self._at_zero * moments[:, 0].sum() ** 2
        result += isotropic * namespace(moments).eye(3)
        received = self.derivatives(moments, order)
        place = {t: n for n, t in enumerate(components(order))}
        for rest in components(order - 1) if order else ():
            for a in range(3):
                for b in range(3):
                    own, field = (place[tuple(sorted((*rest, axis)))] for axis in (a, b))
                    result[a, b] += taylor_weight(rest) * (moments[:, own] * received[:, field]).sum()
        return result

    def _power(self, index: Index) -> Array:
        result = namespace(self._waves.k).ones(len(self._waves.k))
        for axis in index:
            result = result * self._waves.k[:, axis]
        return result

    def _order(self, moments: Array) -> int:
        if moments.ndim != 2 or len(moments) != self._atoms or moments.shape[1] not in SIZES:
            raise SettingsError(f"moments have the shape {moments.shape}, expected ({self._atoms}, 1, 4 or 10)")
        return SIZES[moments.shape[1]]
