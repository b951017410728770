"""Exact sums of electrostatics over a batch of periodic systems, for many sets of charges at once."""

import math
from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from .backend import Array, namespace, to_numpy
from .batch import Batch, Pairs, neighbour_pairs
from .errors import SettingsError
from .kernels import COULOMB_CONSTANT, Interaction
from .pair_sum import COMPONENTS, PairSum, by_system
from .plane_waves import Integers, PlaneWaves, half_space

CACHE_BYTES = 2**22
DEVICE_BYTES = 2**28


class ReciprocalSum:
    """The sum over k of one system, and the part at k = 0 where the interaction keeps it.

    With ``rho = sum_i q_i exp(-i k.r_i)`` and the half space of k, ``E = sum_k G |rho|^2``,
    ``G = K_C (4 pi / V) g(k)`` (Ewald 1921, doi:10.1002/andp.19213690304). Other moments enter through rho alone
    (``q - i k.mu - k.Q.k / 2`` in the place of q) and receive the derivatives of the potential, as `field` does.
    """

    def __init__(
        self, positions: Array, cell: Array, volume: float, interaction: Interaction, integers: Integers, memory: int
    ) -> None:
        prefactor = 4 * math.pi * COULOMB_CONSTANT / volume
        self._waves = PlaneWaves(positions, cell, integers, memory)
        k = self._waves.k
        g, slope = interaction.in_k((k**2).sum(axis=1))
        self._weight = prefactor * g
        self._strain = prefactor * slope
        self._at_zero = prefactor * interaction.at_zero

    def density(self, q: Array) -> Array:
        """Return rho(k) of charges q (n, m): complex, shape (K, m)."""
        return self._waves.sum_atoms(q)

    def potential(self, density: Array, total: Array) -> Array:
        """Return K q, shape (n, m), from rho(k) and the total charges (m,)."""
        return self._waves.sum_waves(2 * self._weight[:, None] * density) + self._at_zero * total

    def field(self, density: Array) -> Array:
        """Return minus the gradient of the potential, shape (n, 3, m)."""
        k, width = self._waves.k, density.shape[1]
        amplitudes = (-2j * self._weight[:, None] * k)[:, :, None] * density[:, None, :]
        return self._waves.sum_waves(amplitudes.reshape(-1, 3 * width)).reshape(-1, 3, width)

    def virial(self, left: Array, right: Array, total_left: Array, total_right: Array) -> Array:
        """Return minus the strain derivative of ``left.K right / 2``, shape (3, 3, p, m), from both densities."""
        xp = namespace(left)
        k = self._waves.k
        bra = xp.concatenate([left.real, left.imag]).T
        ket = xp.concatenate([right.real, right.imag])

        def product(weight: Array) -> Array:
            return bra @ (xp.concatenate([weight, weight])[:, None] * ket)

        isotropic = product(self._weight) + 0.5 * self._at_zero * total_left[:, None] * total_right[None, :]
        result = xp.empty((3, 3, left.shape[1], right.shape[1]))
        for a, b in COMPONENTS:
            result[a, b] = product(self._strain * k[:, a] * k[:, b])
            result[b, a] = result[a, b]
        for a in range(3):
            result[a, a] += isotropic
        return result


