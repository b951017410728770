"""How the frames of a data set are distributed: histograms of quantities, frames of every composition."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from nepkit.plots.style import PALETTE, styled

BINS = (8, 60)
"""Fewest and most; between them twice the root of the number of frames."""
MOST = 25
"""Compositions that are drawn; the others are counted together."""


@styled
def plot_distribution(values: Sequence[float], label: str, *, ax: Any = None) -> Any:
    """Draw how many frames have a value.

    Parameters
    ----------
    values : sequence of float
        One a frame.
    label : str
        Quantity and unit, for the axis.
    ax : matplotlib Axes, optional
        Where to draw; new axes when left out.

    Returns
    -------
    matplotlib Axes
    """
    bins = int(np.clip(2.0 * np.sqrt(len(values)), *BINS))
    counts, edges = np.histogram(np.asarray(values, dtype=float), bins)
    ax.stairs(counts, edges, color=PALETTE[0], alpha=0.3, fill=True)
    ax.stairs(counts, edges, color=PALETTE[0], linewidth=1.4)
    ax.set_xlabel(label)
    ax.set_ylabel("frames")
    ax.yaxis.get_major_locator().set_params(integer=True)
    ax.set_ylim(bottom=0.0)
    return ax


@styled
def plot_compositions(frames: Mapping[str, int], *, ax: Any = None) -> Any:
    """Draw the number of frames of every formula, the most frequent on top.

    Parameters
    ----------
    frames : mapping of str to int
        Frames of every formula.
    ax : matplotlib Axes, optional
        Where to draw; new axes when left out.

    Returns
    -------
    matplotlib Axes
    """
    rows = sorted(frames.items(), key=lambda item: -item[1])
    if len(rows) > MOST:
        rows = [*rows[: MOST - 1], (f"{len(rows) - MOST + 1} others", sum(count for _, count in rows[MOST - 1 :]))]
    names, counts = zip(*reversed(rows), strict=True)
    ax.barh(range(len(names)), counts, color=PALETTE[0], alpha=0.6)
    ax.set_yticks(range(len(names)), names)
    ax.set_xlabel("frames")
    return ax
