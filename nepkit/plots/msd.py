"""Mean squared displacement against time."""

from __future__ import annotations

from typing import Any

from nepkit.plots.style import ANGSTROM, element_colors, styled
from nepkit.transport.element_msd import MeanSquaredDisplacement


@styled
def plot_msd(result: MeanSquaredDisplacement, *, ax: Any = None) -> Any:
    """Draw the mean squared displacement of every element.

    Parameters
    ----------
    result : MeanSquaredDisplacement
        From `nepkit.transport.element_msd.mean_squared_displacement`.
    ax : matplotlib Axes, optional
        Where to draw; new axes when left out.

    Returns
    -------
    matplotlib Axes
    """
    colors = element_colors(sorted(result.msd))
    for element, values in sorted(result.msd.items(), key=lambda item: -item[1][-1]):
        ax.plot(result.time, values, color=colors[element], label=element)
    ax.set_xlim(0.0, result.time[-1] or 1.0)
    ax.set_ylim(bottom=0.0)
    ax.set_xlabel("lag time (ps)")
    ax.set_ylabel(f"MSD ({ANGSTROM}²)")
    ax.set_title("Mean squared displacement")
    ax.legend(loc="upper left")
    return ax
