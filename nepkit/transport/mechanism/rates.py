"""Rates of events that are counted."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nepkit.core.errors import InputError
from nepkit.core.statistics.quantity import Quantity

Integers = NDArray[np.int64]

#: Blocks of time whose scatter tells whether events come in bursts.
BLOCKS = 10
#: Bursts are believed in where so large a scatter of the blocks has no more than this probability.
SURPRISE = 0.1


def event_rate(frame: Integers, frames: int, interval: float, carriers: float) -> Quantity:
    """Return events per carrier, 1/ps, with Poisson's error, or a larger one where they come in bursts.

    Parameters
    ----------
    frame : ndarray of int, shape (J,)
        When they happened.
    frames : int
        Number of frames.
    interval : float
        Time between frames, ps.
    carriers : float
        Number of ions, or the mean number of those that could.
    """
    from scipy.special import chdtrc, gammaincinv  # scipy.stats takes much longer to import

    number = len(frame)
    exposure = carriers * (frames - 1) * interval
    if not exposure > 0.0:
        raise InputError("a rate needs at least one carrier and two frames")
    low, high = (gammaincinv(number, 0.025) if number else 0.0), gammaincinv(number + 1, 0.975)
    blocks = np.bincount(np.minimum((frame - 1) * BLOCKS // max(frames - 1, 1), BLOCKS - 1), minlength=BLOCKS)
    spread = float(blocks.var(ddof=1) / blocks.mean()) if number else 1.0
    burst = float(np.sqrt(spread)) if chdtrc(BLOCKS - 1, spread * (BLOCKS - 1)) < SURPRISE else 1.0
    error = max(np.sqrt(number), 1.0) * burst
    ends = (number - burst * (number - low), number + burst * (high - number))
    return Quantity(number / exposure, error / exposure, "1/ps", max(0.0, ends[0]) / exposure, ends[1] / exposure)
