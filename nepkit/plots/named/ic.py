"""Running ionic conductivity of GPUMD."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from nepkit.core.table import Table, table_of_columns
from nepkit.plots.means import in_words, means_table
from nepkit.plots.plot import File, Option, Plot, Source
from nepkit.plots.style import PALETTE, styled

if TYPE_CHECKING:
    from nepkit.transport.motion import RunningConductivity


def read(sources: Sequence[Source], window: tuple[float, float] = (0.5, 1.0)) -> RunningConductivity:
    """Read the runs of all files."""
    from nepkit.gpumd.spectra import read_ic
    from nepkit.transport.motion import running_conductivity

    return running_conductivity([run for source in sources for run in read_ic(source.path("ic.out"))], window)


@styled
def plot_conductivity(result: RunningConductivity, *, ax: Any = None) -> Any:
    """Draw the running conductivity along x, y and z and their mean.

    Parameters
    ----------
    result : RunningConductivity
        From `nepkit.transport.motion.running_conductivity`.
    ax : matplotlib Axes, optional
        Where to draw; new axes when left out.

    Returns
    -------
    matplotlib Axes
    """
    mean = result.conductivity.mean(axis=0)
    for place, axis in enumerate("xyz"):
        ax.plot(result.time, mean[:, place], color=PALETTE[place], linewidth=0.9, label=axis)
    ax.plot(result.time, mean.mean(axis=1), color="#33384a", label=f"mean: {in_words(result.values['mean'].quantity)}")
    ax.axvspan(*result.window, color="#9aa0ac", alpha=0.1, linewidth=0, zorder=0)
    ax.set_xlim(0.0, float(result.time[-1]))
    ax.set_xlabel("lag time (ps)")
    ax.set_ylabel("running conductivity (mS/cm)")
    ax.legend()
    return ax


def numbers(result: RunningConductivity) -> list[Table]:
    """Return the conductivities."""
    start, stop = result.window
    return [means_table(f"Ionic conductivity, mean from {start:.4g} to {stop:.4g} ps", {"": result.values})]


def notes(result: RunningConductivity) -> list[str]:
    """Return what the reader should know."""
    one = ["one run, so there is no error; nepkit transport conductivity has one"] * (len(result.conductivity) == 1)
    return ["GPUMD takes every ion by itself (Nernst and Einstein), with the charge of run.in", *one]


def series(result: RunningConductivity) -> Table:
    """Return the curves, mean over runs."""
    mean = result.conductivity.mean(axis=0)
    columns = {f"sigma {axis} (mS/cm)": mean[:, place] for place, axis in enumerate("xyz")}
    return table_of_columns("Running conductivity", {"time (ps)": result.time, **columns})


PLOT = Plot(
    name="ic",
    summary="Running ionic conductivity of GPUMD (ic.out).",
    menu=663,
    files=(File("ic.out", "compute_ic of gpumd"),),
    options=(
        Option("window", "Averaging window as fractions of the lag range.", type=float, default=(0.5, 1.0), count=2),
    ),
    read=read,
    draw=plot_conductivity,
    numbers=numbers,
    series=series,
    notes=notes,
    takes="all",
    help="All runs of all FILES are taken for independent ones; the error is their standard error.",
)  # fmt: skip
