"""Jumps of ions between sites: rates and lengths, residence times, correlation of successive jumps."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from nepkit.core.errors import InputError
from nepkit.core.statistics.blocks import bootstrap
from nepkit.core.statistics.quantity import Quantity, of_blocks, of_normal
from nepkit.transport.blocks import blocks_that_fit, square_blocks
from nepkit.transport.diffusion import CM2_PER_S, Diffusion, diffusion
from nepkit.transport.mechanism.occupation import Occupation, packed_states
from nepkit.transport.mechanism.rates import event_rate
from nepkit.transport.mechanism.survival import Survival, survival
from nepkit.transport.msd import msd
from nepkit.transport.window import NotDiffusiveError

Array = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True)
class Events:
    """Jumps in order of time.

    Parameters
    ----------
    ion, frame, origin, target : ndarray of int, shape (J,)
        Which ion, first frame at the new site, and the sites.
    vector : ndarray, shape (J, 3)
        From site to site, A.
    """

    ion: Integers
    frame: Integers
    origin: Integers
    target: Integers
    vector: Array

    @property
    def length(self) -> Array:
        """Length of every jump, A."""
        return np.asarray(np.linalg.norm(self.vector, axis=1))


@dataclass(frozen=True)
class PairOfKinds:
    """Jumps from sites of one kind to those of another (or the same).

    Parameters
    ----------
    origin, target : str
        Kinds.
    count : int
        Number of jumps.
    rate : Quantity
        Per ion at a site of the first kind, 1/ps.
    length, spread : float
        Mean and standard deviation of the length, A.
    """

    origin: str
    target: str
    count: int
    rate: Quantity
    length: float
    spread: float


@dataclass(frozen=True)
class Jumps:
    """What the jumps of the ions tell.

    Parameters
    ----------
    events : Events
        All jumps.
    pairs : tuple of PairOfKinds
        By kinds of sites, the most frequent first.
    rate : Quantity
        Jumps per ion, 1/ps.
    residence : dict of str to Survival
        How long ions stay at sites of each kind.
    random_walk : Quantity
        Diffusion coefficient if every jump were independent of the one before, cm^2/s.
    tracer : Diffusion or None
        Of the path over the sites; None where it is not diffusive yet.
    correlation : Quantity or None
        Correlation factor: the second over the first; one for independent jumps.
    backward : float
        Share of jumps that lead back to the site before.
    why_no_tracer : str
        The reason.
    """

    events: Events
    pairs: tuple[PairOfKinds, ...]
    rate: Quantity
    residence: dict[str, Survival]
    random_walk: Quantity
    tracer: Diffusion | None
    correlation: Quantity | None
    backward: float
    why_no_tracer: str


def events_of(occupation: Occupation) -> Events:
    """Return the jumps between sites, also those of an ion to the next image of its own site.

    Raises
    ------
    InputError
        Where there is none.
    """
    site, image = occupation.site, occupation.image
    moved = ((site[1:] != site[:-1]) | (image[1:] != image[:-1]).any(axis=2)) & (site[1:] >= 0)
    before, ion = np.nonzero(moved)
    if not len(ion):
        raise InputError(f"{occupation.element} does not jump: every ion is at its first site to the end")
    origin, target = site[before, ion], site[before + 1, ion]
    place = occupation.sites.place
    step = place[target] - place[origin] + image[before + 1, ion] - image[before, ion]
    return Events(ion, before + 1, origin, target, step @ occupation.sites.cell)


def jumps(occupation: Occupation, *, window: tuple[float, float] | None = None, longest: float | None = None) -> Jumps:
    """Count jumps and compare the diffusion that they make with that of a random walk.

    Parameters
    ----------
    occupation : Occupation
        From `occupy`.
    window : pair of float, optional
        Part of the lag range to fit the diffusion coefficient in.
    longest : float, optional
        Longest lag of the residence functions, ps.

    Raises
    ------
    InputError
        Where there is no jump.
    """
    events = events_of(occupation)
    frames = len(occupation.site)
    present = np.flatnonzero(occupation.site[0] >= 0)
    rate = event_rate(events.frame, frames, occupation.interval, len(present))
    mean_square = float(np.square(events.length).mean())
    spread = float(np.square(events.length).std() / np.sqrt(len(events.ion)))
    value = CM2_PER_S * rate.value * mean_square / 6.0
    relative = float(np.hypot(rate.error / rate.value, spread / mean_square))
    walk = of_normal(value, value * relative, "cm^2/s")
    path = occupation.path()[:, present]
    why, tracer, correlation = "", None, None
    try:
        curves = msd(path, occupation.interval, labels=["ion"] * len(present))
        tracer = diffusion(curves, "ion", positions=path, window=window)
        correlation = _factor(tracer, walk, path, events, present, relative)
    except NotDiffusiveError as error:
        why = str(error)
    return Jumps(
        events, _pairs(occupation, events), rate, _residence(occupation, longest), walk, tracer, correlation,
        _backward(events), why,
    )  # fmt: skip


def _factor(
    tracer: Diffusion, walk: Quantity, path: Array, events: Events, present: Integers, relative: float
) -> Quantity:
    """Return D over that of a walk without memory; by chance there may be more jumps, which both of them feel alike."""
    ratio = tracer.D.value / walk.value
    lags = np.array(tracer.lags)
    blocks = blocks_that_fit(len(path), int(lags[-1]))
    if not blocks:
        return of_normal(ratio, ratio * float(np.hypot(tracer.D.error / tracer.D.value, relative)), "")
    weights = np.array(tracer.weights)
    slopes = np.einsum("bkd,k->b", square_blocks(path, lags, blocks), weights)
    # The jumps of a block are counted through the same lags as its slope, so that both feel the same ones.
    made = np.bincount(events.frame, np.square(events.length), len(path)).cumsum() / len(present)
    edges = np.linspace(0, len(path) - lags[-1], blocks + 1).astype(int)
    squares = [
        weights @ [(made[start + lag : stop + lag] - made[start:stop]).mean() for lag in lags]
        for start, stop in pairwise(edges.tolist())
    ]
    drawn = bootstrap(np.stack([slopes, np.array(squares)], axis=1))
    return of_blocks(ratio, float((drawn[:, 0] / drawn[:, 1]).std()), blocks, "")


def _pairs(occupation: Occupation, events: Events) -> tuple[PairOfKinds, ...]:
    kind = np.array(occupation.sites.kind)
    frames = len(occupation.site)
    found = []
    for origin in occupation.sites.kinds:
        at = np.isin(occupation.site, np.flatnonzero(kind == origin)).sum() / frames
        for target in occupation.sites.kinds:
            mine = (kind[events.origin] == origin) & (kind[events.target] == target)
            if mine.any():
                lengths = events.length[mine]
                rate = event_rate(events.frame[mine], frames, occupation.interval, float(at))
                found.append(PairOfKinds(origin, target, int(mine.sum()), rate, float(lengths.mean()),
                                         float(lengths.std())))  # fmt: skip
    return tuple(sorted(found, key=lambda pair: -pair.count))


def _residence(occupation: Occupation, longest: float | None) -> dict[str, Survival]:
    """Return how long ions stay at sites, by kind; every stay at a site, or at an image of it, is one of its own."""
    frames, ions = occupation.site.shape
    kind = np.array(occupation.sites.kind)
    state = np.unique(packed_states(occupation.site, occupation.image), return_inverse=True)[1].reshape(frames, ions)
    code = (state * ions + np.arange(ions)).ravel()
    site, frame = occupation.site.ravel(), np.repeat(np.arange(frames), ions)
    found = {}
    for name in occupation.sites.kinds:
        mine = (site >= 0) & (kind[site] == name)
        if mine.any():
            found[name] = survival(code[mine], frame[mine], frames, occupation.interval, longest=longest)
    return found


def _backward(events: Events) -> float:
    order = np.lexsort((events.frame, events.ion))
    same = np.diff(events.ion[order]) == 0
    undone = same & (np.abs(events.vector[order][1:] + events.vector[order][:-1]).max(axis=1) < 1e-6)
    return float(undone.sum() / same.sum()) if same.any() else float("nan")
