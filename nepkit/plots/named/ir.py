"""Infrared spectrum of a dipole."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from nepkit.core.table import Table, stacked, table_of_columns
from nepkit.plots.plot import File, Option, Plot, Source, named
from nepkit.plots.style import styled

if TYPE_CHECKING:
    from nepkit.heat.vibrations import Infrared


def read(source: Source, length: float | None = None, interval: float | None = None) -> Infrared:
    """Read dpdt.out, or dipole.out, and transform it."""
    from dataclasses import replace

    from numpy import arange, asarray

    from nepkit.gpumd.spectra import read_dipole, read_dpdt
    from nepkit.heat.vibrations import infrared

    current = source.find("dpdt.out")
    if current is not None:
        return infrared(read_dpdt(current)[0], derivative=True, length=length)
    series = read_dipole(source.find("dipole.out") or source.path("dpdt.out"))
    if interval is not None:
        series = replace(series, time=asarray(interval * arange(len(series.time)), float), timed=True)
    return infrared(series, derivative=False, length=length)


@styled
def plot_infrared(results: Infrared | Mapping[str, Infrared], *, highest: float = 4000.0, ax: Any = None) -> Any:
    """Draw infrared spectra.

    Parameters
    ----------
    results : Infrared or mapping of str to Infrared
        From `nepkit.heat.vibrations.infrared`.
    highest : float
        Largest wavenumber shown, 1/cm.
    ax : matplotlib Axes, optional
        Where to draw; new axes when left out.

    Returns
    -------
    matplotlib Axes
    """
    for label, result in named(results).items():
        ax.plot(result.wavenumber, result.intensity, linewidth=1.2, label=label)
    end = min(highest, max(float(result.wavenumber[-1]) for result in named(results).values()))
    ax.set_xlim(0.0, end)
    ax.set_ylim(bottom=min(0.0, *(float(result.intensity.min()) for result in named(results).values())))
    ax.set_xlabel("wavenumber (1/cm)")
    ax.set_ylabel("infrared intensity (relative)")
    if len(named(results)) > 1:
        ax.legend()
    return ax


def numbers(results: Mapping[str, Infrared]) -> list[Table]:
    """Return the highest peaks."""
    rows = [(label, place, height, result.resolution) for label, result in results.items()
            for place, height in result.peaks]  # fmt: skip
    columns = ["file", "peak (1/cm)", "intensity", "resolution (1/cm)"]
    return [Table("Highest peaks", columns, rows, ["", ".1f", ".3f", ".1f"])]


def series(results: Mapping[str, Infrared]) -> Table:
    """Return the spectra."""
    tables = {label: table_of_columns("", {"wavenumber (1/cm)": one.wavenumber, "intensity": one.intensity})
              for label, one in results.items()}  # fmt: skip
    return stacked("Infrared spectrum", tables)


PLOT = Plot(
    name="ir",
    summary="Infrared spectrum of dipoles or their currents.",
    menu=659,
    files=(
        File("dpdt.out", "compute_dpdt of gpumd", needed=False),
        File("dipole.out", "dump_dipole of gpumd", needed=False),
    ),
    options=(
        Option("length", "Correlation time, ps (default: a tenth of the run, 4 at most).", type=float, minimum=0),
        Option("interval", "Time between rows, ps, of a dipole.out without header.", type=float, minimum=0),
        Option("highest", "Highest wavenumber shown, 1/cm.", type=float, default=4000.0, minimum=0),
    ),
    read=read,
    draw=plot_infrared,
    numbers=numbers,
    series=series,
)  # fmt: skip
