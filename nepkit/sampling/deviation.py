"""How far the models of a committee are apart on frames, computed or as GPUMD's ``active`` wrote it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
from ase import Atoms
from numpy.typing import NDArray

from nepkit.core.errors import InputError
from nepkit.core.parallel import mapped
from nepkit.core.progress import track
from nepkit.gpumd.logs import number_in_header, read_active, row_of_frame
from nepkit.models.potentials.combine import Committee
from nepkit.models.potentials.potential import place

Array = NDArray[np.float64]


def committee_deviation(
    frames: Iterable[Atoms], committee: Committee, *, source: str = "frame", jobs: int = 1
) -> Array:
    """Return the largest deviation of a force vector in every frame, eV/A, shape (F,).

    The deviation of an atom is the root of the summed sample variances of its force components over the members.

    Parameters
    ----------
    frames : iterable of ase.Atoms
        A few at a time are in memory.
    committee : Committee
        Two or more models.
    source : str
        What messages call the frames.
    jobs : int
        Processes.

    Raises
    ------
    InputError
        For a frame that a model cannot be given.
    """
    items = ((atoms, place(source, number)) for number, atoms in enumerate(frames, 1))
    return np.array(list(track(mapped(_deviation, committee, items, jobs), "Committee")))


def _deviation(committee: Committee, item: tuple[Atoms, str]) -> float:
    atoms, where = item
    for member in committee.members:
        member.check(atoms, where)
    (spread,) = committee.spread([atoms], bec=False)
    return float(spread.force.max())


def recorded_deviation(frames: Iterable[Atoms], active: Path | None = None, *, source: str = "frame") -> Array:
    """Return the deviation of every frame as GPUMD's ``active`` recorded it, eV/A, shape (F,).

    Rows of active.out and frames of active.xyz do not correspond: every check is a row, only those above the
    threshold are frames (GPUMD, src/measure/active.cu). They are matched by time; a frame has its own number as
    ``uncertainty``.

    Parameters
    ----------
    frames : iterable of ase.Atoms
        Of active.xyz.
    active : Path, optional
        active.out; without it the frames must have their ``uncertainty``.
    source : str
        What messages call the frames.

    Raises
    ------
    InputError
        Where a frame has neither a number of its own nor a row of its time, or the two contradict each other.
    """
    times: Array | None = None
    values: Array | None = None
    if active is not None:
        times, values = read_active(active)
    return np.array(list(_matched(frames, times, values, source, active)))


def _matched(
    frames: Iterable[Atoms], times: Array | None, values: Array | None, source: str, active: Path | None
) -> Iterator[float]:
    for number, atoms in enumerate(frames, 1):
        where = place(source, number)
        own = number_in_header(atoms, "uncertainty", where)
        if times is None or values is None:
            if own is None:
                raise InputError(f"{where}: it has no uncertainty; give active.out with --active, or models")
            yield own
            continue
        row = row_of_frame(atoms, times, where, active or "active.out")
        if own is not None and abs(own - values[row]) > 1e-3 * max(abs(own), 1e-3):
            raise InputError(f"{where}: its uncertainty is {own:g} eV/A, {active} says {values[row]:g} at this time")
        yield float(values[row])


def largest(values: Sequence[float] | Array, low: float, high: float | None, count: int | None) -> list[int]:
    """Return the indices of values from ``low`` to ``high``, largest first and at most ``count``.

    Values above ``high`` are of frames so far off that labelling them teaches nothing, such as exploded ones.

    Examples
    --------
    >>> largest([0.1, 0.5, 9.0, 0.3], 0.2, 5.0, 1)
    [1]
    """
    found = np.asarray(values, dtype=float)
    kept = np.flatnonzero((found >= low) & (found <= (np.inf if high is None else high)))
    order = kept[np.argsort(-found[kept], kind="stable")]
    return [int(index) for index in order[:count]]
