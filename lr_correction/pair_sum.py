"""Real-space part of the electrostatic sums, over the pairs of atoms within a cutoff."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

from .backend import Array, namespace, sparse_module
from .batch import Pairs
from .kernels import COULOMB_CONSTANT, Interaction

#: The six components of a symmetric tensor.
COMPONENTS = ((0, 0), (1, 1), (2, 2), (1, 2), (0, 2), (0, 1))


class PairSum:
    """Sparse matrices of one pair function: K, its derivative and its strain derivative, times many columns.

    Parameters
    ----------
    pairs
        Ordered pairs sorted by centre; those beyond the cutoff of the interaction are left out.
    size
        Number of atoms N.
    interaction
        With a pair function.
    """

    def __init__(self, pairs: Pairs, size: int, interaction: Interaction) -> None:
        xp = namespace(pairs.vector)
        vector = pairs.vector.astype(xp.float64)
        distance = xp.sqrt((vector**2).sum(axis=1))
        inside = distance < interaction.pair_cutoff
        distance, self._vector = distance[inside], vector[inside]
        self._neighbour = pairs.neighbour[inside]
        self._first = xp.searchsorted(pairs.centre[inside], xp.arange(size + 1))
        self._size = size
        value, slope = interaction.in_r(distance)
        self._value = COULOMB_CONSTANT * value
        self._slope = COULOMB_CONSTANT * slope / distance  # (du/dr) / r

    def _matrix(self, entries: Array) -> Array:
        """Return the sparse matrix (N, N) with one entry per pair; several images of a pair add up in products."""
        sparse = sparse_module(namespace(entries))
        return sparse.csr_matrix((entries, self._neighbour, self._first), shape=(self._size, self._size))

    def potential(self, q: Array) -> Array:
        """Return K q, shape (N, m)."""
        return self._matrix(self._value) @ q

    def field(self, q: Array) -> Array:
        """Return minus the derivative of K q with respect to the centre, shape (N, 3, m)."""
        xp = namespace(q)
        # Moving the centre shortens the pair vector, hence the sign: -d u(r) / d r_i = +(du/dr) r12 / r.
        return xp.stack([self._matrix(self._slope * self._vector[:, axis]) @ q for axis in range(3)], axis=1)

    def virial_columns(self, q: Array) -> Iterator[tuple[int, int, Array]]:
        """Yield (a, b, V q) for the six components of V = minus the strain derivative of K / 2; V q is (N, m)."""
        for a, b in COMPONENTS:
            yield a, b, self._matrix(-0.5 * self._slope * self._vector[:, a] * self._vector[:, b]) @ q


def by_system(values: Array, offsets: Sequence[int]) -> Array:
    """Sum the rows of each system: (N, ...) to (B, ...)."""
    xp = namespace(values)
    return xp.stack([values[a:b].sum(axis=0) for a, b in pairwise(offsets)])
