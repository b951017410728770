"""What a fit needs of the frozen network, once per frame: hidden layer, its derivatives by atom and by strain."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from .backend import Array, namespace, segment_outer, segment_sum, sparse_module
from .batch import Batch, Pairs
from .descriptors import forward, hidden_gradient
from .nepfile import NEP


@dataclass(frozen=True)
class TypeGradient:
    """Derivatives of the hidden layers of all centres of one type, block-sparse and sorted by the atom that moves.

    Attributes
    ----------
    centre, atom
        Shape (U,): entry u is the derivative of the hidden layer of `centre` with respect to the position of `atom`.
    rows
        Shape (N + 1,): entries of atom i are ``rows[i]:rows[i + 1]``.
    values
        Shape (U, 3, M), 1/angstrom.
    """

    centre: Array
    atom: Array
    rows: Array
    values: Array

    def contract_parameters(self, weights: Array) -> Array:
        """Return ``sum_m values[u, :, m] weights[m]``, shape (U, 3)."""
        return (self.values.reshape(-1, self.values.shape[2]) @ weights).reshape(-1, 3)

    def contract_centres(self, weights: Array) -> Array:
        """Return ``sum_u weights[centre] values[u]`` for every atom that moves, shape (N, 3, M), from weights (N,)."""
        entries, neurons = len(self.centre), self.values.shape[2]
        matrix = _rows(weights[self.centre], namespace(weights).arange(entries), self.rows, entries)
        return (matrix @ self.values.reshape(entries, 3 * neurons)).reshape(-1, 3, neurons)


def _rows(data: Array, columns: Array, rows: Array, width: int) -> Array:
    return sparse_module(namespace(data)).csr_matrix((data, columns, rows), shape=(len(rows) - 1, width))


def spread(gradient: TypeGradient, vectors: Array, values: Array) -> Array:
    """Return ``sum_u vectors[u, a] values[centre(u), n]`` for every atom that moves, shape (N, 3, n).

    Parameters
    ----------
    gradient
        Gives the entries u.
    vectors
        Shape (U, 3).
    values
        Shape (N, n).
    """
    width = len(values)
    parts = [_rows(vectors[:, a].copy(), gradient.centre, gradient.rows, width) @ values for a in range(3)]
    return namespace(values).stack(parts, axis=1)


@dataclass(frozen=True)
class HiddenResponse:
    """Hidden layer of a frame and how it moves.

    Attributes
    ----------
    batch
        The frame.
    pairs
        Its pairs within the radial cutoff.
    hidden
        Shape (N, M).
    gradients
        One block-sparse derivative for every element of the model (empty for elements that are absent).
    strain
        Shape (N, 3, 3, M): ``sum_j r12_a d h_m / d r12_b`` of every centre.
    neighbour_strain
        Shape (N, 3, 3, T, M): the sum over the pairs in which the atom is the neighbour, by the centre's type; None
        unless asked for (Born effective charges need it).
    """

    batch: Batch
    pairs: Pairs
    hidden: Array
    gradients: Sequence[TypeGradient]
    strain: Array
    neighbour_strain: Array | None = None


def hidden_response(nep: NEP, batch: Batch, pairs: Pairs, *, neighbour_strain: bool = False) -> HiddenResponse:
    """Compute the hidden layer and its derivatives with respect to all positions and to strain.

    Periodic images of one neighbour are merged, so that the size is bounded by N^2 in small cells and by the number of
    neighbours in large ones.

    Parameters
    ----------
    nep
        The frozen network.
    batch, pairs
        The systems and their pairs within the radial cutoff.
    neighbour_strain
        Whether to compute what Born effective charges need.

    Examples
    --------
    >>> response = hidden_response(nep, batch, neighbour_pairs(batch, nep.cutoff_radial))  # doctest: +SKIP
    """
    state = forward(nep, batch, pairs)
    by_pair = hidden_gradient(nep, state)
    return HiddenResponse(
        batch=batch,
        pairs=pairs,
        hidden=state.hidden,
        gradients=_merge(by_pair, batch, pairs),
        strain=_strain(by_pair, pairs.vector, pairs.centre, len(batch.types)),
        neighbour_strain=_neighbour_strain(by_pair, batch, pairs) if neighbour_strain else None,
    )


def _strain(by_pair: Array, vectors: Array, index: Array, size: int) -> Array:
    """Return ``sum_p vectors[p, a] by_pair[p, b, m]`` over the pairs with the same index, shape (size, 3, 3, M)."""
    _, axes, neurons = by_pair.shape
    sums = segment_outer(vectors, by_pair.reshape(len(vectors), axes * neurons), index, size)
    return sums.reshape(size, 3, axes, neurons)


def _neighbour_strain(by_pair: Array, batch: Batch, pairs: Pairs) -> Array:
    types, atoms = len(batch.elements), len(batch.types)
    index = pairs.neighbour * types + batch.types[pairs.centre]
    sums = _strain(by_pair, pairs.vector, index, atoms * types)
    shape = (atoms, types, *sums.shape[1:])
    return sums.reshape(shape).transpose(0, 2, 3, 1, 4)


def _merge(by_pair: Array, batch: Batch, pairs: Pairs) -> tuple[TypeGradient, ...]:
    """Sum pair derivatives into entries (centre, atom), the centre's own derivative among them."""
    xp, atoms = namespace(by_pair), len(batch.types)
    own = segment_sum(by_pair, pairs.centre, atoms)
    every = xp.arange(atoms)
    gradients = []
    for t in range(len(batch.elements)):
        mine = xp.nonzero(batch.types[pairs.centre] == t)[0]
        centres = xp.nonzero(batch.types == t)[0]
        key = xp.concatenate([pairs.neighbour[mine], centres]) * atoms + xp.concatenate([pairs.centre[mine], centres])
        unique, inverse = xp.unique(key, return_inverse=True)
        values = segment_sum(by_pair[mine], inverse[: len(mine)], len(unique))
        values[inverse[len(mine) :]] -= own[centres]
        atom = unique // atoms
        rows = xp.concatenate([xp.searchsorted(atom, every), xp.full(1, len(unique))])
        gradients.append(TypeGradient(centre=unique % atoms, atom=atom, rows=rows, values=values))
    return tuple(gradients)


def as_float32(response: HiddenResponse) -> HiddenResponse:
    """Return the same response with its large arrays rounded to float32 (half the memory, 7 digits)."""
    gradients = tuple(TypeGradient(g.centre, g.atom, g.rows, g.values.astype(np.float32)) for g in response.gradients)
    return replace(response, gradients=gradients)
