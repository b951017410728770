"""Whether a periodic network goes on for ever: clusters that are connected to their own images."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nepkit.core.errors import InputError
from nepkit.core.neighbours import neighbours

Integers = NDArray[np.int64]
Vector = tuple[int, ...]

#: Numbers of cells along each direction that fit into a part of a packed integer, both signs together.
PACK = 2**20


@dataclass(frozen=True)
class Percolation:
    """Clusters of a periodic network and how they wrap around the cell.

    Parameters
    ----------
    cluster : ndarray of int, shape (N,)
        Cluster of every node.
    size : ndarray of int, shape (C,)
        Nodes of every cluster.
    rank : ndarray of int, shape (C,)
        In how many independent directions it goes on for ever: 0 (finite) to the dimension.
    wraps : ndarray of bool, shape (C, d)
        Whether some closed path along it winds around each cell vector; true for two of them and rank 1 where it winds
        diagonally.
    """

    cluster: Integers
    size: Integers
    rank: Integers
    wraps: NDArray[np.bool_]

    @property
    def highest(self) -> int:
        """Highest rank of any cluster, 0 without nodes."""
        return int(self.rank.max(initial=0))

    @property
    def largest(self) -> float:
        """Share of the nodes in the largest cluster, 0 without nodes."""
        return float(self.size.max(initial=0)) / max(1, len(self.cluster))

    @property
    def endless(self) -> float:
        """Share of the nodes in clusters that wrap."""
        return float(self.size[self.rank > 0].sum()) / max(1, len(self.cluster))


def percolation(count: int, first: ArrayLike, second: ArrayLike, shift: ArrayLike) -> Percolation:
    """Find the clusters of a periodic network and the rank of the windings of each.

    Edges inside the cell are united first. Those that cross its faces then connect few clusters, of which each carries
    the image in which its root sees it; an edge that closes a loop with a shift left over is a winding (the method of
    Machta et al. and Newman and Ziff, doi:10.1103/PhysRevE.64.016706). The windings of a cluster span a lattice, whose
    rank is the number of directions in which the cluster is endless.

    Parameters
    ----------
    count : int
        Number of nodes.
    first, second : array_like of int, shape (E,)
        Nodes of every edge; each edge once.
    shift : array_like of int, shape (E, d)
        Cell of the second node when the first is in the home cell. Several edges between the same nodes count, as does
        one between a node and its own image.

    Examples
    --------
    >>> percolation(2, [0, 1], [1, 0], [[0, 0, 0], [1, 0, 0]]).rank  # a chain along x
    array([1])
    """
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import connected_components

    i, j = np.asarray(first, dtype=np.int64), np.asarray(second, dtype=np.int64)
    moves = np.asarray(shift, dtype=np.int64)
    if moves.ndim != 2 or not len(i) == len(j) == len(moves):
        raise InputError(f"{len(i)} and {len(j)} nodes of edges with shifts of shape {moves.shape}")
    crossing = np.logical_or.reduce(list(moves.T != 0), dtype=bool)
    inner = ~crossing
    start, order = i[inner], np.argsort(i[inner], kind="stable")
    rows = np.concatenate([[0], np.cumsum(np.bincount(start, minlength=count))]).astype(np.int32)
    graph = csr_array((np.ones(len(start)), j[inner][order].astype(np.int32), rows), shape=(count, count))
    pieces, piece = connected_components(graph, directed=False)
    ends = np.concatenate([piece[i[crossing]], piece[j[crossing]]])
    involved, local = np.unique(ends, return_inverse=True)  # few: the pieces that touch a face
    one, two = local[: len(local) // 2].tolist(), local[len(local) // 2 :].tolist()
    packed = moves[crossing] @ np.array([PACK**axis for axis in range(moves.shape[1])], dtype=np.int64)
    roots, windings = _unite(len(involved), one, two, packed.tolist())
    root = np.arange(pieces)
    root[involved] = involved[roots]
    names, of_piece = np.unique(root, return_inverse=True)
    cluster = of_piece[piece] if count else np.zeros(0, dtype=np.int64)
    rank = np.zeros(len(names), dtype=np.int64)
    wraps = np.zeros((len(names), moves.shape[1]), dtype=bool)
    basis: dict[int, list[Vector]] = {}
    for name, winding in windings:
        at, vector = int(of_piece[involved[roots[name]]]), _unpack(winding, moves.shape[1])
        _add(basis.setdefault(at, []), vector)
        rank[at] = len(basis[at])
        wraps[at] |= np.array(vector) != 0
    return Percolation(cluster, np.bincount(cluster, minlength=len(names)), rank, wraps)


def _unite(count: int, first: list[int], second: list[int], shift: list[int]) -> tuple[Integers, set[tuple[int, int]]]:
    """Unite pieces by crossing edges; return the root of every piece, and windings each with a piece that has it.

    Cells are packed into one integer each, since a sum of integers is much quicker than one of vectors.
    """
    parent = list(range(count))
    image = [0] * count  # cell of a piece when its parent is in the home cell
    windings: set[tuple[int, int]] = set()

    def find(node: int) -> int:
        """Return the root of a node and put every node on the way directly below it."""
        root, total = node, 0
        while parent[root] != root:
            total += image[root]
            root = parent[root]
        while parent[node] != root and node != root:
            above, step = parent[node], image[node]
            parent[node], image[node] = root, total
            node, total = above, total - step
        return root

    for a, b, move in zip(first, second, shift, strict=True):
        one, two = find(a), find(b)
        # The cell of root two seen from root one: go to a, across the edge, and back from b.
        left = image[a] + move - image[b]
        if one != two:
            parent[two], image[two] = one, left
        elif left:
            windings.add((a, left))
    return np.array([find(node) for node in range(count)], dtype=np.int64), windings


def _unpack(packed: int, dimension: int) -> Vector:
    vector = []
    for _ in range(dimension):
        part = (packed + PACK // 2) % PACK - PACK // 2
        vector.append(part)
        packed = (packed - part) // PACK
    return tuple(vector)


def _add(basis: list[Vector], vector: Vector) -> None:
    """Add a winding where it is independent of the others; integers, so that no rounding decides."""
    if len(basis) == len(vector):
        return
    rows = [*basis, vector]
    if len(rows) == 1:
        basis.append(vector)
    elif len(rows) == 2:
        a, b = rows
        if any(a[p] * b[q] != a[q] * b[p] for p in range(len(a)) for q in range(p)):
            basis.append(vector)
    else:
        a, b, c = rows
        volume = (
            a[0] * (b[1] * c[2] - b[2] * c[1]) - a[1] * (b[0] * c[2] - b[2] * c[0]) + a[2] * (b[0] * c[1] - b[1] * c[0])
        )
        if volume:
            basis.append(vector)


def contacts(positions: ArrayLike, cell: ArrayLike, cutoff: float) -> tuple[Integers, Integers, Integers]:
    """Return all pairs of points closer than a cutoff, through every image of a periodic cell.

    Parameters
    ----------
    positions : array_like, shape (N, 3)
        A.
    cell : array_like, shape (3, 3)
        Cell vectors in rows, A; it may be smaller than the cutoff.
    cutoff : float
        A.

    Returns
    -------
    first, second : ndarray of int, shape (E,)
    shift : ndarray of int, shape (E, 3)
        What `percolation` takes.
    """
    if not cutoff > 0.0:
        raise InputError(f"a cutoff of {cutoff} A, expected more than zero")
    box = np.asarray(cell, dtype=float)
    if abs(np.linalg.det(box)) < 1e-9:
        raise InputError("no cell, so that nothing can be periodic; add the Lattice")
    near = neighbours(positions, box, cutoff)
    return near.first, near.second, near.shift


def grid_contacts(occupied: ArrayLike) -> tuple[int, Integers, Integers, Integers]:
    """Return the occupied cells of a periodic grid as nodes, and those that share a face as edges.

    Parameters
    ----------
    occupied : array_like of bool, any number of dimensions
        Which cells are filled.

    Returns
    -------
    count : int
    first, second : ndarray of int, shape (E,)
    shift : ndarray of int, shape (E, d)
        What `percolation` takes.

    Examples
    --------
    >>> percolation(*grid_contacts(np.ones((3, 4)))).highest
    2
    """
    filled = np.asarray(occupied, dtype=bool)
    number = np.cumsum(filled.ravel()).reshape(filled.shape) - 1
    first, second, shift = [], [], []
    for axis in range(filled.ndim):
        here = filled & np.roll(filled, -1, axis=axis)
        first.append(number[here])
        second.append(np.roll(number, -1, axis=axis)[here])
        move = np.zeros((len(first[-1]), filled.ndim), dtype=np.int64)
        move[:, axis] = np.nonzero(here)[axis] == filled.shape[axis] - 1
        shift.append(move)
    return int(filled.sum()), np.concatenate(first), np.concatenate(second), np.concatenate(shift)
