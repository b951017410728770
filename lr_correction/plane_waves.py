"""Sums over atoms and over reciprocal vectors, phases made from products of one-dimensional ones."""

from collections.abc import Iterator

import numpy as np

from .backend import Array, asarray, namespace, to_numpy

COMPLEX_BYTES = 16


def half_space(cell: Array, k_cutoff: float) -> np.ndarray[tuple[int, int], np.dtype[np.int64]]:
    """Return one of each pair k, -k of the reciprocal vectors with ``0 < |k| < k_cutoff``.

    Parameters
    ----------
    cell
        Lattice vectors as rows, shape (3, 3), angstrom.
    k_cutoff
        Radius of the sphere, 1/angstrom.

    Returns
    -------
    numpy.ndarray
        Integers n, shape (K, 3), with ``k = 2 pi n . inverse(cell).T``; the first one that is not zero is positive.

    Examples
    --------
    >>> half_space(numpy.eye(3), 6.3)
    array([[0, 0, 1],
           [0, 1, 0],
           [1, 0, 0]])
    """
    lattice = to_numpy(cell).astype(np.float64)
    # n_i = k.a_i / 2 pi bounds every component exactly, whatever the shape of the cell.
    most = np.floor(k_cutoff * np.linalg.norm(lattice, axis=1) / (2 * np.pi)).astype(int)
    axes = [np.arange(0, most[0] + 1), *(np.arange(-m, m + 1) for m in most[1:])]
    n = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3)
    n = n[(n[:, 0] > 0) | ((n[:, 0] == 0) & ((n[:, 1] > 0) | ((n[:, 1] == 0) & (n[:, 2] > 0))))]
    k = 2 * np.pi * n @ np.linalg.inv(lattice).T
    kept: np.ndarray[tuple[int, int], np.dtype[np.int64]] = n[np.einsum("ka,ka->k", k, k) < k_cutoff**2]
    return kept


class PlaneWaves:
    """The waves exp(i k.r) of one system: sums of columns over atoms, and of waves at the atoms.

    The phase of k = (n1, n2, n3) is the product of a row (n1, n2) and a column n3, so both sums are matrix products of
    a rows x atoms with an atoms x columns array, atoms in tiles: no array of atoms x K exists. The rows outnumber the
    columns, so the longest axis of the box of integers becomes the column.

    Parameters
    ----------
    positions, cell
        Shape (N, 3) and (3, 3), angstrom.
    integers
        Shape (K, 3), the reciprocal vectors as from `half_space`.
    memory
        Bytes that one tile of atoms may take.

    Attributes
    ----------
    k
        Reciprocal vectors, shape (K, 3), 1/angstrom.
    """

    def __init__(
        self, positions: Array, cell: Array, integers: np.ndarray[tuple[int, int], np.dtype[np.int64]], memory: int
    ) -> None:
        xp = namespace(positions)
        inverse = np.linalg.inv(to_numpy(cell).astype(np.float64))
        self.k = asarray(2 * np.pi * integers @ inverse.T, like=positions)
        self._memory = memory
        order = np.argsort(np.abs(integers).max(axis=0, initial=0), kind="stable")
        n = integers[:, order]
        self._fractional = positions.astype(xp.float64) @ asarray(inverse[:, order], like=positions)
        rows, row_of = np.unique(n[:, :2], axis=0, return_inverse=True)
        first = n[:, 2].min(initial=0)
        columns = np.arange(first, n[:, 2].max(initial=0) + 1)
        self._shape = (len(rows), len(columns))
        self._place = asarray(row_of.ravel() * len(columns) + n[:, 2] - first, like=positions)
        self._rows = asarray(rows, like=positions, dtype=xp.float64)
        self._columns = asarray(columns, like=positions, dtype=xp.float64)

    def sum_atoms(self, values: Array) -> Array:
        """Return ``sum_i exp(-i k.r_i) values[i]``, complex, shape (K, m), for real values of shape (N, m)."""
        xp = namespace(values)
        rows, columns = self._shape
        width = values.shape[1]
        total = xp.zeros((rows, columns * width), dtype=xp.complex128)
        for atoms, row_phase, column_phase in self._tiles(width):
            loaded = column_phase[:, :, None] * values[atoms][:, None, :]
            total += row_phase @ loaded.reshape(-1, columns * width)
        return total.reshape(rows * columns, width)[self._place].conj()

    def sum_waves(self, amplitudes: Array) -> Array:
        """Return ``Re sum_k exp(i k.r_i) amplitudes[k]``, shape (N, m), for amplitudes of shape (K, m)."""
        xp = namespace(amplitudes)
        rows, columns = self._shape
        width = amplitudes.shape[1]
        grid = xp.zeros((rows * columns, width), dtype=xp.complex128)
        grid[self._place] = amplitudes
        grid = grid.reshape(rows, columns * width)
        result = xp.empty((len(self._fractional), width))
        for atoms, row_phase, column_phase in self._tiles(width):
            by_column = (row_phase.T @ grid).reshape(-1, columns, width)
            by_column *= column_phase[:, :, None]
            result[atoms] = by_column.sum(axis=1).real
        return result

    def _tiles(self, width: int) -> Iterator[tuple[slice, Array, Array]]:
        """Yield slices of atoms with their phases of rows (rows, n) and columns (n, columns)."""
        xp = namespace(self._fractional)
        rows, columns = self._shape
        step = max(1, self._memory // (COMPLEX_BYTES * (2 * rows + 2 * columns * width)))
        for start in range(0, len(self._fractional), step):
            atoms = slice(start, start + step)
            angle = 2 * xp.pi * self._fractional[atoms]
            row_phase = xp.exp(1j * (self._rows @ angle[:, :2].T))
            column_phase = xp.exp(1j * (angle[:, 2:] * self._columns))
            yield atoms, row_phase, column_phase
