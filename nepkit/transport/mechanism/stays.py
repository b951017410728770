"""Stays at places, and those that are rattling."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]


def without_rattling(series: Integers, least: float) -> Integers:
    """Return a series of places without excursions that come back to the place they left within a number of frames.

    Whatever happens on such an excursion is left out. The last stay, whose end is not known, is kept.

    Parameters
    ----------
    series : ndarray of int, shape (F,)
        Place in every frame.
    least : float
        An absence shorter than this, in frames, is no departure.

    Examples
    --------
    >>> without_rattling(np.array([1, 1, 2, 1, 1, 3, 4, 4]), 2)
    array([1, 1, 1, 1, 1, 3, 4, 4])
    """
    starts = np.concatenate([[0], np.flatnonzero(np.diff(series)) + 1])
    names, begins = series[starts].tolist(), starts.tolist()
    kept = series.copy()
    here = 0
    while here < len(names) - 1:
        left = begins[here + 1]
        back = here + 2
        while back < len(names) and begins[back] - left < least and names[back] != names[here]:
            back += 1
        if back < len(names) and begins[back] - left < least:
            kept[left : begins[back]] = names[here]
            here = back
        else:
            here += 1
    return kept
