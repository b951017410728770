"""How long ions stay beside atoms of another element."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nepkit.core.errors import InputError
from nepkit.core.neighbours import neighbours
from nepkit.core.progress import track
from nepkit.transport.mechanism.motion import Motion
from nepkit.transport.mechanism.survival import Survival, survival

Integers = NDArray[np.int64]


@dataclass(frozen=True)
class Contacts:
    """Neighbours of ions in time.

    Parameters
    ----------
    survival : Survival
        Of the pairs.
    coordination : float
        Mean number of neighbours of an ion.
    ions : int
        Number of ions.
    """

    survival: Survival
    coordination: float
    ions: int


def contact_times(
    motion: Motion,
    element: str,
    around: Sequence[str],
    cutoff: float,
    *,
    patience: float = 0.0,
    longest: float | None = None,
) -> Contacts:
    """Follow pairs of an ion and an atom of other elements that are closer than a cutoff.

    Parameters
    ----------
    motion : Motion
        Trajectory.
    element : str
        Of the ions.
    around : sequence of str
        Elements of the neighbours.
    cutoff : float
        A.
    patience, longest : float
        As for `survival`, ps.

    Raises
    ------
    InputError
        Where no pair is ever that close, or the neighbours are of the element of the ions.
    """
    if element in around:
        raise InputError(f"neighbours of {element} that are {element} too: give other elements")
    if not cutoff > 0.0:
        raise InputError(f"a cutoff of {cutoff} A, expected more than zero")
    ions = motion.atoms_of(element)
    others = np.concatenate([motion.atoms_of(other) for other in around])
    chosen = np.concatenate([ions, others])
    codes, times = [], []
    for frame in track(range(motion.frames), "Contacts"):
        pairs = neighbours(motion.place(frame)[chosen], motion.cells[frame], cutoff)
        low, high = np.minimum(pairs.first, pairs.second), np.maximum(pairs.first, pairs.second)
        mine = (low < len(ions)) & (high >= len(ions))
        code = np.unique(low[mine] * len(chosen) + high[mine])
        codes.append(code)
        times.append(np.full(len(code), frame))
    pair, when = np.concatenate(codes), np.concatenate(times)
    if not len(pair):
        raise InputError(f"{motion.name}: no {element} is ever within {cutoff:g} A of {' or '.join(around)}")
    mean = len(pair) / motion.frames / len(ions)
    found = survival(
        pair, when, motion.frames, motion.interval, patience=patience, longest=longest, background=mean / len(others)
    )
    return Contacts(found, mean, len(ions))
