"""Networks of contacts that last, or that are made at some time, within a window of time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nepkit.core.errors import InputError
from nepkit.core.progress import track
from nepkit.frames import Snapshot
from nepkit.percolation.clusters import contacts, percolation
from nepkit.percolation.statistics import Network, collect, nodes_of
from nepkit.transport.displacement import Unwrapper

#: Windings of neighbours about the cell that can be told apart, both signs together.
TURNS = 1024


def lasting_network(
    frames: Iterable[Any],
    elements: Sequence[str],
    cutoff: float,
    window: int,
    *,
    lasting: bool = True,
    where: str = "trajectory",
) -> Network:
    """Follow the percolation of contacts over windows of time.

    A contact counts for a window when it is there in every frame of it (a network that carries through the window), or
    in any of them (dynamic percolation: a path may be walked piece by piece as contacts come and go). Contacts are told
    apart by the image of the cell they go to, with paths that are continuous over the cell's faces.

    Parameters
    ----------
    frames : iterable of ase.Atoms or Snapshot
        Periodic frames at equal intervals.
    elements : sequence of str
        Elements of the nodes.
    cutoff : float
        Longest distance of neighbours, A.
    window : int
        Frames in a window; windows do not overlap, and an incomplete one at the end is left out.
    lasting : bool
        Every frame of the window, or any.
    where : str
        What messages call the frames.

    Returns
    -------
    Network
        One row a window.

    Raises
    ------
    InputError
        Where there are fewer frames than one window has.
    """
    if window < 1:
        raise InputError(f"a window of {window} frames, at least one is needed")
    unwrap = Unwrapper()
    found, neighbours, kept = [], [], []
    for number, atoms in enumerate(track(map(Snapshot.of, frames), "Percolation"), 1):
        chosen = nodes_of(atoms.symbols, elements, f"{where}, frame {number}")
        cell = np.asarray(atoms.cell, dtype=float)
        if abs(np.linalg.det(cell)) < 1e-9:
            raise InputError(f"{where}, frame {number}: no cell, so that nothing can be periodic; add the Lattice")
        points = unwrap(atoms.positions[chosen], cell)
        kept.append(_keys(*contacts(points, cell, cutoff), len(points)))
        if len(kept) < window:
            continue
        keys, times = np.unique(np.concatenate(kept), return_counts=True)
        first, second, shift = _edges(keys[times == window] if lasting else keys, len(points))
        found.append(percolation(len(points), first, second, shift))
        neighbours.append(2.0 * len(first) / len(points))
        kept = []
    if not found:
        raise InputError(f"{where}: {len(kept)} frames are fewer than the {window} of a window")
    return collect(found, neighbours)


def _keys(
    first: NDArray[np.int64], second: NDArray[np.int64], shift: NDArray[np.int64], count: int
) -> NDArray[np.int64]:
    """Return one number for every contact, the same whichever end comes first."""
    turn = (first > second) | ((first == second) & (_lowest_first(shift) < 0))
    one, two = np.where(turn, second, first), np.where(turn, first, second)
    moved = np.where(turn[:, None], -shift, shift) + TURNS // 2
    if len(moved) and (moved.min() < 0 or moved.max() >= TURNS):
        raise InputError(f"atoms wound about the cell more than {TURNS // 2} times; take a part of the trajectory")
    packed = (moved[:, 0] * TURNS + moved[:, 1]) * TURNS + moved[:, 2]
    return np.asarray((one * count + two) * TURNS**3 + packed)


def _lowest_first(shift: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.asarray((shift[:, 0] * 4 * TURNS + shift[:, 1]) * 4 * TURNS + shift[:, 2])


def _edges(keys: NDArray[np.int64], count: int) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    pair, packed = keys // TURNS**3, keys % TURNS**3
    shift = np.stack([packed // TURNS**2, packed // TURNS % TURNS, packed % TURNS], axis=1) - TURNS // 2
    return pair // count, pair % count, shift
