"""What a fit needs of the frozen network, once per frame: hidden layer, its derivatives by atom and by strain."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from .backend import Array, namespace, segment_outer, segment_sum
from .batch import Batch, Pairs
from .descriptors import forward, hidden_gradient
from .gradients import TypeGradient, merge
from .nepfile import NEP


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
        One table of derivatives for every element of the model (empty for elements that are absent).
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
        gradients=_gradients(by_pair, batch, pairs),
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


def _gradients(by_pair: Array, batch: Batch, pairs: Pairs) -> tuple[TypeGradient, ...]:
    xp = namespace(by_pair)
    own, types = segment_sum(by_pair, pairs.centre, len(batch.types)), batch.types
    gradients = []
    for t in range(len(batch.elements)):
        mine, centres = xp.nonzero(types[pairs.centre] == t)[0], xp.nonzero(types == t)[0]
        gradients.append(merge(by_pair[mine], pairs.centre[mine], pairs.neighbour[mine], own, centres))
    return tuple(gradients)


def as_float32(response: HiddenResponse) -> HiddenResponse:
    """Return the same response with its large arrays rounded to float32 (half the memory, 7 digits)."""
    return replace(response, gradients=tuple(gradient.as_float32() for gradient in response.gradients))
