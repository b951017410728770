"""Distribution of the charges of every element."""

from __future__ import annotations

from typing import Any

import numpy as np

from nepkit.plots.style import element_colors, styled
from nepkit.properties.charges import ChargeDistribution

#: All charges are drawn with no fewer and no more bins.
FEWEST, MOST = 20, 80


@styled
def plot_charges(result: ChargeDistribution, *, ax: Any = None) -> Any:
    """Draw a histogram of the charges of every element, its mean and standard deviation in the legend.

    Parameters
    ----------
    result : ChargeDistribution
        From `nepkit.properties.charges.charge_distribution`.
    ax : matplotlib Axes, optional
        Where to draw; new axes when left out.

    Returns
    -------
    matplotlib Axes
    """
    colors = element_colors(sorted(result.values))
    every = np.concatenate(list(result.values.values()))
    reach = max(float(np.ptp(every)), 0.01)
    bins = int(np.clip(2 * np.sqrt(len(every)), FEWEST, MOST))
    edges = np.linspace(every.min() - 0.02 * reach, every.min() + 1.02 * reach, bins + 1)
    for row in result.by_element():
        values = result.values[row.element]
        density = np.histogram(values, edges)[0].astype(float)
        density /= density.max()
        text = f"{row.element} {row.mean:+.3f} ± {row.std:.3f}"
        ax.stairs(density, edges, color=colors[row.element], alpha=0.3, fill=True)
        ax.stairs(density, edges, color=colors[row.element], linewidth=1.3, label=text)
        ax.axvline(row.mean, ymax=0.72, color=colors[row.element], linewidth=0.9, linestyle=(0, (4, 2)))
    ax.axvline(0.0, color="#33384a", linewidth=0.8, zorder=0)
    ax.set_ylim(0.0, 1.4)  # room for the legend
    ax.set_yticks([])
    ax.grid(visible=False, axis="y")
    ax.set_xlabel("charge (e)")
    ax.set_ylabel("atoms (highest bin = 1)")
    ax.set_title("Charges by element: mean ± spread")
    ax.legend(loc="upper left", ncols=2, columnspacing=1.2)
    return ax
