"""Velocity autocorrelation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from nepkit.core.table import Table, stacked, table_of_columns
from nepkit.plots.named.rdf import DASHES
from nepkit.plots.named.sdc import WINDOW, notes, numbers
from nepkit.plots.plot import File, Plot, Source, named
from nepkit.plots.style import PALETTE, styled

if TYPE_CHECKING:
    from nepkit.transport.motion import VelocityCorrelation


def read(source: Source, window: tuple[float, float] = (0.5, 1.0)) -> VelocityCorrelation:
    """Read one sdc.out."""
    from nepkit.gpumd.spectra import read_sdc
    from nepkit.transport.motion import velocity_correlation

    return velocity_correlation(read_sdc(source.path("sdc.out")), window)


@styled
def plot_velocities(results: VelocityCorrelation | Mapping[str, VelocityCorrelation], *, ax: Any = None) -> Any:
    """Draw velocity autocorrelations along x, y and z, relative to their first value.

    Parameters
    ----------
    results : VelocityCorrelation or mapping of str to VelocityCorrelation
        Several are told apart by the dashes of their lines.
    ax : matplotlib Axes, optional
        Where to draw; new axes when left out.

    Returns
    -------
    matplotlib Axes
    """
    several = named(results)
    for (label, result), dash in zip(several.items(), DASHES * len(several), strict=False):
        mean = result.correlation.mean(axis=0)
        for place, axis in enumerate("xyz"):
            text = f"{axis} {label * (len(several) > 1)}".strip()
            ax.plot(result.time, mean[:, place] / mean[0, place], dash, color=PALETTE[place], linewidth=1.2, label=text)
    ax.axhline(0.0, color="#9aa0ac", linewidth=0.6)
    ax.set_xlim(0.0, max(float(result.time[-1]) for result in several.values()))
    ax.set_xlabel("lag time (ps)")
    ax.set_ylabel("velocity autocorrelation (relative)")
    ax.legend()
    return ax


def series(results: Mapping[str, VelocityCorrelation]) -> Table:
    """Return the correlations, mean over runs."""
    tables = {
        label: table_of_columns("", {"time (ps)": result.time,
                                     **{f"VAC {axis} (A^2/ps^2)": result.correlation.mean(axis=0)[:, place]
                                        for place, axis in enumerate("xyz")}})
        for label, result in results.items()
    }  # fmt: skip
    return stacked("Velocity autocorrelation", tables)


PLOT = Plot(
    name="vac",
    summary="Velocity autocorrelation.",
    menu=651,
    files=(File("sdc.out", "compute_sdc of gpumd"),),
    options=(WINDOW,),
    read=read,
    draw=plot_velocities,
    numbers=numbers,
    series=series,
    notes=notes,
    help="The numbers are diffusion coefficients, the integral of the correlation.",
)
