"""Derivatives of the hidden layers of all centres of one type with respect to all positions, dense or block-sparse.

In small cells every atom lies within the cutoff of nearly every other: there the whole table is stored and contracted
by plain matrix products. In large cells only the entries of neighbours are kept.
"""

from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from .backend import Array, namespace, segment_sum, sparse_module

#: Share of filled entries from which the whole table is stored: below, it would cost more memory than it saves time.
DENSE_SHARE = 0.4


class TypeGradient(Protocol):
    """What both forms offer; vectors come and go in the form's own order of entries."""

    @property
    def values(self) -> Array:
        """All entries; the last two axes are the direction and the neuron."""

    def contract_parameters(self, weights: Array) -> Array:
        """Return the vectors ``sum_m values[..., m] weights[m]`` of all entries, from weights (M,)."""

    def contract_centres(self, weights: Array) -> Array:
        """Return ``sum_c weights[c] d h_c / d r_i`` for every atom i that moves, (N, 3, M), from weights (N,)."""

    def spread(self, vectors: Array, values: Array) -> Array:
        """Return ``sum_c vectors[c, i] values[c, n]`` for every atom i that moves, (N, 3, n), from values (N, n)."""

    def as_float32(self) -> "TypeGradient":
        """Return the same entries rounded to float32."""


@dataclass(frozen=True)
class DenseGradient:
    """The whole table.

    Attributes
    ----------
    centres
        Atoms of the type, shape (C,).
    values
        Derivative of the hidden layer of centre c with respect to the position of atom i, (C, N, 3, M), 1/angstrom.
    """

    centres: Array
    values: Array

    def contract_parameters(self, weights: Array) -> Array:
        """Return vectors of shape (C, N, 3)."""
        flat = self.values.reshape(-1, self.values.shape[-1]) if self.values.size else self.values
        return (flat @ weights.astype(flat.dtype)).reshape(self.values.shape[:-1])

    def contract_centres(self, weights: Array) -> Array:
        """Sum over the centres with weights."""
        count, atoms, axes, neurons = self.values.shape
        flat = self.values.reshape(count, atoms * axes * neurons)
        return (weights[self.centres].astype(flat.dtype) @ flat).reshape(atoms, axes, neurons)

    def spread(self, vectors: Array, values: Array) -> Array:
        """Sum outer products over the centres."""
        count, atoms, axes = vectors.shape
        flat = vectors.reshape(count, atoms * axes).astype(values.dtype)
        return (flat.T @ values[self.centres]).reshape(atoms, axes, values.shape[1])

    def as_float32(self) -> "DenseGradient":
        """Round the table."""
        return replace(self, values=self.values.astype(np.float32))


@dataclass(frozen=True)
class SparseGradient:
    """The entries of neighbours and of the centres themselves, sorted by the atom that moves.

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
        """Return vectors of shape (U, 3)."""
        flat = self.values.reshape(-1, self.values.shape[-1]) if self.values.size else self.values
        return (flat @ weights.astype(flat.dtype)).reshape(self.values.shape[:-1])

    def contract_centres(self, weights: Array) -> Array:
        """Sum over the centres with weights."""
        entries, axes, neurons = self.values.shape
        data = weights[self.centre].astype(self.values.dtype)
        matrix = self._matrix(data, namespace(weights).arange(entries), entries)
        return (matrix @ self.values.reshape(entries, axes * neurons)).reshape(-1, axes, neurons)

    def spread(self, vectors: Array, values: Array) -> Array:
        """Sum outer products over the centres."""
        parts = [self._matrix(vectors[:, a].astype(values.dtype), self.centre, len(values)) @ values for a in range(3)]
        return namespace(values).stack(parts, axis=1)

    def as_float32(self) -> "SparseGradient":
        """Round the entries."""
        return replace(self, values=self.values.astype(np.float32))

    def _matrix(self, data: Array, columns: Array, width: int) -> Array:
        shape = (len(self.rows) - 1, width)
        return sparse_module(namespace(data)).csr_matrix((data, columns, self.rows), shape=shape)


def merge(by_pair: Array, centre: Array, neighbour: Array, own: Array, centres: Array) -> TypeGradient:
    """Sum the pair derivatives of all centres of one type into entries (centre, atom).

    Parameters
    ----------
    by_pair
        Derivatives by pair vectors, shape (P, 3, M).
    centre, neighbour
        The pairs' atoms, shape (P,).
    own
        Sum of the derivatives over the pairs of every atom, shape (N, 3, M): minus the derivative by its own position.
    centres
        Atoms of the type, shape (C,).
    """
    xp, atoms, count = namespace(by_pair), len(own), len(centres)
    key = xp.concatenate([neighbour, centres]) * atoms + xp.concatenate([centre, centres])
    unique, inverse = xp.unique(key, return_inverse=True)
    if len(unique) < DENSE_SHARE * count * atoms or not count:
        values = segment_sum(by_pair, inverse[: len(centre)], len(unique))
        values[inverse[len(centre) :]] -= own[centres]
        atom = unique // atoms
        rows = xp.concatenate([xp.searchsorted(atom, xp.arange(atoms)), xp.full(1, len(unique))])
        return SparseGradient(centre=unique % atoms, atom=atom, rows=rows, values=values)
    place = xp.zeros(atoms, dtype=centres.dtype)
    place[centres] = xp.arange(count)
    table = segment_sum(by_pair, place[centre] * atoms + neighbour, count * atoms)
    table[xp.arange(count) * atoms + centres] -= own[centres]
    return DenseGradient(centres=centres, values=table.reshape(count, atoms, *by_pair.shape[1:]))
