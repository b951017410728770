"""Chosen frames among all, by principal components of their descriptors."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from nepkit.plots.style import styled

SETS = {"candidate": ("#b8bcc6", 10, "o"), "known": ("#e69f00", 14, "s"), "chosen": ("#0072b2", 22, "o")}
"""Colour, size and marker by set, in the order in which they are drawn."""


@styled
def plot_selection(places: NDArray[np.float64], sets: NDArray[np.str_], *, ax: Any = None) -> Any:
    """Draw where the chosen frames are.

    Parameters
    ----------
    places : ndarray, shape (F, 2)
        Principal components.
    sets : ndarray of str, shape (F,)
        candidate, known or chosen.
    ax : matplotlib Axes, optional
        Where to draw; new axes when left out.

    Returns
    -------
    matplotlib Axes
    """
    for name, (color, size, marker) in SETS.items():
        rows = sets == name
        if rows.any():
            label = f"{name} ({int(rows.sum())})"
            ax.scatter(*places[rows].T, s=size, c=color, marker=marker, linewidths=0, label=label)
    ax.set_xlabel("first principal component")
    ax.set_ylabel("second principal component")
    ax.legend(loc="best")
    return ax
