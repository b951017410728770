"""Running diffusion coefficients."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from nepkit.core.table import Table, stacked, table_of_columns
from nepkit.plots.means import in_words, means_table
from nepkit.plots.named.rdf import DASHES
from nepkit.plots.plot import File, Option, Plot, Source, named
from nepkit.plots.style import ANGSTROM, PALETTE, styled

if TYPE_CHECKING:
    from nepkit.transport.motion import VelocityCorrelation

WINDOW = Option("window", "Averaging window as fractions of the lag range.", type=float, default=(0.5, 1.0), count=2)


def read(source: Source, window: tuple[float, float] = (0.5, 1.0), group: int | None = None) -> VelocityCorrelation:
    """Read one sdc.out, or msd.out."""
    from nepkit.transport.motion import read_velocities, velocity_correlation

    found = source.find("sdc.out") or source.find("msd.out")
    runs, displacements = read_velocities(found or source.path("sdc.out"), group)
    return velocity_correlation(runs, window, displacements=displacements)


@styled
def plot_running(results: VelocityCorrelation | Mapping[str, VelocityCorrelation], *, ax: Any = None) -> Any:
    """Draw the running diffusion coefficients along x, y and z and their mean.

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
        tail = f" {label}" * (len(several) > 1)
        mean = result.diffusion.mean(axis=0)
        for place, axis in enumerate("xyz"):
            ax.plot(result.time, mean[:, place], dash, color=PALETTE[place], linewidth=0.9, label=f"{axis}{tail}")
        text = in_words(result.values["mean"].quantity)
        ax.plot(result.time, mean.mean(axis=1), dash, color="#33384a", label=f"mean{tail}: {text}")
        ax.axvspan(*result.window, color="#9aa0ac", alpha=0.1, linewidth=0, zorder=0)
    ax.set_xlim(0.0, max(float(result.time[-1]) for result in several.values()))
    ax.set_xlabel("lag time (ps)")
    ax.set_ylabel(f"running diffusion coefficient ({ANGSTROM}²/ps)")
    ax.legend()
    return ax


def numbers(results: Mapping[str, VelocityCorrelation]) -> list[Table]:
    """Return the coefficients."""
    return [means_table("Diffusion coefficient, mean over the window", {n: one.values for n, one in results.items()})]


def notes(results: Mapping[str, VelocityCorrelation]) -> list[str]:
    """Return what the reader should know."""
    return [f"{label}: one run, so there is no error; nepkit plot msd has one" for label, result in results.items()
            if len(result.diffusion) == 1]  # fmt: skip


def series(results: Mapping[str, VelocityCorrelation]) -> Table:
    """Return the curves, mean over runs."""
    tables = {
        label: table_of_columns("", {"time (ps)": result.time,
                                     **{f"D {axis} (A^2/ps)": result.diffusion.mean(axis=0)[:, place]
                                        for place, axis in enumerate("xyz")}})
        for label, result in results.items()
    }  # fmt: skip
    return stacked("Running diffusion coefficient", tables)


PLOT = Plot(
    name="sdc",
    summary="Running diffusion coefficients.",
    menu=650,
    also={"msd_sdc": ()},
    files=(
        File("sdc.out", "compute_sdc of gpumd", needed=False), File("msd.out", "compute_msd of gpumd", needed=False),
    ),
    options=(WINDOW, Option("group", "Group of an msd.out that contains several, from 0.", type=int, minimum=0)),
    read=read,
    draw=plot_running,
    numbers=numbers,
    series=series,
    notes=notes,
)  # fmt: skip
