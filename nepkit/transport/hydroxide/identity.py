"""The path of every ion through the oxygens that it is at, and its hops."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nepkit.core.errors import InputError
from nepkit.transport.hydroxide.protonation import Protonation
from nepkit.transport.mechanism.motion import Motion
from nepkit.transport.mechanism.stays import without_rattling

Array = NDArray[np.float64]
Integers = NDArray[np.int64]

#: A hop farther than this, A, is beyond the neighbours: several hops between two frames.
FAR = 4.0


@dataclass(frozen=True)
class Identity:
    """Ions followed through time.

    Parameters
    ----------
    host : ndarray of int, shape (F, K)
        Index into `Protonation.oxygen` of the oxygen of every ion.
    start : int
        Frame of the trajectory that the first row is.
    path : ndarray, shape (F, K, 3)
        Position of every ion: continuous as its oxygens move, a jump where it hops, A.
    vehicular, structural : ndarray, shape (F, K, 3)
        The two parts of the path: carried by the oxygens, and from oxygen to oxygen; both begin at zero, A.
    far : int
        Hops beyond the neighbours, which tell that frames are too far apart.
    """

    host: Integers
    start: int
    path: Array
    vehicular: Array
    structural: Array
    far: int


def identify(motion: Motion, protons: Protonation) -> Identity:
    """Follow the ions: from frame to frame those are matched whose distances are the least in sum.

    The matching is the optimal one (Hungarian method). In frames with pairs of ions more than there should be, those
    that fit best are taken; where one is missing it stays at its oxygen.

    Raises
    ------
    InputError
        Where water has no excess or lack of protons, or no frame has the number of ions that belongs to it.
    """
    from scipy.optimize import linear_sum_assignment

    if protons.excess == 0:
        raise InputError(
            f"{motion.name}: {len(protons.hydrogen)} hydrogens for {len(protons.oxygen)} oxygens is neutral water; "
            "no ion to follow"
        )
    count = abs(protons.excess)
    start = next((frame for frame in range(motion.frames) if len(protons.ions(frame)) == count), None)
    if start is None or motion.frames - start < 2:
        raise InputError(f"{motion.name}: no frames with the {count} {protons.ion} that the composition asks for")
    cell = motion.cell
    spots = motion.fractional[:, protons.oxygen]
    host = np.zeros((motion.frames - start, count), dtype=np.int64)
    host[0] = protons.ions(start)
    for row in range(1, len(host)):
        before, frame = host[row - 1], start + row
        found = protons.ions(frame)
        if np.isin(before, found).all():
            host[row] = before
            continue
        host[row] = before
        away = _shortest(spots[frame][found][None, :] - spots[frame][before][:, None], cell)
        ions, places = linear_sum_assignment(np.square(away).sum(axis=2))
        host[row, ions] = found[places]
    return _paths(spots[start:], host, cell, start)


def _shortest(fractional: Array, cell: Array) -> Array:
    """Return the shortest vectors of fractional differences, A."""
    return np.asarray((fractional - np.round(fractional)) @ cell)


def _paths(spots: Array, host: Integers, cell: Array, start: int) -> Identity:
    """Split the steps of the ions into those of their oxygens and those between oxygens."""
    rows = np.arange(len(host) - 1)[:, None]
    carried = (spots[rows + 1, host[:-1]] - spots[rows, host[:-1]]) @ cell
    hopped = _shortest(spots[rows + 1, host[1:]] - spots[rows + 1, host[:-1]], cell)
    vehicular, structural = (np.concatenate([0.0 * part[:1], part]).cumsum(axis=0) for part in (carried, hopped))
    far = int((np.linalg.norm(hopped, axis=2) > FAR).sum())
    return Identity(host, start, spots[0, host[0]] @ cell + vehicular + structural, vehicular, structural, far)


@dataclass(frozen=True)
class Hops:
    """Hops of ions from oxygen to oxygen.

    Parameters
    ----------
    raw : int
        Changes of the oxygen from frame to frame.
    ion, frame, origin, target : ndarray of int, shape (J,)
        The persistent hops: which ion, first frame at the new oxygen, oxygens as indices into `Protonation.oxygen`.
    vector : ndarray, shape (J, 3)
        From the old oxygen to the new one at that time, A.
    backward : ndarray of bool, shape (J,)
        Whether the hop leads back to the oxygen before; the first hop of an ion is not.
    first : ndarray of bool, shape (J,)
        Whether it is the first hop of its ion, which is neither forward nor backward.
    persistence : float
        Hops that are undone within this time, ps, are left out.
    settled : ndarray of int, shape (F, K)
        Oxygen of every ion without the rattling.
    """

    raw: int
    ion: Integers
    frame: Integers
    origin: Integers
    target: Integers
    vector: Array
    backward: NDArray[np.bool_]
    first: NDArray[np.bool_]
    persistence: float
    settled: Integers

    @property
    def forward_share(self) -> tuple[int, int]:
        """Return the number of hops onwards and back, first hops left out."""
        back = int(self.backward.sum())
        return int((~self.first).sum()) - back, back


def find_hops(motion: Motion, protons: Protonation, ions: Identity, persistence: float) -> Hops:
    """Find the hops that last: those that are undone within ``persistence`` (ps), by whatever detour, are rattling.

    Raises
    ------
    InputError
        Where ``persistence`` is negative.
    """
    if persistence < 0.0:
        raise InputError(f"a persistence of {persistence} ps, expected zero or more")
    least = persistence / motion.interval
    settled = np.stack([without_rattling(series, least) for series in ions.host.T], axis=1)
    moved = settled[1:] != settled[:-1]
    ion, before = np.nonzero(moved.T)
    frame = before + 1
    origin, target = settled[before, ion], settled[frame, ion]
    spots = motion.fractional[ions.start :, protons.oxygen]
    vector = _shortest(spots[frame, target] - spots[frame, origin], motion.cell)
    first = np.diff(ion, prepend=-1) != 0
    backward = ~first & (target == np.roll(origin, 1))
    raw = int((ions.host[1:] != ions.host[:-1]).sum())
    return Hops(raw, ion, frame, origin, target, vector, backward, first, persistence, settled)
