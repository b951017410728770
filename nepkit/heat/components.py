"""Names of the parts of a heat current, and what kappa.out and hac.out have of them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from nepkit.core.errors import InputError
from nepkit.inputs.runfile import Run

Array = NDArray[np.float64]

COMPONENTS: Mapping[str, tuple[float, ...]] = {
    "x in": (1, 0, 0, 0, 0),
    "x out": (0, 1, 0, 0, 0),
    "x": (1, 1, 0, 0, 0),
    "y in": (0, 0, 1, 0, 0),
    "y out": (0, 0, 0, 1, 0),
    "y": (0, 0, 1, 1, 0),
    "z": (0, 0, 0, 0, 1),
    "xy": (0.5, 0.5, 0.5, 0.5, 0),
    "xyz": (1 / 3, 1 / 3, 1 / 3, 1 / 3, 1 / 3),
}
"""Weights of the five columns x in, x out, y in, y out, z; ``in`` and ``out`` are of motion in and out of the xy plane,
``xy`` and ``xyz`` are means of directions for isotropic materials."""

SINGLE = tuple(name for name in COMPONENTS if name not in ("xy", "xyz"))
"""Those of one direction: a driving force has one, so that means over directions say nothing."""

WATT_PER_METRE = 1602.176634
"""W/m of one eV/ps/A."""

MEGAWATT_PER_SQUARE_METRE = 1.602176634e7
"""MW/m^2 of one eV/ps/A^2."""


def component(values: Array, name: str) -> Array:
    """Return one part of the five columns, which are the last axis.

    Examples
    --------
    >>> component(np.array([1.0, 2.0, 3.0, 4.0, 5.0]), "y")
    array(7.)
    """
    return np.asarray(values @ np.array(COMPONENTS[name]))


def number(run: Run, keyword: str, place: int) -> float:
    """Return an argument of a keyword as a number.

    Raises
    ------
    InputError
        Where it is missing or no number.
    """
    words = run.find(keyword) or ()
    try:
        return float(words[place])
    except (IndexError, ValueError):
        raise InputError(f"run.in: {' '.join((keyword, *words))!r} has no number at place {place + 1}") from None
