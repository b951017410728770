"""How long something that is there stays, or is back: population correlation functions and their times."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nepkit.core.errors import InputError
from nepkit.core.statistics.quantity import Quantity, of_blocks
from nepkit.transport.mechanism.rates import SURPRISE

Array = NDArray[np.float64]
Integers = NDArray[np.int64]

#: Blocks of time whose scatter gives the errors.
BLOCKS = 10
#: The exponential is fitted where the correlation is between these values.
FITTED = (0.1, 0.8)
#: With fewer lags in between there is no fit.
FEWEST = 3


@dataclass(frozen=True)
class Survival:
    """Population correlation functions of pairs that come together and part.

    Parameters
    ----------
    time : ndarray, shape (L,)
        Lag, ps.
    intermittent, continuous : ndarray, shape (L,)
        Probability that a pair is there after the lag: whatever happened in between, and without a break.
    intermittent_error, continuous_error : ndarray, shape (L,)
        Standard errors from blocks of time or groups of pairs, whichever are larger.
    background : float
        What the intermittent one decays to, the probability of any pair.
    lifetime : Quantity or None
        Mean time without a break, ps: visits cut off by the end of the run count as such. None where no pair parted.
    exchange : Quantity or None
        Time constant of the decay of the intermittent one above its background, ps; None where it does not decay far
        enough.
    exits : int
        How often a pair was seen to part.
    present : float
        Mean number of pairs.
    """

    time: Array
    intermittent: Array
    continuous: Array
    intermittent_error: Array
    continuous_error: Array
    background: float
    lifetime: Quantity | None
    exchange: Quantity | None
    exits: int
    present: float


def survival(
    pair: ArrayLike,
    frame: ArrayLike,
    frames: int,
    interval: float,
    *,
    longest: float | None = None,
    patience: float = 0.0,
    background: float = 0.0,
) -> Survival:
    """Correlate the presence of pairs in time.

    The rate of parting is ``-ln(1 - p) / interval``, p being the share of pairs that are gone in the next frame: it is
    right for any interval where pairs part at random, and visits that the end of the run cuts off bias it not.

    Parameters
    ----------
    pair, frame : array_like of int, shape (E,)
        Which pair is there in which frame; each once.
    frames : int
        Number of frames.
    interval : float
        Time between them, ps.
    longest : float, optional
        Longest lag, ps; half of the run when left out.
    patience : float
        Absences no longer than this, ps, are no break (doi:10.1021/j150651a008).
    background : float
        Probability of any pair at long times.

    Raises
    ------
    InputError
        Where there is no pair at all.

    Examples
    --------
    >>> found = survival([7, 7, 7, 7], [0, 1, 2, 5], 10, 1.0, longest=3.0)
    >>> found.continuous
    array([1.  , 0.5 , 0.25, 0.  ])
    """
    number, at = np.asarray(pair, dtype=np.int64), np.asarray(frame, dtype=np.int64)
    if not len(number):
        raise InputError("no pair is ever there; widen the cutoff")
    if frames < 2:
        raise InputError(f"{frames} frame, at least two are needed for a correlation in time")
    order = np.lexsort((at, number))
    number, at = np.unique(number[order], return_inverse=True)[1], at[order]
    key = number * np.int64(2 * frames) + at
    new = np.diff(key, prepend=key[0] - 2 * frames) > 1 + round(patience / interval)
    lags = _lags(frames, interval, longest)
    kept, unbroken, origins = _count(key, at, number, np.cumsum(new), lags, frames)
    exits, trials = _exits(at, new, frames)
    time: Array = interval * lags.astype(float)
    full, parts = _ratio(kept, origins), _left_out(kept, origins)
    plain, plain_parts = _ratio(unbroken, origins), _left_out(unbroken, origins)
    return Survival(
        time, full, plain, _jackknife(parts), _jackknife(plain_parts), background, _lifetime(exits, trials, interval),
        _exchange(time, full, parts, background), int(exits.sum()), len(key) / frames,
    )  # fmt: skip


def _lags(frames: int, interval: float, longest: float | None) -> Integers:
    """Return up to about 80 lags in frames, closer together where they are short."""
    most = (frames - 1) // 2 if longest is None else round(longest / interval)
    most = max(1, min(frames - 1, most))
    return np.unique(np.concatenate([np.arange(min(most, 30) + 1), np.geomspace(1, most, 60).round().astype(np.int64)]))


def _count(
    key: Integers, at: Integers, number: Integers, run: Integers, lags: Integers, frames: int
) -> tuple[Array, Array, Array]:
    """Return pairs that are there again, that were never gone, and all, by lag, block of origins and group of pairs."""
    block, left = at * BLOCKS // frames * BLOCKS + number % BLOCKS, _left(key, run)
    kept, unbroken, origins = (np.zeros((len(lags), BLOCKS, BLOCKS)) for _ in range(3))
    for row, lag in enumerate(lags):
        possible = at + lag < frames
        place = np.searchsorted(key, key + lag)
        place[place == len(key)] = 0
        again = possible & (key[place] == key + lag)
        for total, mask in ((origins, possible), (kept, again), (unbroken, possible & (left >= lag))):
            total[row] = np.bincount(block[mask], minlength=BLOCKS * BLOCKS).reshape(BLOCKS, BLOCKS)
    return kept, unbroken, origins


def _left(key: Integers, run: Integers) -> Integers:
    """Return for how many more frames the run of every entry goes on."""
    last = np.flatnonzero(np.diff(run, append=run[-1] + 1))
    return np.asarray(key[last][run - run[0]] - key)


def _exits(at: Integers, new: NDArray[np.bool_], frames: int) -> tuple[Array, Array]:
    """Return how many pairs part and how many could have, by block of time."""
    leaves = np.append(new[1:], True) & (at < frames - 1)
    risk = at < frames - 1
    block = at * BLOCKS // frames
    return (
        np.bincount(block[leaves], minlength=BLOCKS).astype(float),
        np.bincount(block[risk], minlength=BLOCKS).astype(float),
    )


def _lifetime(exits: Array, trials: Array, interval: float) -> Quantity | None:
    from scipy.special import chdtrc  # scipy.stats takes much longer to import

    total = exits.sum()
    if not total or total == trials.sum():
        return None
    share = total / trials.sum()
    value = -interval / np.log1p(-share)
    # Poisson's error, or more where the blocks scatter more than that.
    expected = trials * share
    spread = float(((exits - expected)[expected > 0] ** 2 / expected[expected > 0]).sum()) / (BLOCKS - 1)
    bursts = chdtrc(BLOCKS - 1, spread * (BLOCKS - 1)) < SURPRISE
    relative = float(np.sqrt((spread if bursts else 1.0) / total))
    value, factor = float(value), float(np.exp(1.959964 * relative))
    return Quantity(value, value * relative, "ps", value / factor, value * factor)


def _ratio(part: Array, whole: Array) -> Array:
    return np.asarray(part.sum(axis=(1, 2)) / np.maximum(whole.sum(axis=(1, 2)), 1.0))


def _left_out(part: Array, whole: Array) -> Array:
    """Return the ratio without every block of time in turn, and every group of pairs, shape (1 or 2, blocks, lags)."""
    axes = (2, 1) if (whole[0].sum(axis=0) > 0).all() else (2,)  # with few pairs there are no groups
    rest = [[values.sum(axis=(1, 2))[:, None] - values.sum(axis=axis) for values in (part, whole)] for axis in axes]
    return np.array([(some / np.maximum(trials, 1.0)).T for some, trials in rest])


def _jackknife(parts: Array) -> Array:
    """Return the larger of the errors from blocks of time, which are correlated in short runs, and from pairs."""
    count = parts.shape[1]
    return np.asarray(
        np.sqrt((count - 1) / count * np.square(parts - parts.mean(axis=1, keepdims=True)).sum(axis=1)).max(axis=0)
    )


def _exchange(time: Array, full: Array, parts: Array, background: float) -> Quantity | None:
    def constant(curve: Array) -> float | None:
        above = (curve - background) / (1.0 - background)
        below = np.flatnonzero(above < FITTED[0])
        stop = int(below[0]) if len(below) else len(above)
        chosen = np.arange(stop)[above[:stop] < FITTED[1]]
        if len(chosen) < FEWEST or not (len(below) or above[stop - 1] < 0.5):
            return None
        # Errors of the logarithm grow as the correlation falls; so do the weights with its square.
        slope = np.polyfit(time[chosen], np.log(above[chosen]), 1, w=above[chosen])[0]
        return float(-1.0 / slope) if slope < 0.0 else None

    best = constant(full)
    others = [constant(curve) for curve in parts.reshape(-1, parts.shape[2])]
    if best is None or None in others:
        return None
    error = float(_jackknife(np.array(others, dtype=float).reshape(len(parts), -1, 1))[0])
    return of_blocks(best, error, BLOCKS, "ps")
