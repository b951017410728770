"""Energy and temperature along a run of molecular dynamics."""

from __future__ import annotations

from typing import Any

import numpy as np

from nepkit.plots.style import PALETTE, styled
from nepkit.properties.dynamics import Trajectory


@styled
def plot_energy(result: Trajectory, *, ax: Any = None) -> Any:
    """Draw the total energy under NVE, relative to its mean, and the temperature of the whole run.

    Parameters
    ----------
    result : Trajectory
        From `nepkit.properties.dynamics.run_md`.
    ax : matplotlib Axes, optional
        Where to draw; new axes when left out.

    Returns
    -------
    matplotlib Axes
        Of the energy; the temperature is on a second axis at the right.
    """
    blue, orange = PALETTE[:2]
    time, energy = result.time[result.nve], 1e3 * result.energy[result.nve]
    twin = ax.twinx()
    twin.plot(result.time, result.temperature, color=orange, linewidth=1.0, alpha=0.8)
    twin.set_ylabel("temperature (K)", color=orange)
    twin.tick_params(axis="y", labelcolor=orange)
    twin.spines["right"].set_visible(True)
    twin.grid(visible=False)
    twin.set_ylim(0.0, 2.0 * max(result.target, float(np.median(result.temperature))))
    ax.set_zorder(twin.get_zorder() + 1)
    ax.patch.set_visible(False)
    twin.axvspan(result.time[0], 0.0, color="#eef0f4", zorder=0)
    ax.plot(time, energy - energy.mean(), color=blue)
    reach = max(3.0 * float(np.abs(energy - energy.mean()).max()), 0.05)
    ax.set_ylim(-reach, reach)
    ax.set_xlim(result.time[0], result.time[-1])
    ax.text(0.0, 0.02, "thermostat  ", transform=ax.get_xaxis_transform(), ha="right", color="#6b7180", fontsize=8)
    ax.text(0.0, 0.02, "  constant energy", transform=ax.get_xaxis_transform(), ha="left", color="#6b7180", fontsize=8)
    ax.set_xlabel("time (ps)")
    ax.set_ylabel("total energy − mean (meV/atom)", color=blue)
    ax.tick_params(axis="y", labelcolor=blue)
    ax.set_title("Energy and temperature")
    return ax