class Electrostatics:
    """The interaction matrix K of a batch of systems, as products with charges.

    ``E = 1/2 q.K q`` in each system; systems do not see each other. Any number of right-hand sides is done at once:
    charges have the shape (N,) or (N, m). A charged system loses its k = 0 part, that is, it lies in a uniform
    background; with point charges that total depends on alpha unless the interaction keeps its background term.

    Parameters
    ----------
    batch
        Systems with N atoms in all.
    pairs
        Pairs of the batch up to at least the pair cutoff of the interaction; found here if None and needed.
    interaction
        How charges interact.
    integers
        Reciprocal vectors of every system as integers, shape (K, 3) each, instead of those within the cutoff; the
        `integers` of an undistorted batch keep the set fixed under strain, as finite differences need.
    memory
        Bytes that the phases of one tile of atoms may take; by default what fits the cache of a CPU, or 256 MiB on
        an accelerator.

    Attributes
    ----------
    integers
        The reciprocal vectors in use, one array of every system; empty without a reciprocal part.

    Examples
    --------
    >>> import numpy
    >>> from ase.build import bulk
    >>> from lr_correction.kernels import coulomb
    >>> salt = Batch.from_atoms([bulk("NaCl", "rocksalt", a=2.0)], ["Na", "Cl"])
    >>> energy = Electrostatics(salt, None, coulomb(3.0, 36.0, 2.2)).energy(numpy.array([1.0, -1.0]))
    >>> print(f"{-energy[0] / COULOMB_CONSTANT:.6f}")  # the Madelung constant, the nearest neighbour being 1 A away
    1.747565
    """

    def __init__(
        self,
        batch: Batch,
        pairs: Pairs | None,
        interaction: Interaction,
        *,
        integers: Sequence[Integers] | None = None,
        memory: int | None = None,
    ) -> None:
        xp = namespace(batch.positions)
        self._batch, self._self = batch, COULOMB_CONSTANT * interaction.self_term
        self._pair_sum: PairSum | None = None
        if interaction.pair is not None:
            pairs = neighbour_pairs(batch, interaction.pair_cutoff) if pairs is None else pairs
            self._pair_sum = PairSum(pairs, len(batch.positions), interaction)
        if not interaction.reciprocal:
            integers = [np.zeros((0, 3), dtype=np.int64)] * len(batch)
        elif integers is None:
            integers = [half_space(cell, interaction.k_cutoff) for cell in to_numpy(batch.cells)]
        elif len(integers) != len(batch):
            raise SettingsError(f"{len(integers)} sets of reciprocal vectors given, expected {len(batch)}")
        self.integers: tuple[Integers, ...] = tuple(integers)
        self._reciprocal: list[ReciprocalSum] = []
        self._slices = [slice(a, b) for a, b in pairwise(batch.offsets)]
        if interaction.reciprocal:
            memory = memory or (CACHE_BYTES if xp is np else DEVICE_BYTES)
            positions, volumes = batch.positions.astype(xp.float64), to_numpy(batch.volumes)
            self._reciprocal = [
                ReciprocalSum(positions[s], batch.cells[b], float(volumes[b]), interaction, self.integers[b], memory)
                for b, s in enumerate(self._slices)
            ]

    def energy(self, q: Array) -> Array:
        """Return ``1/2 q.K q`` of every system, eV: shape (B,), or (B, m) for q of shape (N, m)."""
        return 0.5 * by_system(q * self.potential(q), self._batch.offsets)

    def potential(self, q: Array) -> Array:
        """Return K q, the derivative of the energy with respect to the charges, eV/e, in the shape of q."""
        return self._evaluate(q, potential=True)[0]

    def field(self, q: Array) -> Array:
        """Return minus the derivative of the potential at an atom with respect to its own position, eV/(e angstrom).

        Charges and all other atoms stay, so the force at fixed charges is ``q_i field(q)_i``.

        Returns
        -------
        Array
            Shape (N, 3) for q of shape (N,), (N, 3, m) for q of shape (N, m).
        """
        return self._evaluate(q, field=True)[1]

    def potential_and_field(self, q: Array) -> tuple[Array, Array]:
        """Return `potential` and `field` for little more than the price of the field."""
        return self._evaluate(q, potential=True, field=True)

    def _evaluate(self, q: Array, potential: bool = False, field: bool = False) -> tuple[Array, Array]:
        """Return potential and field; what is not asked for is meaningless."""
        columns = self._columns(q)
        phi = self._self * columns
        gradient = namespace(columns).zeros((len(columns), 3, columns.shape[1]))
        if self._pair_sum is not None and potential:
            phi += self._pair_sum.potential(columns)
        if self._pair_sum is not None and field:
            gradient += self._pair_sum.field(columns)
        for part, s in zip(self._reciprocal, self._slices, strict=False):
            density = part.density(columns[s])
            if potential:
                phi[s] += part.potential(density, columns[s].sum(axis=0))
            if field:
                gradient[s] += part.field(density)
        return (phi, gradient) if q.ndim == 2 else (phi[:, 0], gradient[:, :, 0])

    def virial(self, a: Array, b: Array) -> Array:
        """Return minus the strain derivative of ``1/2 a.K b`` at fixed charges, eV.

        Parameters
        ----------
        a
            Shape (N,).
        b
            Shape (N,) or (N, m).

        Returns
        -------
        Array
            Shape (B, 3, 3) or (B, 3, 3, m). Contracted with q twice it is the virial of the energy; it is symmetric
            in a and b and in the two directions. The k part follows GPUMD (``src/force/ewald.cu``):
            ``G |rho|^2 [delta_ab - (2 / k^2 + 1 / (2 alpha^2)) k_a k_b]``.
        """
        result = self._bilinear(self._columns(a), self._columns(b))[:, :, :, 0]
        return result if b.ndim == 2 else result[..., 0]

    def virial_matrix(self, columns: Array) -> Array:
        """Return `virial` of all pairs of columns: (N, p) to (B, 3, 3, p, p), symmetric in the last two, eV."""
        columns = self._columns(columns)
        return self._bilinear(columns, columns)

    def _bilinear(self, left: Array, right: Array) -> Array:
        """Return the virial of every column of `left` (N, p) with every one of `right` (N, m): (B, 3, 3, p, m)."""
        xp = namespace(left, right)
        result = xp.zeros((len(self._batch), 3, 3, left.shape[1], right.shape[1]))
        if self._pair_sum is not None:
            for x, y, strained in self._pair_sum.virial_columns(right):
                for b, s in enumerate(self._slices):
                    result[b, x, y] = left[s].T @ strained[s]
                    result[b, y, x] = result[b, x, y]
        for b, (part, s) in enumerate(zip(self._reciprocal, self._slices, strict=False)):
            bra = part.density(left[s])
            ket = bra if left is right else part.density(right[s])
            result[b] += part.virial(bra, ket, left[s].sum(axis=0), right[s].sum(axis=0))
        return result

    def _columns(self, q: Array) -> Array:
        """Return charges as float64 columns (N, m)."""
        xp = namespace(q, self._batch.positions)
        size = len(self._batch.positions)
        if q.ndim not in (1, 2) or len(q) != size:
            raise SettingsError(f"charges have the shape {q.shape}, expected ({size},) or ({size}, m)")
        return q.reshape(size, -1).astype(xp.float64)
