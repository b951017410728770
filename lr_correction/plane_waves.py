"""Sums over atoms and over reciprocal vectors, phases made from products of one-dimensional ones."""

from collections.abc import Iterator

import numpy as np

from .backend import Array, asarray, namespace, to_numpy

Integers = np.ndarray[tuple[int, int], np.dtype[np.int64]]


def half_space(cell: Array, k_cutoff: float) -> Integers:
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
    >>> import numpy
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
    kept: Integers = n[np.einsum("ka,ka->k", k, k) < k_cutoff**2]
    return kept


class PlaneWaves:
    """The waves exp(i k.r) of one system: sums of columns over atoms, and of waves at the atoms.

    The angle of k = (n1, n2, n3) is that of a row (n1, n2) plus that of a column n3, so by the addition theorems both
    sums are real matrix products of a rows x atoms with an atoms x columns array, atoms in tiles: there is never an
    array of atoms x K. The longest axis of the box of integers becomes the column, which leaves the fewest rows.

    Parameters
    ----------
    positions, cell
        Shape (N, 3) and (3, 3), angstrom.
    integers
        Shape (K, 3), the reciprocal vectors as from `half_space`; no vector twice.
    memory
        Bytes that one tile of atoms may take.

    Attributes
    ----------
    k
        Reciprocal vectors, shape (K, 3), 1/angstrom.
    """

    def __init__(self, positions: Array, cell: Array, integers: Integers, memory: int) -> None:
        xp = namespace(positions)
        inverse = np.linalg.inv(to_numpy(cell).astype(np.float64))
        self.k = asarray(2 * np.pi * integers @ inverse.T, like=positions)
        self._memory = memory
        order = np.argsort(np.abs(integers).max(axis=0, initial=0), kind="stable")
        self._angle = 2 * np.pi * positions.astype(xp.float64) @ asarray(inverse[:, order], like=positions)
        n = integers[:, order]
        # n3 and -n3 share a column: one is the sum, the other the difference of the same products.
        rows, row_of = np.unique(n[:, :2], axis=0, return_inverse=True)
        count = int(np.abs(n[:, 2]).max(initial=0)) + 1
        self._shape = (len(rows), count)
        self._axes = []  # of both numbers of a row: all values from the lowest to the highest, and which one it is
        for number in rows.T:
            low, high = number.min(initial=0), number.max(initial=0)
            values = asarray(np.arange(low, high + 1), like=positions, dtype=xp.float64)
            self._axes.append((values, asarray(number - low, like=positions)))
        self._columns = xp.arange(count, dtype=xp.float64)
        self._place = asarray(row_of.ravel() * count + np.abs(n[:, 2]), like=positions)
        self._sign = asarray(np.where(n[:, 2] < 0, -1.0, 1.0)[:, None], like=positions)
        self._halves = [asarray(np.flatnonzero(half), like=positions) for half in (n[:, 2] >= 0, n[:, 2] < 0)]

    def sum_atoms(self, values: Array) -> Array:
        """Return ``sum_i exp(-i k.r_i) values[i]``, complex, shape (K, m), for real values of shape (N, m)."""
        xp = namespace(values)
        (rows, columns), width = self._shape, values.shape[1]
        total = xp.zeros((2 * rows, 2 * columns * width))
        for atoms, row, column in self._tiles(width):
            total += row @ (column[:, :, None] * values[atoms][:, None, :]).reshape(-1, 2 * columns * width)
        parts = total.reshape(2, rows, 2, columns, width)
        (cc, cs), (sc, ss) = (
            [parts[a, :, b].reshape(rows * columns, width)[self._place] for b in (0, 1)] for a in (0, 1)
        )
        return (cc - self._sign * ss) - 1j * (sc + self._sign * cs)

    def sum_waves(self, amplitudes: Array) -> Array:
        """Return ``Re sum_k exp(i k.r_i) amplitudes[k]``, shape (N, m), for amplitudes of shape (K, m)."""
        xp = namespace(amplitudes)
        (rows, columns), width = self._shape, amplitudes.shape[1]
        grid = xp.zeros((2, 2, rows * columns, width))
        real, imag = amplitudes.real, amplitudes.imag
        for half in self._halves:  # within a half no place occurs twice
            place, sign = self._place[half], self._sign[half]
            grid[0, 0, place] += real[half]
            grid[1, 1, place] -= sign * real[half]
            grid[1, 0, place] -= imag[half]
            grid[0, 1, place] -= sign * imag[half]
        grid = grid.reshape(2, 2, rows, columns * width).transpose(0, 2, 1, 3).reshape(2 * rows, 2 * columns * width)
        result = xp.empty((len(self._angle), width))
        for atoms, row, column in self._tiles(width):
            by_column = (row.T @ grid).reshape(-1, 2 * columns, width)
            result[atoms] = (column[:, None, :] @ by_column)[:, 0]
        return result

    def _tiles(self, width: int) -> Iterator[tuple[slice, Array, Array]]:
        """Yield slices of n atoms with cosines and sines of the rows (2 rows, n) and of the columns (n, 2 columns)."""
        xp = namespace(self._angle)
        rows, columns = self._shape
        step = max(1, self._memory // (8 * (6 * rows + 4 * columns * (width + 1))))
        for start in range(0, len(self._angle), step):
            atoms = slice(start, start + step)
            row, second = (
                xp.exp(1j * (values[:, None] * self._angle[atoms, axis]))[which]
                for axis, (values, which) in enumerate(self._axes)
            )
            row *= second  # a product is several times cheaper than cosine and sine of every row
            column = self._angle[atoms, 2:] * self._columns
            yield (
                atoms,
                xp.concatenate([row.real, row.imag]),
                xp.concatenate([xp.cos(column), xp.sin(column)], axis=1),
            )
