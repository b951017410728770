"""Onsager coefficients of the Evans-Cummings method."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from nepkit.core.errors import InputError
from nepkit.core.table import Table, table_of_columns
from nepkit.plots.means import in_words, means_table
from nepkit.plots.plot import File, Option, Plot, Source
from nepkit.plots.style import PALETTE, styled
from nepkit.plots.thinning import thinned

if TYPE_CHECKING:
    from nepkit.heat.onsager import Coefficients


def read(source: Source, interval: float | None = None, skip: float = 0.0) -> Coefficients:
    """Read one onsager.out."""
    from nepkit.gpumd.heat import read_onsager
    from nepkit.heat.components import number
    from nepkit.heat.onsager import coefficients
    from nepkit.inputs.runfile import read_run_file

    path, inputs = source.path("onsager.out"), source.find("run.in")
    run = read_run_file(inputs).with_keyword("compute_hnemdec") if inputs else None
    if interval is None and run is None:
        raise InputError(f"{path}: no run.in with compute_hnemdec beside it, which tells the times; give --interval")
    step = interval if run is None or interval is not None else 1e-3 * run.time_step * number(run, "compute_hnemdec", 1)
    return coefficients(read_onsager(path), float(step or 0.0), skip)


@styled
def plot_coefficients(result: Coefficients, *, direction: Sequence[str] = (), ax: Any = None) -> Any:
    """Draw running averages of the coefficients from their first row.

    Parameters
    ----------
    result : Coefficients
        From `nepkit.heat.onsager.coefficients`.
    direction : sequence of str
        Directions of the response; all when empty.
    ax : matplotlib Axes, optional
        Where to draw; new axes when left out.

    Returns
    -------
    matplotlib Axes
    """
    shown = [name for name in result.values if not direction or name[-1] in direction]
    for number, name in enumerate(shown):
        text = f"{name}: {in_words(result.values[name].quantity)}"
        ax.plot(*thinned(result.time, result.running[name]), color=PALETTE[number % len(PALETTE)], label=text)
    ax.set_xlim(0.0, float(result.time[-1]))
    ax.set_xlabel("time (ps)")
    ax.set_ylabel("running average of the coefficient")
    ax.legend(fontsize=7)
    return ax


def numbers(result: Coefficients) -> list[Table]:
    """Return the coefficients with errors of blocks of time."""
    return [means_table("Onsager coefficients, heat in W/m/K, elements in 1e-6 kg/s/m/K", {"": result.values})]


def notes(result: Coefficients) -> list[str]:
    """Return what the reader should know."""
    return ["units hold where the dissipative flux is heat; errors are those of blocks of time"] * bool(result.values)


def series(result: Coefficients) -> Table:
    """Return the running averages."""
    return table_of_columns("Running averages", {"time (ps)": result.time, **result.running})


PLOT = Plot(
    name="onsager",
    summary="Onsager coefficients of heat and elements (HNEMDEC).",
    menu=662,
    files=(File("onsager.out", "compute_hnemdec of gpumd"), File("run.in", "you", needed=False)),
    options=(
        Option("direction", "Direction of the response (default: all).", choices=("x", "y", "z"), several=True),
        Option("skip", "Time omitted at the beginning, ps.", type=float, default=0.0, minimum=0),
        Option("interval", "Time between rows, ps, where there is no run.in.", type=float),
    ),
    read=read,
    draw=plot_coefficients,
    numbers=numbers,
    series=series,
    notes=notes,
    takes="one",
    size=(5.4, 3.8),
)
