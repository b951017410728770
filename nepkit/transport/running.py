"""Conductivity from the running integral that GPUMD's compute_ic writes."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from nepkit.core.statistics.quantity import Quantity, of_blocks
from nepkit.gpumd.spectra import read_ic
from nepkit.transport.conductivity import Conductivity
from nepkit.transport.window import NotDiffusiveError

#: Part of the lag range that is averaged where none is given.
PLATEAU = (0.5, 1.0)
#: Halves of the plateau that differ by more than this share are none.
LEVEL = 0.2


def running_conductivity(path: str | Path, window: tuple[float, float] | None = None) -> Conductivity:
    """Return the plateau of an ic.out: the conductivity of independent ions of one kind, mS/cm.

    One run has no error, because the values at different lags are not independent; several runs in one file, which
    GPUMD appends, give one from their scatter.

    Parameters
    ----------
    path : str or Path
        ic.out.
    window : pair of float, optional
        Part of the lag range that is averaged, the second half when left out.

    Raises
    ------
    NotDiffusiveError
        Where the two halves of the plateau differ by more than a fifth.
    """
    low, high = window or PLATEAU
    runs = read_ic(path)
    parts = [run.values[int(low * len(run.time)) : max(2, int(np.ceil(high * len(run.time))))] for run in runs]
    middle = np.array([part.mean(axis=0) for part in parts])
    halves = [np.mean([half[side].mean() for half in (np.array_split(part, 2) for part in parts)]) for side in (0, 1)]
    if window is None and abs(halves[1] - halves[0]) > LEVEL * abs(halves[0]):
        raise NotDiffusiveError(
            f"{path} has no plateau: {halves[0]:.3g} and {halves[1]:.3g} mS/cm in the halves of its second half; "
            "use a longer correlation time in compute_ic"
        )

    def quantity(values: np.ndarray) -> Quantity:
        if len(values) < 2:
            return Quantity(float(values[0]), float("nan"), "mS/cm")
        return of_blocks(float(values.mean()), float(values.std(ddof=1) / np.sqrt(len(values))), len(values), "mS/cm")

    directions = tuple(quantity(middle[:, axis]) for axis in range(3))
    return Conductivity(quantity(middle.mean(axis=1)), None, None, directions)
