"""Thermal conductance between a heat source and a sink."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from nepkit.core.table import Table, table_of_columns
from nepkit.plots.means import in_words, value_and_error
from nepkit.plots.plot import File, Option, Panel, Plot, Source
from nepkit.plots.style import ANGSTROM, styled

if TYPE_CHECKING:
    from nepkit.heat.nemd import Driven


def read(
    source: Source, window: tuple[float, float] = (0.5, 1.0), length: float | None = None,
    ends: tuple[int, int] | None = None,
) -> Driven:  # fmt: skip
    """Read the run."""
    from nepkit.heat.components import number
    from nepkit.heat.nemd import driven_run, ends_of, geometry, nemd
    from nepkit.inputs.runfile import read_run_file

    path = source.path("compute.out")
    runs = read_run_file(source.path("run.in"))
    run = driven_run(runs)
    ends = ends or ends_of(run)
    place = geometry(source.path("model.xyz"), int(number(run, "compute", 0)), ends, runs.replicate)
    return nemd(path, runs, place, ends, window=window, length=length)


@styled
def plot_profile(result: Driven, *, ax: Any = None) -> Any:
    """Draw the temperature of every group along the transport and the line through those between source and sink.

    Parameters
    ----------
    result : Driven
        From `nepkit.heat.nemd.nemd`.
    ax : matplotlib Axes, optional
        Where to draw; new axes when left out.

    Returns
    -------
    matplotlib Axes
    """
    from numpy import array

    ax.errorbar(result.position, result.temperature, yerr=result.error, fmt="o", markersize=4, capsize=2, zorder=2)
    for end, name, color in zip(result.ends, ("source", "sink"), ("#d55e00", "#56b4e9"), strict=True):
        place = result.groups.index(end)
        ax.plot(result.position[place], result.temperature[place], "s", color=color, label=name, zorder=3)
    if result.fit is not None:
        slope, offset = result.fit
        x = array(sorted(result.position[[result.groups.index(end) for end in result.ends]]))
        ax.plot(x, slope * x + offset, "--", color="#33384a", linewidth=1.0, label=f"{slope:.3g} K/{ANGSTROM}")
    ax.set_xlabel(f"position ({ANGSTROM})")
    ax.set_ylabel("temperature (K)")
    ax.set_title(in_words(result.conductance).replace("MW/m^2/K", "MW/m²/K"))
    ax.legend()
    return ax


@styled
def plot_heat(result: Driven, *, ax: Any = None) -> Any:
    """Draw the energies that source and sink were given.

    Parameters
    ----------
    result : Driven
        From `nepkit.heat.nemd.nemd`.
    ax : matplotlib Axes, optional
        Where to draw; new axes when left out.

    Returns
    -------
    matplotlib Axes
    """
    ax.plot(result.time, result.source - result.source[0], color="#d55e00", label="source")
    ax.plot(result.time, result.sink - result.sink[0], color="#56b4e9", label="sink")
    ax.axvspan(*result.window, color="#9aa0ac", alpha=0.12, linewidth=0, zorder=0)
    ax.set_xlim(0.0, float(result.time[-1]))
    ax.set_xlabel("time (ps)")
    ax.set_ylabel("energy of the thermostats (eV)")
    ax.set_title(f"Heat flow: {in_words(result.power)}")
    ax.legend()
    return ax


def panels(result: Driven) -> dict[str, Panel]:
    """Return the profile of the temperature and the heat."""
    return {"profile": partial(plot_profile, result), "heat": partial(plot_heat, result)}


def numbers(result: Driven) -> list[Table]:
    """Return conductance and conductivities with errors of blocks of time."""
    shown = {
        "heat flow": result.power,
        "temperature difference": result.difference,
        "conductance": result.conductance,
        f"conductivity over {result.distance:.4g} A": result.conductivity,
        "conductivity from the slope": result.conductivity_by_slope,
    }
    rows = [(name, *value_and_error(item), item.unit) for name, item in shown.items() if item is not None]
    start, stop = result.window
    title = f"Between group {result.ends[0]} and {result.ends[1]}, {start:.6g} to {stop:.6g} ps, errors of 10 blocks"
    return [Table(title, ["quantity", "value", "error", "unit"], rows, ["", ".5g", ".2g", ""])]


def notes(result: Driven) -> tuple[str, ...]:
    """Return what the reader should know."""
    return result.notes


def series(result: Driven) -> Table:
    """Return the profile."""
    return table_of_columns(
        "Temperature",
        {
            "group": result.groups,
            "position (A)": result.position,
            "T (K)": result.temperature,
            "error (K)": result.error,
        },
    )


PLOT = Plot(
    name="nemd",
    summary="Thermal conductance between source and sink (NEMD).",
    menu=643,
    files=(File("compute.out", "compute of gpumd"), File("run.in", "you"), File("model.xyz", "you")),
    options=(
        Option("window", "Steady-state part of the run, as fractions.", type=float, default=(0.5, 1.0), count=2),
        Option("length", "Length used for the conductivity, A (default: source to sink).", type=float, minimum=0),
        Option("ends", "Groups of source and sink (default: from run.in).", type=int, count=2),
    ),
    read=read,
    panels=panels,
    numbers=numbers,
    series=series,
    notes=notes,
    takes="one",
    size=(4.8, 3.6),
)
