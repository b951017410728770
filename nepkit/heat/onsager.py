"""Onsager coefficients from onsager.out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from nepkit.core.errors import InputError
from nepkit.core.statistics.averages import Mean, over_blocks, running_mean
from nepkit.heat.components import Array


@dataclass(frozen=True)
class Coefficients:
    """Coefficients of one run.

    Parameters
    ----------
    time : ndarray, shape (R,)
        ps.
    running : mapping of str to ndarray, shape (R,)
        Running averages from their first row, by name: ``heat x``, ``element 1 y`` and so on.
    values : mapping of str to Mean
        Means with errors of blocks of time, W/m/K for heat and 1e-6 kg/s/m/K for elements.
    """

    time: Array
    running: Mapping[str, Array]
    values: Mapping[str, Mean]


def coefficients(table: Array, step: float, skip: float = 0.0) -> Coefficients:
    """Average the rows of an onsager.out.

    Parameters
    ----------
    table : ndarray, shape (R, M + 1, 3)
        From `nepkit.gpumd.heat.read_onsager`.
    step : float
        Time between rows, ps.
    skip : float
        Time to leave out at the beginning, ps.

    Raises
    ------
    InputError
        Where nothing is left.

    Examples
    --------
    >>> found = coefficients(np.ones((100, 2, 3)), 0.5, skip=10.0)
    >>> found.values["element 1 z"].quantity.value, len(found.time)
    (1.0, 80)
    """
    start = round(skip / step) if step > 0.0 else len(table)
    if start >= len(table):
        raise InputError(f"nothing is left after {skip:g} ps of {step * len(table):g} ps")
    rows = table[start:]
    running, values = {}, {}
    for place in range(table.shape[1]):
        for axis in range(3):
            name = f"{f'element {place}' if place else 'heat'} {'xyz'[axis]}"
            running[name] = running_mean(rows[:, place, axis])
            values[name] = over_blocks(rows[:, place, axis], "1e-6 kg/s/m/K" if place else "W/m/K")
    return Coefficients(np.asarray(step * np.arange(start + 1, len(table) + 1), dtype=float), running, values)
