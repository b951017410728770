"""Whether ions follow each other into the sites that they leave."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nepkit.core.errors import InputError
from nepkit.core.statistics.quantity import Quantity
from nepkit.transport.mechanism.jumps import Events

Array = NDArray[np.float64]
Integers = NDArray[np.int64]

#: Runs with shuffled times that tell what chance makes.
SHUFFLES = 200


@dataclass(frozen=True)
class Strings:
    """Jumps into sites that another ion has just left.

    Parameters
    ----------
    window : float
        How long ago it may have left, ps.
    followers : int
        Jumps that follow another.
    share : float
        Of all jumps.
    chance : Quantity
        The same share where every ion's jumps are moved in time by an amount of its own: mean and scatter.
    excess : float
        Share above chance in units of its scatter.
    p_value : float
        How often chance makes a share as large.
    lengths : ndarray of int, shape (M,)
        Number of strings of 1, 2, ... jumps that follow each other.
    rings : int
        Strings that close: the first jump of them follows the last.
    """

    window: float
    followers: int
    share: float
    chance: Quantity
    excess: float
    p_value: float
    lengths: Integers
    rings: int


def strings(
    events: Events, frames: int, interval: float, window: float, *, seed: int = 0, shuffles: int = SHUFFLES
) -> Strings:
    """Find jumps that follow another into the site that it left within a time, and compare with independent jumps.

    Jumps in the same frame follow each other both ways, so that rings, where all move at once, are seen.

    Parameters
    ----------
    events : Events
        Jumps.
    frames : int
        Number of frames of the run.
    interval : float
        Time between frames, ps.
    window : float
        Longest time between the two jumps, ps.
    seed : int
        Of the shuffling.
    shuffles : int
        How many.

    Raises
    ------
    InputError
        Where the window is shorter than zero or covers the run.
    """
    reach = round(window / interval)
    if not 0 <= reach < frames // 2:
        raise InputError(
            f"a window of {window} ps for a run of {frames * interval:.4g} ps, expected a small part of it"
        )
    leader, follower = _links(events, events.frame, reach)
    count = len(np.unique(follower))
    rng = np.random.default_rng(seed)
    ions, ion = np.unique(events.ion, return_inverse=True)
    by_chance = np.zeros(shuffles)
    for number in range(shuffles):
        moved = 1 + (events.frame - 1 + rng.integers(0, frames - 1, len(ions))[ion]) % (frames - 1)
        by_chance[number] = len(np.unique(_links(events, moved, reach)[1]))
    total = len(events.ion)
    mean, spread = float(by_chance.mean()) / total, float(by_chance.std(ddof=1)) / total
    low, high = np.quantile(by_chance / total, [0.025, 0.975])
    lengths, rings = _chains(total, leader, follower)
    return Strings(
        window, count, count / total, Quantity(mean, spread, "", float(low), float(high)),
        (count / total - mean) / spread if spread > 0.0 else float("nan"),
        float((1 + (by_chance >= count).sum()) / (1 + shuffles)), lengths, rings,
    )  # fmt: skip


def _links(events: Events, frame: Integers, reach: int) -> tuple[Integers, Integers]:
    """Return pairs of jumps, the second into the site that the first left up to ``reach`` frames before."""
    span = int(frame.max()) + reach + 2
    left = events.origin * span + frame
    order = np.argsort(left, kind="stable")
    sorted_left = left[order]
    entered = events.target * span + frame
    low = np.searchsorted(sorted_left, entered - np.minimum(reach, frame), side="left")
    high = np.searchsorted(sorted_left, entered, side="right")
    follower = np.repeat(np.arange(len(frame)), high - low)
    within = np.arange(len(follower)) - np.repeat(np.cumsum(high - low) - (high - low), high - low)
    leader = order[np.repeat(low, high - low) + within]
    other = events.ion[leader] != events.ion[follower]
    return leader[other], follower[other]


def _chains(count: int, leader: Integers, follower: Integers) -> tuple[Integers, int]:
    """Return numbers of strings by their jumps, and how many of them close."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    graph = coo_array((np.ones(len(leader)), (leader, follower)), shape=(count, count)).tocsr()
    pieces, piece = connected_components(graph, directed=False)
    size = np.bincount(piece, minlength=pieces)
    strong, loop = connected_components(graph, directed=True, connection="strong")
    rings = int((np.bincount(loop, minlength=strong) > 1).sum())
    return np.bincount(size)[1:], rings
