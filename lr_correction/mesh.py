"""Sums over reciprocal vectors by way of a mesh: N log N, with an error that is estimated before the sum.

Charges are spread with B-splines (Essmann et al. 1995, doi:10.1063/1.470117), each wave is divided by its
least-squares weight (Hockney and Eastwood), and the field is the exact gradient of the mesh energy, as dynamics needs.
`MeshWaves` does the same for any moments: it stands in for `lr_correction.plane_waves.PlaneWaves`.
"""

from __future__ import annotations

import importlib
import math
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from .backend import Array, Namespace, asarray, namespace, sparse_module, to_numpy
from .errors import SettingsError
from .kernels import COULOMB_CONSTANT, Interaction
from .plane_waves import Integers, half_space

ACCURACY = 1e-4
"""Relative error of the field that is aimed at."""

ORDERS = (4, 6, 8)
"""Orders of the B-splines in use; a point reaches as many points of the mesh along each axis."""

WORTHWHILE = 8e6
"""Atoms times half of the reciprocal vectors from which on the mesh takes less time than the compiled exact sum."""

FINEST = (1.15, 4.0)
"""Points of the mesh for every point that the largest wave needs: from coarse to fine."""

FEW_ATOMS = 12  # of so many the estimate of the error is doubled
_TILE = 4096  # atoms whose weights are kept at once
_ALIASES = np.arange(-4, 5)
#: Module of the Fourier transforms of every array library; others are asked for their own ``fft``.
FOURIER: dict[str, str] = {"numpy": "scipy.fft", "cupy": "cupyx.scipy.fft"}


def fourier_module(xp: Namespace) -> Any:
    """Return the module of Fourier transforms that goes with an array module.

    Examples
    --------
    >>> import numpy
    >>> fourier_module(numpy).__name__
    'scipy.fft'
    """
    name = FOURIER.get(xp.__name__.partition(".")[0])
    return xp.fft if name is None else importlib.import_module(name)


@dataclass(frozen=True)
class MeshSum:
    """Energy, potential, field and virial of charges.

    Attributes
    ----------
    energy
        eV.
    potential
        Derivative of the energy with respect to the charges, shape (N,), eV/e.
    field
        Minus the gradient of the potential, shape (N, 3), eV/(e angstrom); the forces are ``q_i field_i``.
    virial
        Minus the strain derivative of the energy at fixed charges, shape (3, 3), eV.
    """

    energy: float
    potential: Array
    field: Array
    virial: Array


