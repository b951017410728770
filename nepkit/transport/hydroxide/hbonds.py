"""Hydrogen bonds found anew in every frame, how long they live, and the network that they make."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nepkit.core.errors import InputError
from nepkit.core.neighbours import neighbours
from nepkit.core.progress import track
from nepkit.core.statistics.quantity import Quantity, of_blocks
from nepkit.percolation.clusters import percolation
from nepkit.percolation.statistics import Network, collect
from nepkit.transport.hydroxide.protonation import OXYGENS, Protonation
from nepkit.transport.mechanism.motion import Motion
from nepkit.transport.mechanism.survival import Survival, survival

Array = NDArray[np.float64]
Integers = NDArray[np.int64]

#: Largest angle between the bond of the hydrogen and the line of the oxygens, degrees (doi:10.1038/379055a0).
ANGLE = 30.0
#: Blocks of time whose scatter gives the errors of means.
BLOCKS = 10


@dataclass(frozen=True)
class FrameBonds:
    """Hydrogen bonds of one frame, one entry each.

    Parameters
    ----------
    donor, acceptor : ndarray of int, shape (E,)
        Indices into `Protonation.oxygen`.
    hydrogen : ndarray of int, shape (E,)
        Index into `Protonation.hydrogen`.
    shift : ndarray of int, shape (E, 3)
        Cell of the acceptor when the donor is in the home cell.
    delta : ndarray, shape (E,)
        Transfer coordinate: from the acceptor to the hydrogen, less from the donor to it, A.
    """

    donor: Integers
    acceptor: Integers
    hydrogen: Integers
    shift: Integers
    delta: Array


@dataclass(frozen=True)
class HydrogenBonds:
    """Hydrogen bonds of a trajectory.

    Parameters
    ----------
    accepted, donated : dict of str to Quantity
        Mean number per ``"H2O"`` and per ion (``"OH"`` or ``"H3O"``), as far as there are any.
    lifetime : Survival
        Of the bond between two oxygens, whichever gives.
    network : Network
        Nodes are the oxygens, links the hydrogen bonds.
    waters, hydration : float
        Mean number of water molecules, and per ion (and so per group of the other charge); NaN without ions.
    accepted_by_ion : ndarray, shape (M,)
        Share of ions with 0, 1, ... accepted bonds; empty without ions.
    """

    accepted: dict[str, Quantity]
    donated: dict[str, Quantity]
    lifetime: Survival
    network: Network
    waters: float
    hydration: float
    accepted_by_ion: Array


def frame_bonds(
    motion: Motion, protons: Protonation, frame: int, *, distance: float = OXYGENS, angle: float = ANGLE
) -> FrameBonds:
    """Find the hydrogen bonds of one frame by the criterion of Luzar and Chandler.

    Parameters
    ----------
    motion : Motion
        Trajectory.
    protons : Protonation
        Owners of the hydrogens, which change.
    frame : int
        Which frame.
    distance : float
        Longest distance of the oxygens, A.
    angle : float
        Largest angle H-O...O at the donor, degrees.
    """
    points, cell = motion.place(frame), motion.cells[frame]
    pairs = neighbours(points[protons.oxygen], cell, distance).directed()
    owner = protons.owner[frame]
    arm = points[protons.hydrogen] - points[protons.oxygen[owner]]
    arm = (lambda part: part - np.round(part))(np.linalg.solve(cell.T, arm.T).T) @ cell
    held = np.linalg.norm(arm, axis=1)
    found = []
    for slot in _slots(owner, len(protons.oxygen)):
        hydrogen = slot[pairs.first]
        at = np.flatnonzero(hydrogen >= 0)
        chosen = hydrogen[at]
        cosine = np.einsum("ed,ed->e", arm[chosen], pairs.vector[at]) / (held[chosen] * pairs.distance[at])
        keep = cosine > np.cos(np.radians(angle))
        at, chosen = at[keep], chosen[keep]
        to_acceptor = np.linalg.norm(pairs.vector[at] - arm[chosen], axis=1)
        found.append((pairs.first[at], pairs.second[at], chosen, pairs.shift[at], to_acceptor - held[chosen]))
    return FrameBonds(*(np.concatenate(part) for part in zip(*found, strict=True)))


def _slots(owner: Integers, oxygens: int) -> list[Integers]:
    """Return the first, second, ... hydrogen of every oxygen, -1 where there is none."""
    order = np.argsort(owner, kind="stable")
    rank = np.arange(len(owner)) - np.searchsorted(owner[order], owner[order])
    slots = []
    for number in range(int(rank.max(initial=0)) + 1):
        slot = np.full(oxygens, -1, dtype=np.int64)
        slot[owner[order][rank == number]] = order[rank == number]
        slots.append(slot)
    return slots


def block_mean(series: Array, unit: str) -> Quantity:
    """Return the mean of a series in time (F,) with its error from blocks of time; values that are NaN are left out."""
    blocks = [part[np.isfinite(part)].mean() for part in np.array_split(series, BLOCKS) if np.isfinite(part).any()]
    mean = float(np.nanmean(series))
    if len(blocks) < 2:
        return Quantity(mean, float("nan"), unit)
    return of_blocks(mean, float(np.std(blocks, ddof=1) / np.sqrt(len(blocks))), len(blocks), unit)


def hydrogen_bonds(
    motion: Motion,
    protons: Protonation,
    *,
    distance: float = OXYGENS,
    angle: float = ANGLE,
    patience: float = 0.0,
    longest: float | None = None,
) -> HydrogenBonds:
    """Count hydrogen bonds, follow them in time and find the network that they make.

    Parameters
    ----------
    motion, protons, distance, angle
        As for `frame_bonds`.
    patience, longest : float
        As for `survival`, ps.

    Raises
    ------
    InputError
        Where no bond is ever found.
    """
    per_frame: dict[str, list[tuple[float, float]]] = {"H2O": [], protons.ion: []}
    wanted = {"H2O": 2, protons.ion: 1 if protons.excess < 0 else 3}
    pairs, times, clusters, links = [], [], [], []
    shares = np.zeros(12)
    nodes = len(protons.oxygen)
    for frame in track(range(motion.frames), "Hydrogen bonds"):
        bonds = frame_bonds(motion, protons, frame, distance=distance, angle=angle)
        accepted = np.bincount(bonds.acceptor, minlength=nodes)
        donated = np.bincount(bonds.donor, minlength=nodes)
        for kind, hydrogens in wanted.items():
            mine = protons.count[frame] == hydrogens
            means = (accepted[mine].mean(), donated[mine].mean()) if mine.any() else (np.nan, np.nan)
            per_frame[kind].append((float(means[0]), float(means[1])))
            if kind != "H2O":
                shares += np.bincount(np.minimum(accepted[mine], 11), minlength=12)
        low, high = np.minimum(bonds.donor, bonds.acceptor), np.maximum(bonds.donor, bonds.acceptor)
        between = np.unique(low * nodes + high)
        pairs.append(between)
        times.append(np.full(len(between), frame))
        clusters.append(percolation(nodes, bonds.donor, bonds.acceptor, bonds.shift))
        links.append(2.0 * len(between) / nodes)
    if not any(len(part) for part in pairs):
        raise InputError(f"{motion.name}: no hydrogen bond in any frame")
    present = {kind: np.array(rows) for kind, rows in per_frame.items() if np.isfinite(rows).any()}
    likely = sum(map(len, pairs)) / motion.frames / (0.5 * nodes * max(nodes - 1, 1))
    ions = abs(protons.excess)
    return HydrogenBonds(
        {kind: block_mean(rows[:, 0], "") for kind, rows in present.items()},
        {kind: block_mean(rows[:, 1], "") for kind, rows in present.items()},
        survival(
            np.concatenate(pairs), np.concatenate(times), motion.frames, motion.interval, patience=patience,
            longest=longest, background=likely,
        ),
        collect(clusters, links), protons.waters, protons.waters / ions if ions else float("nan"),
        shares[: np.flatnonzero(shares)[-1] + 1] / shares.sum() if shares.any() else np.zeros(0),
    )  # fmt: skip
