"""Temperature, pressure, energy and cell along a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from nepkit.core.table import Table, stacked, table_of_columns
from nepkit.plots.means import in_words, means_table
from nepkit.plots.plot import File, Option, Panel, Plot, Source, named
from nepkit.plots.style import ANGSTROM, PALETTE, styled
from nepkit.plots.thinning import thinned

if TYPE_CHECKING:
    from nepkit.gpumd.thermodynamics import Summary, ThermoRun

PANELS: dict[str, tuple[str, tuple[str, ...]]] = {
    "temperature": ("temperature (K)", ("temperature",)),
    "pressure": ("pressure (GPa)", ("pressure",)),
    "energy": ("energy", ("potential energy", "total energy")),
    "cell": (f"cell vectors ({ANGSTROM})", ("a", "b", "c")),
    "volume": (f"volume ({ANGSTROM}³)", ("volume",)),
    "angles": ("angles (degrees)", ("alpha", "beta", "gamma")),
}
"""Label of the axis and quantities of every panel."""


@dataclass(frozen=True)
class Averaged:
    """A run with its averages.

    Parameters
    ----------
    run : ThermoRun
        The run.
    summary : Summary
        Averages of its equilibrated part.
    """

    run: ThermoRun
    summary: Summary


def read(source: Source, skip: float | None = None, stage: int | None = None) -> Averaged:
    """Read one run and average it."""
    from nepkit.gpumd.thermodynamics import read_thermo_run, summarise

    run = read_thermo_run(source.path("thermo.out"), source.find("model.xyz"), source.find("run.in"))
    return Averaged(run, summarise(run, skip=skip, stage=stage))


@styled
def plot_quantity(
    results: ThermoRun | Mapping[str, ThermoRun],
    panel: str,
    *,
    components: bool = False,
    running: bool = False,
    ax: Any = None,
) -> Any:
    """Draw one quantity along one run or several.

    Parameters
    ----------
    results : ThermoRun or mapping of str to ThermoRun
        From `nepkit.gpumd.thermodynamics.read_thermo_run`.
    panel : str
        A key of `PANELS`.
    components : bool
        Whether the pressure is drawn along x, y and z.
    running : bool
        Whether running averages are drawn over the values, which become pale.
    ax : matplotlib Axes, optional
        Where to draw; new axes when left out.

    Returns
    -------
    matplotlib Axes
    """
    from nepkit.core.statistics.averages import running_mean
    from nepkit.gpumd.thermodynamics import series_of

    label, shown = PANELS[panel]
    if components and panel == "pressure":
        shown = tuple(f"pressure {axis}{axis}" for axis in "xyz")
    number, unit = 0, ""
    for name, run in named(results).items():
        series = series_of(run)
        for quantity in shown:
            unit, values = series[quantity]
            color = PALETTE[number % len(PALETTE)]
            text = " ".join(filter(None, [quantity * (len(shown) > 1), name * (len(named(results)) > 1)]))
            pale = {"alpha": 0.35, "linewidth": 0.8} if running else {"linewidth": 1.0}
            ax.plot(*thinned(run.time, values), color=color, label=None if running else text or None, **pale)
            if running:
                ax.plot(*thinned(run.time, running_mean(values)), color=color, label=text or None)
            number += 1
    for run in named(results).values():
        for start in run.stages[1:]:
            ax.axvline(run.time[start], color="#9aa0ac", linewidth=0.8, zorder=0)
    low, high = ax.get_ylim()
    if high - low < 1e-6 * abs(high):  # a constant would fill its panel with rounding
        ax.set_ylim(low - 0.01 * abs(low), high + 0.01 * abs(high))
    ax.set_xlabel("time (ps)")
    ax.set_ylabel(f"{label} ({unit})" if panel == "energy" else label)
    if number > 1:
        place = "center right" if panel in ("cell", "angles") else "upper right"  # constant lines hug the edges
        ax.legend(loc=place, frameon=True, framealpha=0.85, edgecolor="none")
    return ax


def panels(
    results: Mapping[str, Averaged], components: bool = False, running: bool = False, show: Sequence[str] = ()
) -> dict[str, Panel]:
    """Return the panels asked for."""
    runs = {label: result.run for label, result in results.items()}
    return {
        name: partial(plot_quantity, runs, name, components=components, running=running) for name in (show or PANELS)
    }


def numbers(results: Mapping[str, Averaged]) -> list[Table]:
    """Return the averages of the equilibrated part."""
    means = {
        label: {**result.summary.means, "drift of the energy": result.summary.energy_drift}
        for label, result in results.items()
    }
    return [means_table("Averages of the equilibrated part", means)]


def notes(results: Mapping[str, Averaged]) -> list[str]:
    """Return what the reader should know."""
    lines = []
    for label, result in results.items():
        item = result.summary
        kelvin = in_words(item.means["temperature"].quantity)
        lines.append(f"{label}: averaged from {item.start:.6g} to {item.stop:.6g} ps, T {kelvin}")
        lines += [f"{label}: {note}" for note in item.notes]
    return lines


def series(results: Mapping[str, Averaged]) -> Table:
    """Return every quantity along the runs."""
    from nepkit.gpumd.thermodynamics import series_of

    tables = {}
    for label, result in results.items():
        columns = {f"{name} ({unit})": values for name, (unit, values) in series_of(result.run).items()}
        tables[label] = table_of_columns("", {"time (ps)": result.run.time, **columns})
    return stacked("Runs", tables)


PLOT = Plot(
    name="thermo",
    summary="Temperature, pressure, energy and cell along a run.",
    menu=645,
    also={"thermo2": (), "thermo3": ()},
    files=(
        File("thermo.out", "dump_thermo of gpumd"), File("run.in", "you", needed=False),
        File("model.xyz", "you", needed=False),
    ),
    options=(
        Option("show", "Panel to draw; repeatable (default: all).", choices=tuple(PANELS), several=True),
        Option("components", "Pressure components along x, y and z.", type=bool, default=False),
        Option("running", "Running averages over the instantaneous values.", type=bool, default=False),
        Option("skip", "Time omitted from the averages, ps (default: detected automatically).", type=float, minimum=0),
        Option("stage", "Stage of run.in to average, from 1 (default: last).", type=int, minimum=1),
    ),
    read=read,
    panels=panels,
    numbers=numbers,
    series=series,
    notes=notes,
    size=(4.2, 2.8),
)  # fmt: skip
