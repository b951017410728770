"""Frames at equal steps, and random ones."""

from __future__ import annotations

import numpy as np

from nepkit.core.errors import InputError


def uniform(frames: int, count: int) -> list[int]:
    """Return the indices of frames at equal steps through a set, none twice.

    Raises
    ------
    InputError
        Where there are fewer frames than wanted.

    Examples
    --------
    >>> uniform(10, 2)
    [2, 7]
    """
    _check(frames, count)
    return [int((2 * k + 1) * frames / (2 * count)) for k in range(count)]


def random(frames: int, count: int, seed: int = 0) -> list[int]:
    """Return the sorted indices of random frames, none twice.

    Raises
    ------
    InputError
        Where there are fewer frames than wanted.
    """
    _check(frames, count)
    return sorted(np.random.default_rng(seed).choice(frames, count, replace=False).tolist())


def _check(frames: int, count: int) -> None:
    if not 1 <= count <= frames:
        raise InputError(f"{count} frames are wanted of {frames}; ask for 1 to {frames}")
