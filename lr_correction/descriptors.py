"""NEP's descriptors, hidden layer and moments, and their derivatives by pair vectors.

Formulas: doi:10.1103/PhysRevB.104.104309 and doi:10.1063/5.0106617; order and signs as in GPUMD's `src/force/nep.cu`.
Pairs are worked on in blocks that share both types and lie either within the angular cutoff or beyond it: each needs
one matrix of expansion coefficients, and memory stays bounded.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from .backend import Array, asarray, namespace, segment_outer, segment_sum, to_numpy
from .batch import Batch, Pairs, forces_and_virial, neighbour_pairs
from .errors import ModelError
from .harmonics import columns, harmonics
from .invariants import invariant, invariant_gradient
from .nep import NEP
from .radial import basis, basis_and_derivative
from .zbl import zbl_of_pairs

# Transient memory of one block of pairs, bytes: what suits the caches of a CPU, and enough work at once for a GPU.
BLOCK_BYTES = {"numpy": 8 * 2**20}
BLOCK_BYTES_ELSEWHERE = 256 * 2**20


@dataclass(frozen=True)
class Block:
    """A run of pairs, in the order of `Forward.order`, with one type of centre and one of neighbours."""

    types: tuple[int, int]
    angular: bool
    start: int
    stop: int
    first_centre: int
    last_centre: int


@dataclass(frozen=True)
class Forward:
    """What a NEP computes on the way to its energy, for N atoms.

    Attributes
    ----------
    batch, pairs
        The systems, and all pairs within at least the radial cutoff.
    descriptors
        Scaled descriptors, shape (N, D).
    hidden
        Activations ``tanh(w0 q - b0)``, shape (N, M).
    moments
        ``A_nlm = sum_j g_n(r_ij) Y_lm(r_ij)``, shape (N, n, (L + 1)^2 - 1); columns over l = 1 .. L, then m = -l .. l.
    order
        Indices of the pairs within the radial cutoff, block by block.
    blocks
        Runs of `order` with common types.
    """

    batch: Batch
    pairs: Pairs
    descriptors: Array
    hidden: Array
    moments: Array
    order: Array
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class ShortRange:
    """Energy and derivatives of a NEP without its charges, for B systems and N atoms.

    Attributes
    ----------
    energy
        Shape (B,), eV.
    atom_energy
        Shape (N,), eV.
    forces
        Shape (N, 3), eV/angstrom.
    virial
        ``W_ab = -dE/d(strain_ab)``, shape (B, 3, 3), eV; positive under compression.
    """

    energy: Array
    atom_energy: Array
    forces: Array
    virial: Array


class _Local:
    """A model's parameters on the device of the pairs."""

    def __init__(self, nep: NEP, pairs: Pairs) -> None:
        self.nep = nep
        self.pairs = pairs
        self.xp = namespace(pairs.vector)

    def array(self, values: Array) -> Array:
        return asarray(values, like=self.pairs.vector, dtype=self.pairs.vector.dtype)

    @cached_property
    def w0(self) -> Array:
        """Weights that act on unscaled descriptors, (T, M, D)."""
        return self.array(self.nep.w0 * self.nep.q_scaler)

    @cached_property
    def b0(self) -> Array:
        return self.array(self.nep.b0)

    @cached_property
    def coefficients(self) -> tuple[Array, Array]:
        """Expansion coefficients by types, (T, T, k, n), radial and angular."""
        return self.array(self.nep.c_radial.transpose(2, 3, 1, 0)), self.array(self.nep.c_angular.transpose(2, 3, 1, 0))

    @cached_property
    def cutoffs(self) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
        """Radial and angular cutoff of every pair of types, (2, T, T): means of the two atoms' cutoffs."""
        same = ((self.nep.cutoff_radial, self.nep.cutoff_angular),) * len(self.nep.elements)
        own = np.array(self.nep.typewise_cutoffs or same).T
        return np.asarray(0.5 * (own[:, :, None] + own[:, None, :]))

    @cached_property
    def pairs_per_block(self) -> int:
        limit = BLOCK_BYTES.get(self.xp.__name__, BLOCK_BYTES_ELSEWHERE)
        numbers = 8 * ((self.nep.l_max + 1) ** 2 + self.nep.dimension + self.nep.neurons)
        return max(64, limit // (numbers * int(self.pairs.vector.dtype.itemsize)))

    def geometry(self, index: Array) -> tuple[Array, Array]:
        """Return distances (P,) and unit vectors (P, 3)."""
        vector = self.pairs.vector[index]
        distance = self.xp.sqrt((vector**2).sum(axis=1))
        return distance, vector / distance[:, None]


def forward(nep: NEP, batch: Batch, pairs: Pairs) -> Forward:
    """Compute descriptors, hidden layer and moments of every atom.

    Parameters
    ----------
    nep
        The model.
    batch
        Systems whose elements are those of the model, in the same order.
    pairs
        All their pairs within the radial cutoff of the model; those beyond are left out.

    Returns
    -------
    Forward
        Arrays of the precision of the pair vectors.

    Raises
    ------
    ModelError
        If the elements of batch and model differ.

    Examples
    --------
    >>> state = forward(nep, batch, neighbour_pairs(batch, nep.cutoff_radial))  # doctest: +SKIP
    >>> state.hidden.shape  # doctest: +SKIP
    (162, 20)
    """
    if batch.elements != nep.elements:
        raise ModelError(
            f"the batch was built for the elements {' '.join(batch.elements)}, "
            f"the model has {' '.join(nep.elements)}: use those, in their order"
        )
    local = _Local(nep, pairs)
    xp, atoms, dtype = local.xp, len(batch.types), pairs.vector.dtype
    order, blocks = _blocks(local, batch)
    radial = xp.zeros((atoms, nep.n_max[0] + 1), dtype=dtype)
    moments = xp.zeros((atoms, nep.n_max[1] + 1, (nep.l_max + 1) ** 2 - 1), dtype=dtype)
    for block in blocks:
        index = order[block.start : block.stop]
        rows, size = slice(block.first_centre, block.last_centre + 1), block.last_centre + 1 - block.first_centre
        centre = pairs.centre[index] - block.first_centre
        distance, unit = local.geometry(index)
        (cut_radial, cut_angular), (c_radial, c_angular) = _of_types(local, block)
        functions = basis(distance, cut_radial, nep.basis_size[0])
        radial[rows] += segment_sum(functions.T @ c_radial, centre, size)
        if block.angular:
            functions = basis(distance, cut_angular, nep.basis_size[1])
            values = harmonics(unit, nep.l_max)[:, 0]
            moments[rows] += segment_outer(functions.T @ c_angular, values, centre, size)
    three_body = [(moments[:, :, columns(degree, degree)] ** 2).sum(axis=2) for degree in range(1, nep.l_max + 1)]
    many_body = [invariant(name, moments) for name in nep.invariants]
    unscaled = xp.concatenate([radial, *three_body, *many_body], axis=1)
    hidden = xp.empty((atoms, nep.neurons), dtype=dtype)
    for t, rows in _atoms_by_type(nep, batch):
        hidden[rows] = xp.tanh(unscaled[rows] @ local.w0[t].T - local.b0[t])
    return Forward(batch, pairs, unscaled * local.array(nep.q_scaler), hidden, moments, order, blocks)


def backward(nep: NEP, state: Forward, weight: Array) -> Array:
    """Differentiate a weighted sum of activations by the pair vectors.

    Parameters
    ----------
    nep, state
        The model, and what `forward` returned for it.
    weight
        Weight of every activation of every atom, held fixed, shape (N, M).

    Returns
    -------
    Array
        Derivative of ``sum_cm weight[c, m] hidden[c, m]`` by the vector of every pair, shape (P, 3).

    Examples
    --------
    >>> gradient = backward(nep, state, state.hidden * 0 + 1)  # doctest: +SKIP
    """
    local = _Local(nep, state.pairs)
    n_radial, n_angular = nep.n_max[0] + 1, nep.n_max[1] + 1
    by_descriptor = local.xp.empty_like(state.descriptors)
    for t, rows in _atoms_by_type(nep, state.batch):
        by_descriptor[rows] = (weight[rows] * (1 - state.hidden[rows] ** 2)) @ local.w0[t]
    by_moment = local.xp.zeros_like(state.moments)
    for number, (used, derivative) in enumerate(_descriptor_gradients(nep, state)):
        start = n_radial + number * n_angular
        by_moment[:, :, used] += by_descriptor[:, start : start + n_angular, None] * derivative
    result = local.xp.zeros_like(state.pairs.vector)
    for block in state.blocks:
        index = state.order[block.start : block.stop]
        centre = state.pairs.centre[index]
        distance, unit = local.geometry(index)
        (cut_radial, cut_angular), (c_radial, c_angular) = _of_types(local, block)
        _, slope = basis_and_derivative(distance, cut_radial, nep.basis_size[0])
        along = ((slope.T @ c_radial) * by_descriptor[centre, :n_radial]).sum(axis=1)
        if block.angular:
            value, slope = basis_and_derivative(distance, cut_angular, nep.basis_size[1])
            by_function = harmonics(unit, nep.l_max, distance) @ by_moment[centre].swapaxes(1, 2)
            along += (by_function[:, 0] * (slope.T @ c_angular)).sum(axis=1)
            result[index] = (by_function[:, 1:] * (value.T @ c_angular)[:, None, :]).sum(axis=2) + along[:, None] * unit
        else:
            result[index] = along[:, None] * unit
    return result


def hidden_gradient(nep: NEP, state: Forward) -> Array:
    """Differentiate every activation of the centre of every pair by the pair's vector.

    Parameters
    ----------
    nep, state
        The model, and what `forward` returned for it.

    Returns
    -------
    Array
        Shape (P, 3, M), 1/angstrom; zero for pairs beyond the radial cutoff.

    Examples
    --------
    >>> hidden_gradient(nep, state).shape  # doctest: +SKIP
    (34052, 3, 20)
    """
    local = _Local(nep, state.pairs)
    xp, n_radial = local.xp, nep.n_max[0] + 1
    gradients = _descriptor_gradients(nep, state)
    inner = 1 - state.hidden**2
    result = xp.zeros((len(state.pairs), 3, nep.neurons), dtype=state.hidden.dtype)
    for block in state.blocks:
        index = state.order[block.start : block.stop]
        centre = state.pairs.centre[index]
        distance, unit = local.geometry(index)
        (cut_radial, cut_angular), (c_radial, c_angular) = _of_types(local, block)
        weight = local.w0[block.types[0]].T
        _, slope = basis_and_derivative(distance, cut_radial, nep.basis_size[0])
        along = slope.T @ (c_radial @ weight[:n_radial])
        if block.angular:
            value, slope = basis_and_derivative(distance, cut_angular, nep.basis_size[1])
            spherical = harmonics(unit, nep.l_max, distance)
            projected = xp.stack(
                [spherical[:, :, used] @ derivative[centre].swapaxes(1, 2) for used, derivative in gradients], axis=2
            )
            projected[:, 0] *= (slope.T @ c_angular)[:, None, :]
            projected[:, 1:] *= (value.T @ c_angular)[:, None, None, :]
            summed = (projected.reshape(4 * len(index), -1) @ weight[n_radial:]).reshape(len(index), 4, -1)
            along += summed[:, 0]
            gradient = summed[:, 1:]
            gradient += unit[:, :, None] * along[:, None, :]
        else:
            gradient = unit[:, :, None] * along[:, None, :]
        result[index] = gradient * inner[centre][:, None, :]
    return result


def short_range(nep: NEP, batch: Batch) -> ShortRange:
    """Compute energy, forces and virial of a NEP without its charges, its ZBL repulsion included.

    Parameters
    ----------
    nep
        The model.
    batch
        Systems whose elements are those of the model, in the same order.

    Examples
    --------
    >>> short_range(nep, Batch.from_atoms([atoms], nep.elements)).energy  # doctest: +SKIP
    array([-1853.2])
    """
    pairs = neighbour_pairs(batch, nep.cutoff_radial)
    state = forward(nep, batch, pairs)
    local = _Local(nep, pairs)
    weight = local.array(nep.w1)[batch.types]
    bias = np.full(len(nep.elements), nep.b1) + (0 if nep.type_bias is None else nep.type_bias)
    atom_energy = (weight * state.hidden).sum(axis=1) - local.array(bias)[batch.types]
    gradient = backward(nep, state, weight)
    if nep.zbl is not None:
        pair_energy, pair_gradient = zbl_of_pairs(nep, batch, pairs)
        atom_energy += segment_sum(pair_energy, pairs.centre, len(batch.types))
        gradient += pair_gradient
    forces, virial = forces_and_virial(batch, pairs, gradient)
    return ShortRange(segment_sum(atom_energy, batch.system, len(batch)), atom_energy, forces, virial)


def _of_types(local: _Local, block: Block) -> tuple[tuple[float, float], tuple[Array, Array]]:
    """Return cutoffs and coefficients (k, n), radial and angular, for the types of a block."""
    radial, angular = local.cutoffs[:, *block.types]
    return (float(radial), float(angular)), (local.coefficients[0][block.types], local.coefficients[1][block.types])


def _atoms_by_type(nep: NEP, batch: Batch) -> Iterator[tuple[int, Array]]:
    """Return every type that occurs with its atoms."""
    xp = namespace(batch.types)
    for t in range(len(nep.elements)):
        rows = xp.nonzero(batch.types == t)[0]
        if len(rows):
            yield t, rows


def _descriptor_gradients(nep: NEP, state: Forward) -> list[tuple[slice, Array]]:
    """Return, for every kind of angular descriptor in order, the moments it uses and its derivative by them."""
    result = []
    for degree in range(1, nep.l_max + 1):
        used = columns(degree, degree)
        result.append((used, 2 * state.moments[:, :, used]))
    return result + [invariant_gradient(name, state.moments) for name in nep.invariants]


def _blocks(local: _Local, batch: Batch) -> tuple[Array, tuple[Block, ...]]:
    """Sort the pairs within the radial cutoff into blocks; centres ascend within each."""
    xp, pairs, types = local.xp, local.pairs, len(local.nep.elements)
    distance = xp.sqrt((pairs.vector**2).sum(axis=1))
    kind = batch.types[pairs.centre] * types + batch.types[pairs.neighbour]
    radial, angular = local.array(local.cutoffs).reshape(2, -1)
    inside = xp.nonzero(distance < radial[kind])[0]
    count = len(inside)
    if not count:
        return inside, ()
    key = 2 * kind[inside] + (distance[inside] >= angular[kind[inside]])
    order = inside[xp.argsort(key * count + xp.arange(count))]
    edges = np.cumsum(to_numpy(xp.bincount(key, minlength=2 * types**2)))
    runs = []
    for number in np.flatnonzero(np.diff(edges, prepend=0)):
        first = int(edges[number - 1]) if number else 0
        for start in range(first, int(edges[number]), local.pairs_per_block):
            runs.append((int(number), start, min(start + local.pairs_per_block, int(edges[number]))))
    ends = np.array([(start, stop - 1) for _, start, stop in runs])
    centres = to_numpy(pairs.centre[order[asarray(ends.ravel(), like=order)]]).reshape(-1, 2)
    return order, tuple(
        Block(divmod(number // 2, types), number % 2 == 0, start, stop, int(first), int(last))
        for (number, start, stop), (first, last) in zip(runs, centres, strict=True)
    )
