"""Viscosity by Green and Kubo."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from nepkit.core.table import Table, table_of_columns
from nepkit.plots.means import in_words, means_table
from nepkit.plots.plot import File, Option, Panel, Plot, Source
from nepkit.plots.style import PALETTE, styled

if TYPE_CHECKING:
    from nepkit.heat.viscosity import ShearViscosity


def read(sources: Sequence[Source], window: tuple[float, float] = (0.5, 1.0)) -> ShearViscosity:
    """Read the runs of all files."""
    from nepkit.gpumd.spectra import read_viscosity
    from nepkit.heat.viscosity import shear_viscosity

    return shear_viscosity([run for source in sources for run in read_viscosity(source.path("viscosity.out"))], window)


@styled
def plot_viscosity(result: ShearViscosity, *, ax: Any = None) -> Any:
    """Draw the running integral of every off-diagonal component and their mean.

    Parameters
    ----------
    result : ShearViscosity
        From `nepkit.heat.viscosity.shear_viscosity`.
    ax : matplotlib Axes, optional
        Where to draw; new axes when left out.

    Returns
    -------
    matplotlib Axes
    """
    curves = result.curves(result.viscosity)
    for name, color in zip(result.components, PALETTE, strict=False):
        ax.plot(result.time, 1e3 * curves[name], color=color, linewidth=0.9, label=name)
    value = result.shear.quantity.scaled(1e3, "mPa s")
    ax.plot(result.time, 1e3 * curves["shear"], color="#33384a", label=f"mean: {in_words(value)}")
    ax.axvspan(*result.window, color="#9aa0ac", alpha=0.12, linewidth=0, zorder=0)
    ax.set_xlim(0.0, float(result.time[-1]))
    ax.set_xlabel("correlation time (ps)")
    ax.set_ylabel("running viscosity (mPa s)")
    ax.set_title("Shear viscosity")
    ax.legend()
    return ax


@styled
def plot_correlation(result: ShearViscosity, *, ax: Any = None) -> Any:
    """Draw the autocorrelation of the off-diagonal stress, relative to its first value.

    Parameters
    ----------
    result : ShearViscosity
        From `nepkit.heat.viscosity.shear_viscosity`.
    ax : matplotlib Axes, optional
        Where to draw; new axes when left out.

    Returns
    -------
    matplotlib Axes
    """
    curves = result.curves(result.correlation)
    for name, color in zip(result.components, PALETTE, strict=False):
        ax.plot(result.time, curves[name] / curves[name][0], color=color, linewidth=0.9, label=name)
    ax.axhline(0.0, color="#33384a", linewidth=0.6)
    ax.set_xlim(0.0, float(result.time[-1]))
    ax.set_xlabel("correlation time (ps)")
    ax.set_ylabel("stress autocorrelation (relative)")
    ax.legend()
    return ax


def panels(result: ShearViscosity) -> dict[str, Panel]:
    """Return correlation and viscosity."""
    return {"correlation": partial(plot_correlation, result), "viscosity": partial(plot_viscosity, result)}


def numbers(result: ShearViscosity) -> list[Table]:
    """Return the viscosities."""
    start, stop = result.window
    shown = {"shear": result.shear, **result.components, "longitudinal": result.longitudinal, "bulk": result.bulk}
    return [means_table(f"Viscosity, mean from {start:.4g} to {stop:.4g} ps", {"": shown})]


def notes(result: ShearViscosity) -> tuple[str, ...]:
    """Return what the reader should know."""
    return result.notes


def series(result: ShearViscosity) -> Table:
    """Return the running integrals."""
    curves = {f"{name} (Pa s)": values for name, values in result.curves(result.viscosity).items()}
    return table_of_columns("Running viscosity", {"time (ps)": result.time, **curves})


PLOT = Plot(
    name="viscosity",
    summary="Viscosity by Green and Kubo, with its plateau.",
    menu=644,
    files=(File("viscosity.out", "compute_viscosity of gpumd"),),
    options=(
        Option(
            "window", "Averaging window as fractions of the correlation time.", type=float, default=(0.5, 1.0), count=2
        ),
    ),
    read=read,
    panels=panels,
    numbers=numbers,
    series=series,
    notes=notes,
    takes="all",
    help="All runs of all FILES are taken for independent ones. One run has the scatter of its three components.",
    size=(4.8, 3.6),
)  # fmt: skip
