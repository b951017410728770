"""The energy along a path between two minima."""

from __future__ import annotations

from typing import Any

import numpy as np

from nepkit.plots.style import ANGSTROM, styled
from nepkit.properties.landscape.band import Band


@styled
def plot_band(band: Band, *, ax: Any = None) -> Any:
    """Draw the energies of the images over the length of the path, joined by the cubic that has their slopes too.

    Parameters
    ----------
    band : Band
        From `nepkit.properties.landscape.band.find_band`.
    ax : matplotlib Axes, optional
        Where to draw; new axes when left out.

    Returns
    -------
    matplotlib Axes
    """
    from scipy.interpolate import CubicHermiteSpline

    fine = np.linspace(0.0, band.coordinate[-1], 400)
    curve = CubicHermiteSpline(band.coordinate, band.energy, band.slope)
    (line,) = ax.plot(fine, curve(fine), zorder=2)
    if band.deviation is not None:
        ax.errorbar(band.coordinate, band.energy, yerr=band.deviation, fmt="none", ecolor=line.get_color(), capsize=2)
    ax.plot(band.coordinate, band.energy, "o", color=line.get_color(), markersize=4.5, zorder=3)
    if 0 < band.saddle < len(band.energy) - 1:
        error = f" ± {band.barrier_error:.2g}" if band.barrier_error is not None else ""
        ax.annotate(
            f"{band.barrier:.3f}{error} eV",
            (band.coordinate[band.saddle], band.barrier),
            xytext=(0, 8),
            textcoords="offset points",
            ha="center",
        )
    ax.margins(y=0.18)
    ax.axhline(0.0, color="#9aa0ac", linewidth=0.8, zorder=1)
    ax.set_xlabel(f"reaction coordinate ({ANGSTROM})")
    ax.set_ylabel("energy (eV)")
    return ax
