"""Thermal conductivity by Green and Kubo."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from nepkit.core.table import Table, table_of_columns
from nepkit.plots.means import in_words, means_table
from nepkit.plots.plot import File, Option, Panel, Plot, Source
from nepkit.plots.style import PALETTE, styled
from nepkit.plots.thinning import POINTS, thinned

if TYPE_CHECKING:
    from nepkit.heat.green_kubo import GreenKubo

DIRECTIONS = ("x", "y", "z", "xy", "xyz")


def read(sources: Sequence[Source], window: tuple[float, float] = (0.5, 1.0)) -> GreenKubo:
    """Read the runs of all files."""
    from nepkit.gpumd.heat import read_hac
    from nepkit.heat.green_kubo import green_kubo, length_of_run
    from nepkit.inputs.runfile import read_run_file

    runs = [run for source in sources for run in read_hac(source.path("hac.out"))]
    inputs = sources[0].find("run.in")
    return green_kubo(runs, window, length_of_run(read_run_file(inputs)) if inputs else None)


def parts_of(direction: Sequence[str], split: bool) -> list[str]:
    """Return the components to draw."""
    names = list(direction) or ["x", "y", "z"]
    if not split:
        return names
    return [part for name in names for part in ((f"{name} in", f"{name} out", name) if name in "xy" else (name,))]


@styled
def plot_conductivity(result: GreenKubo, *, direction: Sequence[str] = (), split: bool = False, ax: Any = None) -> Any:
    """Draw the running conductivity: every run thin, their mean thick with its standard error.

    Parameters
    ----------
    result : GreenKubo
        From `nepkit.heat.green_kubo.green_kubo`.
    direction : sequence of str
        Components; x, y and z when empty.
    split : bool
        Whether motion in and out of the plane is drawn too.
    ax : matplotlib Axes, optional
        Where to draw; new axes when left out.

    Returns
    -------
    matplotlib Axes
    """
    for name, color in zip(parts_of(direction, split), PALETTE * 2, strict=False):
        mean, error = result.band(name)
        if error is not None:
            for curve in result.curves(name):
                ax.plot(*thinned(result.time, curve), color=color, linewidth=0.6, alpha=0.4)
            every = max(1, len(mean) // POINTS)
            band = (result.time[::every], (mean - error)[::every], (mean + error)[::every])
            ax.fill_between(*band, color=color, alpha=0.15, linewidth=0)
        text = in_words(result.values[name].quantity).replace(" W/m/K", "")
        ax.plot(*thinned(result.time, mean), color=color, label=f"{name}: {text}")
    ax.axvspan(*result.window, color="#9aa0ac", alpha=0.12, linewidth=0, zorder=0)
    ax.set_xlim(0.0, float(result.time[-1]))
    ax.set_xlabel("correlation time (ps)")
    ax.set_ylabel("running conductivity (W/m/K)")
    ax.set_title(f"Conductivity of {len(result.kappa)} run{'s' * (len(result.kappa) > 1)}, mean of the shaded part")
    ax.legend(loc="lower right", frameon=True, framealpha=0.85, edgecolor="none")
    return ax


@styled
def plot_correlation(result: GreenKubo, *, direction: Sequence[str] = (), split: bool = False, ax: Any = None) -> Any:
    """Draw the heat current autocorrelation, mean over runs, relative to its first value.

    Parameters
    ----------
    result : GreenKubo
        From `nepkit.heat.green_kubo.green_kubo`.
    direction : sequence of str
        Components; x, y and z when empty.
    split : bool
        Whether motion in and out of the plane is drawn too.
    ax : matplotlib Axes, optional
        Where to draw; new axes when left out.

    Returns
    -------
    matplotlib Axes
    """
    from nepkit.heat.components import component

    for name, color in zip(parts_of(direction, split), PALETTE * 2, strict=False):
        mean = component(result.correlation.mean(axis=0), name)
        ax.plot(*thinned(result.time, mean / mean[0]), color=color, label=name)
    ax.axhline(0.0, color="#33384a", linewidth=0.6)
    ax.set_xscale("log")
    ax.set_xlabel("correlation time (ps)")
    ax.set_ylabel("heat current autocorrelation (relative)")
    ax.legend(loc="upper right")
    return ax


def panels(result: GreenKubo, direction: Sequence[str] = (), split: bool = False) -> dict[str, Panel]:
    """Return the correlation and the conductivity."""
    return {
        "correlation": partial(plot_correlation, result, direction=direction, split=split),
        "conductivity": partial(plot_conductivity, result, direction=direction, split=split),
    }


def numbers(result: GreenKubo) -> list[Table]:
    """Return the conductivities."""
    start, stop = result.window
    return [means_table(f"Thermal conductivity, mean from {start:.4g} to {stop:.4g} ps", {"": result.values})]


def notes(result: GreenKubo) -> tuple[str, ...]:
    """Return what the reader should know."""
    return result.notes


def series(result: GreenKubo) -> Table:
    """Return the mean over runs of every component with its error."""
    columns: dict[str, Any] = {"time (ps)": result.time}
    for name in result.values:
        mean, error = result.band(name)
        columns[f"kappa {name} (W/m/K)"] = mean
        if error is not None:
            columns[f"error {name} (W/m/K)"] = error
    return table_of_columns("Running conductivity", columns)


PLOT = Plot(
    name="emd",
    summary="Thermal conductivity by Green and Kubo (EMD).",
    menu=640,
    files=(File("hac.out", "compute_hac of gpumd"), File("run.in", "you", needed=False)),
    options=(
        Option(
            "direction", "Direction, or the mean over several (default: x, y and z).", choices=DIRECTIONS, several=True
        ),
        Option("split", "Separate in-plane (xy) and out-of-plane motion.", type=bool, default=False),
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
    help="All runs of all FILES are taken for independent ones; the error is their standard error.",
    size=(5.0, 3.6),
)
