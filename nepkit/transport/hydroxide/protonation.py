"""Which hydrogen belongs to which oxygen, frame by frame."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nepkit.core.errors import InputError
from nepkit.core.neighbours import Neighbours, nearest, neighbours
from nepkit.core.progress import track
from nepkit.transport.mechanism.motion import Motion

Array = NDArray[np.float64]
Integers = NDArray[np.int64]

#: Farthest hydrogen bond between oxygens, A, and so the farthest that neighbours are looked for
#: (doi:10.1038/379055a0).
OXYGENS = 3.5
#: A hydrogen farther than this from every oxygen that may have it is lost, A.
LOST = 1.8
#: Farthest bond of an oxygen to another element, A.
REACH = 2.2
#: Atoms closer than this times the sum of their covalent radii are bonded.
BONDED = 1.2

NONMETALS = ("B", "C", "N", "Si", "P", "S", "F", "Cl", "Br", "I")
"""Elements that oxygen can be bonded to, beside hydrogen."""

ELSEWHERE = "hydrogen on another atom"
ATTACKED = "oxygen bonded to another atom"
EXTRA = "autoionisation"
BARE = "oxygen without or with more than three hydrogens"
REASONS = (ELSEWHERE, ATTACKED, EXTRA, BARE)


@dataclass(frozen=True)
class Protonation:
    """Owners of the hydrogens that can move.

    Parameters
    ----------
    oxygen, hydrogen : ndarray of int, shapes (P,), (Q,)
        Atoms of water and its ions: oxygens that are bonded to nothing but hydrogen, and the hydrogens on them in the
        first frame.
    owner : ndarray of int, shape (F, Q)
        Index into ``oxygen`` of the nearest one.
    count : ndarray of int, shape (F, P)
        Hydrogens of every oxygen.
    excess : int
        Protons too many (positive) or too few (negative) for water.
    flags : dict of str to ndarray of int
        Frames that are odd, by the reason.
    """

    oxygen: Integers
    hydrogen: Integers
    owner: Integers
    count: Integers
    excess: int
    flags: dict[str, Integers]

    @property
    def ion(self) -> str:
        """``"OH"`` or ``"H3O"``."""
        return "OH" if self.excess < 0 else "H3O"

    @property
    def flagged(self) -> Integers:
        """All odd frames."""
        return np.unique(np.concatenate([np.zeros(0, dtype=np.int64), *self.flags.values()]))

    def ions(self, frame: int) -> Integers:
        """Return the oxygens, as indices into ``oxygen``, that are the ion in a frame."""
        return np.flatnonzero(self.count[frame] == (1 if self.excess < 0 else 3))

    @property
    def waters(self) -> float:
        """Mean number of water molecules."""
        return float((self.count == 2).sum(axis=1).mean())


def protonation(motion: Motion) -> Protonation:
    """Assign every hydrogen that can move to the nearest oxygen that can have it, in every frame.

    Oxygens bonded to other elements in the first frame (C-O, S-O, ...) and hydrogens on other elements (C-H, N-H) take
    no part. Cations of metals do not count as bonded.

    Raises
    ------
    InputError
        Where there is no hydrogen, no oxygen, no water, or no excess or lack of protons.
    """
    for element in ("H", "O"):
        if element not in motion.symbols:
            raise InputError(f"{motion.name}: no {element}, so no hydroxide or excess proton; give a trajectory of one")
    oxygen, hydrogen, skeleton = _carriers(motion)
    excess = len(hydrogen) - 2 * len(oxygen)
    owner = np.zeros((motion.frames, len(hydrogen)), dtype=np.int64)
    count = np.zeros((motion.frames, len(oxygen)), dtype=np.int64)
    flags: dict[str, list[int]] = {reason: [] for reason in REASONS}
    name = np.full(len(motion.symbols), -1)
    name[oxygen] = np.arange(len(oxygen))
    for frame in track(range(motion.frames), "Protonation"):
        pairs = neighbours(motion.place(frame), motion.cells[frame], REACH).directed()
        host, far = nearest(pairs.where(name[pairs.second] >= 0), hydrogen, len(name))
        host[far > LOST] = -1
        _, near = nearest(pairs.where(skeleton[pairs.second]), hydrogen, len(name))
        if (host < 0).any():  # on another atom, or between two frames of a run that broke
            flags[ELSEWHERE].append(frame)
            host[host < 0] = oxygen[owner[max(frame - 1, 0)][host < 0]]
        elif (near < far).any():
            flags[ELSEWHERE].append(frame)
        owner[frame] = name[host]
        count[frame] = np.bincount(owner[frame], minlength=len(oxygen))
        if _bonded(motion, pairs, oxygen, skeleton):
            flags[ATTACKED].append(frame)
        states = Counter(count[frame].tolist())
        if states[3 if excess < 0 else 1]:
            flags[EXTRA].append(frame)
        if any(state not in (1, 2, 3) for state in states):
            flags[BARE].append(frame)
    named = {reason: np.array(found, dtype=np.int64) for reason, found in flags.items() if found}
    return Protonation(oxygen, hydrogen, owner, count, excess, named)


def _carriers(motion: Motion) -> tuple[Integers, Integers, NDArray[np.bool_]]:
    """Return the oxygens and hydrogens of water and its ions, and which atoms are bonded to others instead."""
    symbols = np.array(motion.symbols)
    nonmetals = np.isin(symbols, NONMETALS)
    pairs = neighbours(motion.place(0), motion.cells[0], OXYGENS).directed()
    heavy = pairs.where((symbols[pairs.second] == "O") | nonmetals[pairs.second])
    bound = np.zeros(len(symbols), dtype=bool)
    bound[bonds(motion, pairs, (symbols[pairs.first] == "O") & nonmetals[pairs.second])] = True
    water = (symbols == "O") & ~bound
    atoms = np.flatnonzero(symbols == "H")
    partner, distance = nearest(heavy, atoms, len(symbols))
    hydrogen = atoms[(partner >= 0) & water[partner] & (distance < LOST)]
    if not len(hydrogen):
        raise InputError(f"{motion.name}: no hydrogen is on an oxygen of water or hydroxide in the first frame")
    return np.flatnonzero(water), hydrogen, nonmetals | bound


def bonds(motion: Motion, pairs: Neighbours, mask: NDArray[np.bool_]) -> Integers:
    """Return the first atoms of the pairs that are bonded."""
    from ase.data import atomic_numbers, covalent_radii

    radius = np.array([covalent_radii[atomic_numbers[symbol]] for symbol in motion.symbols])
    chosen = pairs.where(mask)
    close = chosen.distance < BONDED * (radius[chosen.first] + radius[chosen.second])
    return np.asarray(chosen.first[close])


def _bonded(motion: Motion, pairs: Neighbours, oxygen: Integers, skeleton: NDArray[np.bool_]) -> bool:
    """Return whether an oxygen of water has become bonded to the skeleton."""
    mine = np.zeros(len(skeleton), dtype=bool)
    mine[oxygen] = True
    return bool(len(bonds(motion, pairs, mine[pairs.first] & skeleton[pairs.second])))
