"""Probabilities of percolation against loading."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from nepkit.plots.style import PALETTE, styled
from nepkit.transport import Quantity


@styled
def plot_percolation(
    loading: ArrayLike,
    size: ArrayLike,
    probability: Sequence[Quantity],
    threshold: Quantity | None = None,
    *,
    label: str = "loading",
    ax: Any = None,
) -> Any:
    """Draw probabilities with their intervals, a curve for every size, and the threshold with its error.

    Parameters
    ----------
    loading, size : array_like, shape (P,)
        Of every row.
    probability : sequence of Quantity
        Of every row.
    threshold : Quantity, optional
        Where the curves cross.
    label : str
        Of the horizontal axis.
    ax : matplotlib Axes, optional
        Where to draw; new axes when left out.

    Returns
    -------
    matplotlib Axes
    """
    x, sizes = np.asarray(loading, dtype=float), np.round(np.asarray(size, dtype=float), 1)
    for color, one in zip(PALETTE, np.unique(sizes).tolist(), strict=False):
        rows = np.flatnonzero(sizes == one)
        rows = rows[np.argsort(x[rows])]
        parts = [probability[row] for row in rows.tolist()]
        low, high = ([max(0.0, side) for side in sides] for sides in (
            [part.value - part.low for part in parts], [part.high - part.value for part in parts]
        ))  # fmt: skip
        ax.errorbar(
            x[rows], [part.value for part in parts], yerr=[low, high],
            fmt="o-", markersize=4, capsize=2, color=color, label=f"edge {one:g}",
        )  # fmt: skip
    if threshold is not None:
        ax.axvspan(threshold.low, threshold.high, color="#33384a", alpha=0.12, linewidth=0)
        ax.axvline(
            threshold.value, color="#33384a", linestyle="--", linewidth=1.0,
            label=f"threshold {threshold.value:.3f} ± {threshold.error:.3f}",
        )  # fmt: skip
    ax.set_ylim(-0.03, 1.03)
    ax.set_xlabel(label)
    ax.set_ylabel("probability of percolation")
    ax.legend(loc="best")
    return ax
