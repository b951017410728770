"""Everything about the ions of a trajectory of water."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from nepkit.core.statistics.quantity import Quantity, of_normal
from nepkit.transport.hydroxide.current import Currents, currents
from nepkit.transport.hydroxide.hbonds import block_mean, frame_bonds
from nepkit.transport.hydroxide.identity import FAR, Hops, Identity, find_hops, identify
from nepkit.transport.hydroxide.protonation import Protonation, protonation
from nepkit.transport.hydroxide.split import Split, split
from nepkit.transport.mechanism.motion import Motion
from nepkit.transport.mechanism.rates import event_rate
from nepkit.transport.mechanism.survival import Survival, survival

Array = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True)
class Surroundings:
    """Hydrogen bonds of the ions.

    Parameters
    ----------
    accepted, donated : Quantity
        Mean number per ion.
    accepted_share : ndarray, shape (M,)
        Share of ions with 0, 1, ... accepted bonds.
    accepted_at_transfer : Quantity
        Mean number accepted where the transfer coordinate is below `NEAR`; NaN where it never is.
    delta : ndarray, shape (X,)
        Smallest transfer coordinate of every ion and frame, A: from the receiving oxygen to the proton, less from the
        giving one. For OH- the ion receives, for H3O+ it gives.
    """

    accepted: Quantity
    donated: Quantity
    accepted_share: Array
    accepted_at_transfer: Quantity
    delta: Array


@dataclass(frozen=True)
class Hydroxide:
    """Hydroxide ions or excess protons of a trajectory.

    Parameters
    ----------
    protons : Protonation
        Assignment of the hydrogens.
    ions : Identity
        Paths of the ions.
    hops : Hops
        Persistent hops.
    rate, raw_rate : Quantity
        Persistent and raw hops per ion, 1/ps.
    length : Quantity
        Mean length of a persistent hop, A; NaN without hops.
    residence : Survival
        Of ions at oxygens, rattling included: its ``exchange`` is the time of the proton exchange.
    settled : Survival
        The same without the rattling.
    split : Split
        Vehicular, structural and cross parts.
    surroundings : Surroundings
        Hydrogen bonds.
    currents : Currents or None
        Conductivities; None without a temperature.
    notes : tuple of str
        What the user should know.
    """

    protons: Protonation
    ions: Identity
    hops: Hops
    rate: Quantity
    raw_rate: Quantity
    length: Quantity
    residence: Survival
    settled: Survival
    split: Split
    surroundings: Surroundings
    currents: Currents | None
    notes: tuple[str, ...]


#: Below this transfer coordinate, A, a proton is on its way.
NEAR = 0.3


def hydroxide(
    motion: Motion,
    *,
    persistence: float = 0.5,
    temperature: float | None = None,
    cations: Mapping[str, float] | None = None,
    window: tuple[float, float] | None = None,
    longest: float | None = None,
) -> Hydroxide:
    """Follow the hydroxide ions or excess protons of a trajectory.

    Parameters
    ----------
    motion : Motion
        Trajectory with water.
    persistence : float
        Hops that are undone within this time, ps, are left out.
    temperature : float, optional
        K; without it there is no conductivity.
    cations : mapping of str to float, optional
        Charges of elements that are cations beside the usual metals, e.
    window : pair of float, optional
        Part of the lag range that diffusion coefficients are fitted in.
    longest : float, optional
        Longest lag of the residence functions, ps.

    Raises
    ------
    InputError
        Where there is no water, no ion, or the input is not of a kind that can be followed.
    """
    protons = protonation(motion)
    ions = identify(motion, protons)
    hops = find_hops(motion, protons, ions, persistence)
    lengths = np.linalg.norm(hops.vector, axis=1)
    frames, count = ions.host.shape
    spread = float(lengths.std(ddof=1) / np.sqrt(len(lengths))) if len(lengths) > 1 else float("nan")
    raw_frames = np.nonzero(np.diff(ions.host, axis=0))[0] + 1
    kelvin = temperature if temperature is not None else motion.temperature
    parts = split(ions, motion.interval, window)
    current = None if kelvin is None else currents(motion, protons, ions, kelvin, cations, window)
    if current and not parts.D:  # a dipole that trembles for a picosecond may look as if it diffused
        current = replace(current, formal=None, assigned=None, why="the ions do not diffuse yet")
    return Hydroxide(
        protons, ions, hops,
        event_rate(hops.frame, frames, motion.interval, count),
        event_rate(raw_frames, frames, motion.interval, count),
        of_normal(float(lengths.mean()) if len(lengths) else float("nan"), spread, "A"),
        _residence(ions.host, protons, motion.interval, longest),
        _residence(hops.settled, protons, motion.interval, longest),
        parts,
        _surroundings(motion, protons, ions),
        current,
        _notes(motion, protons, ions),
    )  # fmt: skip


def _residence(host: Integers, protons: Protonation, interval: float, longest: float | None) -> Survival:
    frames, count = host.shape
    pair = (np.arange(count) * len(protons.oxygen) + host).ravel()
    at = np.repeat(np.arange(frames), count)
    return survival(pair, at, frames, interval, longest=longest, background=1.0 / len(protons.oxygen))


def _surroundings(motion: Motion, protons: Protonation, ions: Identity) -> Surroundings:
    frames = len(ions.host)
    accepted, donated, near = (np.full(frames, np.nan) for _ in range(3))
    shares, deltas = np.zeros(12), []
    nodes = len(protons.oxygen)
    for row in range(frames):
        bonds = frame_bonds(motion, protons, ions.start + row)
        at = ions.host[row]
        takes, gives = np.bincount(bonds.acceptor, minlength=nodes), np.bincount(bonds.donor, minlength=nodes)
        accepted[row], donated[row] = takes[at].mean(), gives[at].mean()
        shares += np.bincount(np.minimum(takes[at], 11), minlength=12)
        closest = np.full(nodes, np.inf)
        np.minimum.at(closest, bonds.acceptor if protons.excess < 0 else bonds.donor, bonds.delta)
        mine = closest[at]
        deltas.append(mine[np.isfinite(mine)])
        if (mine < NEAR).any():
            near[row] = takes[at][mine < NEAR].mean()
    transfer = block_mean(near, "") if np.isfinite(near).any() else Quantity(float("nan"), float("nan"), "")
    shares = shares[: np.flatnonzero(shares)[-1] + 1] / shares.sum()
    return Surroundings(block_mean(accepted, ""), block_mean(donated, ""), shares, transfer, np.concatenate(deltas))


def _notes(motion: Motion, protons: Protonation, ions: Identity) -> tuple[str, ...]:
    notes = list(motion.notes)
    for reason, frames in protons.flags.items():
        notes.append(f"{reason}: {len(frames)} of {motion.frames} frames, the first is {int(frames[0]) + 1}")
    if ions.start:
        notes.append(
            f"the first {ions.start} frames are left out: other than {abs(protons.excess)} {protons.ion} there"
        )
    if ions.far:
        notes.append(f"{ions.far} hops are longer than {FAR:g} A, beyond the neighbours: dump frames more often")
    return tuple(notes)
