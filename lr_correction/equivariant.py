"""What dipoles and quadrupoles are read from: the NEP's own moments as Cartesian vectors and tensors."""

from .backend import Array, namespace
from .batch import Pairs
from .descriptors import Forward
from .errors import ModelError
from .harmonics import columns, harmonics
from .invariants import cartesian
from .multipoles import components
from .nepfile import NEP
from .radial import basis_and_derivative


def moment_features(nep: NEP, state: Forward, rank: int) -> Array:
    """Return ``A_n,i = sum_j g_n(r_ij) T_s(r_ij)``, T_s the traceless Cartesian tensor of a rank.

    Parameters
    ----------
    nep, state
        The model, and what `descriptors.forward` returned for it.
    rank
        1 for vectors, 2 for tensors.

    Returns
    -------
    Array
        Shape (N, n, s): the radial functions n, and the components of that rank in the order of
        `multipoles.components`.

    Raises
    ------
    ModelError
        If the model has no moments of that rank.

    Examples
    --------
    >>> moment_features(nep, state, 1).shape  # doctest: +SKIP
    (162, 5, 3)
    """
    _check(nep, rank)
    return state.moments[:, :, columns(rank, rank)] @ _map(state.moments, rank)


def moment_gradient(nep: NEP, state: Forward, rank: int) -> Array:
    """Return the derivative of the centre's `moment_features` by the vector of every pair, shape (P, 3, n, s).

    Raises
    ------
    ModelError
        If the model has no moments of that rank, or cutoffs by type.

    Examples
    --------
    >>> moment_gradient(nep, state, 1).shape  # doctest: +SKIP
    (34052, 3, 5, 3)
    """
    _check(nep, rank)
    if nep.typewise_cutoffs:
        raise ModelError("dipoles and quadrupoles need a model with one cutoff for all elements")
    pairs: Pairs = state.pairs
    xp, types = namespace(pairs.vector), state.batch.types
    distance = xp.sqrt((pairs.vector**2).sum(axis=1))
    inside = xp.nonzero(distance < nep.cutoff_angular)[0]
    centre, neighbour = pairs.centre[inside], pairs.neighbour[inside]
    unit = pairs.vector[inside] / distance[inside, None]
    value, slope = basis_and_derivative(distance[inside], nep.cutoff_angular, nep.basis_size[1])
    coefficients = xp.asarray(nep.c_angular)[:, :, types[centre], types[neighbour]]
    radial, steep = (xp.einsum("kp,nkp->pn", function, coefficients) for function in (value, slope))
    tensor = harmonics(unit, rank, distance[inside])[:, :, columns(rank, rank)] @ _map(unit, rank)
    along = steep[:, None, :, None] * unit[:, :, None, None] * tensor[:, 0][:, None, None, :]
    result = xp.zeros((len(pairs), *along.shape[1:]), dtype=along.dtype)
    result[inside] = along + radial[:, None, :, None] * tensor[:, 1:][:, :, None, :]
    return result


def _map(like: Array, rank: int) -> Array:
    """Return the map from the moments of one degree to the components of a Cartesian tensor, (2 l + 1, s)."""
    wanted = [s for s in components(rank) if len(s) == rank]
    full = cartesian(rank).reshape(2 * rank + 1, -1)
    places = [sum(axis * 3 ** (rank - 1 - n) for n, axis in enumerate(s)) for s in wanted]
    table: Array = namespace(like).asarray(full[:, places], dtype=like.dtype)
    return table


def _check(nep: NEP, rank: int) -> None:
    if rank not in (1, 2):
        raise ModelError(f"moments of rank {rank} are not known: use 1 (dipoles) or 2 (quadrupoles)")
    if nep.l_max < rank:
        raise ModelError(f"the model has angular descriptors up to l = {nep.l_max}, moments of rank {rank} need more")