class Mesh:
    """The reciprocal part of an interaction in one cell, on a mesh chosen for an accuracy; positions come later.

    Parameters
    ----------
    cell
        Lattice vectors as rows, of any shape, (3, 3), angstrom.
    interaction
        With a reciprocal part; the same vectors ``0 < |k| < k_cutoff`` are summed as in the exact sum. Pairs and self
        energy are not the business of the mesh.
    atoms
        Number of atoms, for the choice between fine meshes and high orders, and for the estimate of the error.
    accuracy
        Relative root-mean-square error of the field that is aimed at.
    like
        The mesh of a cell a little different, whose points and order are taken again where they reach the accuracy.

    Attributes
    ----------
    shape
        Points of the mesh along each lattice vector.
    order
        Of the B-splines.
    error
        Relative error of the field that is expected, for charges whose long waves are screened as in a melt.

    Raises
    ------
    SettingsError
        If the accuracy is beyond what the meshes reach, or the interaction has no reciprocal part.

    Examples
    --------
    >>> import numpy
    >>> from lr_correction.kernels import smeared
    >>> mesh = Mesh(20 * numpy.eye(3), smeared(0.4, 2.5), atoms=2)
    >>> found = mesh.evaluate(numpy.array([[1.0, 2.0, 3.0], [8.0, 2.0, 3.0]]), numpy.array([1.0, -1.0]))
    >>> mesh.error < 1e-4, bool(found.field[0, 0] > 0)  # the charges attract each other
    (True, True)
    """

    shape: tuple[int, ...]
    order: int
    error: float

    def __init__(
        self, cell: Array, interaction: Interaction, *, atoms: int, accuracy: float = ACCURACY, like: Mesh | None = None
    ) -> None:
        if not interaction.reciprocal:
            raise SettingsError("the interaction has no reciprocal part, which is all that a mesh can do")
        if atoms < 1:
            raise SettingsError(f"the number of atoms is {atoms}, expected at least 1")
        if not (math.isfinite(accuracy) and accuracy > 0):
            raise SettingsError(f"accuracy is {accuracy}, expected a positive number")
        lattice = to_numpy(cell).astype(np.float64)
        self._inverse = np.linalg.inv(lattice)
        self._atoms = atoms
        self._integers = half_space(lattice, interaction.k_cutoff)
        self._k = 2 * np.pi * self._integers @ self._inverse.T
        prefactor = 4 * math.pi * COULOMB_CONSTANT / abs(np.linalg.det(lattice))
        g, slope = interaction.in_k((self._k**2).sum(axis=1))
        self._weight, self._strain = prefactor * g, prefactor * slope
        self._at_zero = prefactor * interaction.at_zero
        density = atoms / abs(np.linalg.det(lattice))
        error = math.inf if like is None else self._error(like.shape, like.order, density)
        if like is not None and error <= accuracy:
            self.shape, self.order, self.error = like.shape, like.order, error
        else:
            self.shape, self.order, self.error = self._choose(atoms, density, accuracy)
        self._places = _places(self._integers, self.shape)
        factor = _factors(self._integers, self.shape, self.order)
        self._squares = factor**2
        self._influence = np.zeros((*self.shape[:2], self.shape[2] // 2 + 1))
        value = self._weight * self._squares
        self._influence.ravel()[self._places] = value
        on_plane = self._integers[:, 2] == 0  # of these both k and -k are in the half that the transform keeps
        self._influence.ravel()[_places(-self._integers[on_plane], self.shape)] = value[on_plane]

    def evaluate(self, positions: Array, charges: Array) -> MeshSum:
        """Return the sum for positions (N, 3) and charges (N,), on the device of the positions."""
        xp, n = namespace(positions, charges), self.shape
        spline = Spline(positions, self._inverse, n, self.order)
        fourier = fourier_module(xp)
        waves = fourier.rfftn(spline.spread(charges[:, None])[0])
        density = waves.reshape(-1)[asarray(self._places, like=positions)]
        power = (density.real**2 + density.imag**2) * asarray(self._squares, like=positions)
        on_mesh = fourier.irfftn(waves * asarray(self._influence, like=positions), s=n, norm="forward")
        values = spline.gather(on_mesh)
        total = float(charges.sum())
        potential = values[:, 0] + self._at_zero * total
        k, strain = asarray(self._k, like=positions), asarray(self._strain, like=positions)
        virial = k.T @ ((power * strain)[:, None] * k)
        isotropic = float((asarray(self._weight, like=positions) * power).sum()) + 0.5 * self._at_zero * total**2
        virial = virial + isotropic * asarray(np.eye(3), like=positions)
        return MeshSum(0.5 * float((charges * potential).sum()), potential, -values[:, 1:], virial)

    def _choose(self, atoms: int, density: float, accuracy: float) -> tuple[tuple[int, ...], int, float]:
        """Return shape, order and error of the cheapest mesh that reaches the accuracy."""
        best: tuple[float, tuple[int, ...], int, float] | None = None
        for order in ORDERS:
            low, high = math.log(FINEST[0]), math.log(FINEST[1])
            if self._error(_shape(self._integers, FINEST[1]), order, density) > accuracy:
                continue
            for _ in range(6):
                middle = 0.5 * (low + high)
                fine = self._error(_shape(self._integers, math.exp(middle)), order, density) <= accuracy
                low, high = (low, middle) if fine else (middle, high)
            shape = _shape(self._integers, math.exp(high))
            points = math.prod(shape)
            cost = 2.5 * points * math.log2(points) + atoms * (4.0 * order**3 + 60.0)
            if best is None or cost < best[0]:
                best = cost, shape, order, self._error(shape, order, density)
        if best is None:
            raise SettingsError(f"accuracy is {accuracy:g}, finer than the meshes reach: take the exact sum")
        return best[1:]

    def _error(self, shape: tuple[int, ...], order: int, density: float) -> float:
        """Return the root-mean-square error of the field over that of the field, over all places of two charges."""
        if not len(self._integers):
            return 0.0
        most = np.abs(self._integers).max(axis=0)
        if any(points <= 2 * m for points, m in zip(shape, most, strict=True)):
            return math.inf  # waves that the mesh does not hold
        main, zeroth, first, second = (np.ones((3, len(self._integers))) for _ in range(4))
        for axis, points in enumerate(shape):
            one, at = np.unique(self._integers[:, axis], return_inverse=True)
            aliases = one[:, None] + points * _ALIASES
            weight = np.sinc(aliases / points) ** (2 * order)
            main[axis] = (np.sinc(one / points) ** (2 * order))[at]
            zeroth[axis], first[axis], second[axis] = (
                (weight * aliases.astype(float) ** power).sum(axis=1)[at] for power in range(3)
            )
        metric = 4 * np.pi**2 * self._inverse.T @ self._inverse
        gathered = np.zeros(len(self._integers))
        for a in range(3):
            for b in range(3):
                parts = zeroth.copy()
                if a == b:
                    parts[a] = second[a]
                else:
                    parts[a], parts[b] = first[a], first[b]
                gathered += metric[a, b] * parts.prod(axis=0)
        w, s, k2 = main.prod(axis=0), zeroth.prod(axis=0), (self._k**2).sum(axis=1)
        influence = w / s**2
        wrong = np.maximum(k2 * (1 - 2 * influence * w) + influence**2 * gathered * s, 0.0)
        screening = k2 / (k2 + (6 * np.pi**2 * density) ** (2 / 3))  # long waves of charges cancel in a melt
        # Of few atoms the images of a charge, always in the same place, count for much.
        few = 1 + FEW_ATOMS / self._atoms
        return few * float(np.sqrt((self._weight**2 * wrong).sum() / (self._weight**2 * k2 * screening).sum()))


class MeshWaves:
    """`lr_correction.plane_waves.PlaneWaves` by way of a mesh, for any moments: their factors multiply the waves.

    Parameters
    ----------
    positions, cell, integers
        As for `PlaneWaves`.
    order
        Of the B-splines.
    fineness
        Points of the mesh for every point that the largest wave needs. Its relative error is about
        ``(2 fineness - 1)^-order``.

    Attributes
    ----------
    k
        Reciprocal vectors, shape (K, 3), 1/angstrom.
    """

    def __init__(
        self, positions: Array, cell: Array, integers: Integers, *, order: int = 8, fineness: float = 2.0
    ) -> None:
        inverse = np.linalg.inv(to_numpy(cell).astype(np.float64))
        self._shape = _shape(integers, fineness)
        self.k = asarray(2 * np.pi * integers @ inverse.T, like=positions)
        # The transform keeps n3 >= 0: of the others the conjugate of -k.
        flipped = integers[:, 2] < 0
        self._places = asarray(_places(integers, self._shape), like=positions)
        self._sign = asarray(np.where(flipped, -1.0, 1.0), like=positions)
        self._factor = asarray(_factors(integers, self._shape, order), like=positions)
        self._on_plane = asarray(np.flatnonzero(integers[:, 2] == 0), like=positions)
        self._opposite = asarray(_places(-integers[integers[:, 2] == 0], self._shape), like=positions)
        self._spline = Spline(positions, inverse, self._shape, order)

    def sum_atoms(self, values: Array) -> Array:
        """Return ``sum_i exp(-i k.r_i) values[i]``, complex, shape (K, m), for real values of shape (N, m)."""
        xp = namespace(values)
        result = xp.empty((len(self.k), values.shape[1]), dtype=xp.complex128)
        for column, mesh in enumerate(self._spline.spread(values)):
            found = fourier_module(xp).rfftn(mesh).reshape(-1)[self._places]
            result[:, column] = self._factor * (found.real + 1j * self._sign * found.imag)
        return result

    def sum_waves(self, amplitudes: Array) -> Array:
        """Return ``Re sum_k exp(i k.r_i) amplitudes[k]``, shape (N, m), for amplitudes of shape (K, m)."""
        xp, n = namespace(amplitudes), self._shape
        result = xp.empty((self._spline.atoms, amplitudes.shape[1]))
        for column in range(amplitudes.shape[1]):
            value = 0.5 * self._factor * (amplitudes[:, column].real + 1j * self._sign * amplitudes[:, column].imag)
            grid = xp.zeros(n[0] * n[1] * (n[2] // 2 + 1), dtype=xp.complex128)
            grid[self._places] = value
            grid[self._opposite] = value[self._on_plane].conj()
            mesh = fourier_module(xp).irfftn(grid.reshape(n[0], n[1], -1), s=n, norm="forward")
            result[:, column] = self._spline.gather(mesh)[:, 0]
        return result


class Spline:
    """Spreading to a mesh and gathering from it; compiled on a CPU where that is there, else by sparse matrices.

    Parameters
    ----------
    positions
        Shape (N, 3), angstrom, anywhere.
    inverse
        Inverse of the cell.
    shape
        Points of the mesh along each lattice vector.
    order
        Of the B-splines: points that one atom reaches along each.
    """

    def __init__(self, positions: Array, inverse: np.ndarray[Any, Any], shape: tuple[int, ...], order: int) -> None:
        xp = namespace(positions)
        self.atoms, self._shape, self._order = len(positions), shape, order
        to_fraction = asarray(inverse, like=positions)
        fraction = positions.astype(xp.float64) @ to_fraction
        self._place = (fraction - xp.floor(fraction)) * asarray(np.array(shape, dtype=float), like=positions)
        self._to_gradient = asarray((inverse * np.array(shape)).T.copy(), like=positions)
        self._compiled = _compiled() if xp is np else None

    def spread(self, values: Array) -> Array:
        """Return the meshes of the columns of values (N, m), shape (m, points, points, points)."""
        xp, n = namespace(values), self._shape
        if self._compiled is not None:
            meshes = np.zeros((values.shape[1], *n))
            for column, mesh in enumerate(meshes):
                charges = np.ascontiguousarray(values[:, column], dtype=float)
                self._compiled.spread(self._order, self.atoms, *n, self._place, charges, mesh)
            return meshes
        total = xp.zeros((math.prod(n), values.shape[1]))
        for atoms, (matrix, *_) in self._tiles(derivatives=False):
            total += matrix.T @ values[atoms].astype(xp.float64)
        return total.T.reshape(-1, *n)

    def gather(self, mesh: Array) -> Array:
        """Return the value of a mesh at every atom and its gradient, shape (N, 4)."""
        xp = namespace(mesh)
        result = xp.empty((self.atoms, 4))
        if self._compiled is not None:
            self._compiled.gather(
                self._order, self.atoms, *self._shape, self._place, np.ascontiguousarray(mesh), result
            )
        else:
            flat = mesh.reshape(-1)
            for atoms, matrices in self._tiles(derivatives=True):
                for column, matrix in enumerate(matrices):
                    result[atoms, column] = matrix @ flat
        result[:, 1:] = result[:, 1:] @ self._to_gradient
        return result

    def _tiles(self, derivatives: bool) -> Any:
        """Yield slices of atoms with the sparse matrices (atoms, points) of the weights and of their derivatives."""
        xp, n, p = namespace(self._place), self._shape, self._order
        sparse = sparse_module(xp)
        for start in range(0, self.atoms, _TILE):
            atoms = slice(start, min(start + _TILE, self.atoms))
            place = self._place[atoms] + 0.5 * p
            whole = xp.floor(place)
            value, slope = _splines(place - whole, p)
            node = [
                xp.mod(whole[:, axis, None].astype(xp.int64) - xp.arange(p)[None, :] + 8 * n[axis], n[axis])
                for axis in range(3)
            ]
            index = (node[0][:, :, None, None] * n[1] + node[1][:, None, :, None]) * n[2] + node[2][:, None, None, :]
            rows = xp.arange(atoms.stop - start + 1) * p**3
            matrices = []
            for along in (None, 0, 1, 2) if derivatives else (None,):
                a, b, c = ((slope if axis == along else value)[:, axis] for axis in range(3))
                entries = a[:, :, None, None] * b[:, None, :, None] * c[:, None, None, :]
                matrices.append(
                    sparse.csr_matrix(
                        (entries.reshape(-1), index.reshape(-1), rows), shape=(atoms.stop - start, math.prod(n))
                    )
                )
            yield atoms, matrices


def _splines(fraction: Array, order: int) -> tuple[Array, Array]:
    """Return the cardinal B-spline and its derivative at fraction + 0 .. order - 1, in a new last axis."""
    xp = namespace(fraction)
    values = [fraction, 1.0 - fraction]
    zero = 0.0 * fraction
    last = values
    for degree in range(3, order + 1):
        before = values
        values = [
            ((fraction + t) * (before[t] if t < degree - 1 else zero)
             + (degree - fraction - t) * (before[t - 1] if t else zero)) / (degree - 1)
            for t in range(degree)
        ]  # fmt: skip
        last = before
    return xp.stack(values, axis=-1), xp.stack(
        [(last[t] if t < order - 1 else zero) - (last[t - 1] if t else zero) for t in range(order)], axis=-1
    )


def _shape(integers: Integers, fineness: float) -> tuple[int, ...]:
    from scipy.fft import next_fast_len

    most = np.abs(integers).max(axis=0, initial=0)
    return tuple(next_fast_len(max(math.ceil(fineness * (2 * int(m) + 1)), 4), real=True) for m in most)


def _places(integers: Integers, shape: tuple[int, ...]) -> Integers:
    """Return where k, or -k for n3 < 0, lies in the half of a mesh that a real transform keeps, flattened."""
    kept = np.where(integers[:, 2:] < 0, -integers, integers)
    a, b = kept[:, 0] % shape[0], kept[:, 1] % shape[1]
    places: Integers = (a * shape[1] + b) * (shape[2] // 2 + 1) + kept[:, 2]
    return places


def _factors(integers: Integers, shape: tuple[int, ...], order: int) -> np.ndarray[Any, Any]:
    """Return by what a wave of spread charges is multiplied: the least-squares weight W / sum of W^2 over aliases."""
    result = np.ones(len(integers))
    for axis, points in enumerate(shape):
        one = integers[:, axis]
        squares = (np.sinc((one[:, None] + points * _ALIASES) / points) ** (2 * order)).sum(axis=1)
        result *= np.sinc(one / points) ** order / squares
    return result


@cache
def _compiled() -> Any:
    from .engine import kernel

    module = kernel()
    return module if hasattr(module, "spread") else None


def worthwhile(atoms: int, cell: Array, k_cutoff: float) -> bool:
    """Return whether a mesh takes less time than the exact sum: from about 2000 atoms on.

    Examples
    --------
    >>> import numpy
    >>> worthwhile(100, 10 * numpy.eye(3), 2.5), worthwhile(50_000, 80 * numpy.eye(3), 2.5)
    (False, True)
    """
    volume = abs(float(np.linalg.det(to_numpy(cell))))
    return atoms * volume * k_cutoff**3 / (12 * np.pi**2) > WORTHWHILE
