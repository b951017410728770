"""Thermal conductivity by homogeneous driving."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from nepkit.core.table import Table, table_of_columns
from nepkit.plots.means import in_words, means_table
from nepkit.plots.named.emd import parts_of
from nepkit.plots.plot import File, Option, Plot, Source
from nepkit.plots.style import PALETTE, styled
from nepkit.plots.thinning import thinned

if TYPE_CHECKING:
    from nepkit.heat.hnemd import Driven


def read(sources: Sequence[Source], interval: float | None = None, skip: float = 0.0) -> Driven:
    """Read the runs of all files."""
    from nepkit.gpumd.heat import read_kappa
    from nepkit.heat.hnemd import hnemd, joined
    from nepkit.inputs.runfile import read_run_file

    parts = []
    for source in sources:
        path, inputs = source.path("kappa.out"), source.find("run.in")
        runs = read_run_file(inputs) if inputs else None
        parts.append(hnemd(read_kappa(path), runs, interval=interval, skip=skip, name=str(path)))
    return joined(parts)


@styled
def plot_driven(result: Driven, *, direction: Sequence[str] = (), split: bool = False, ax: Any = None) -> Any:
    """Draw the running average of every run from its own first row, and the mean of the runs.

    Parameters
    ----------
    result : Driven
        From `nepkit.heat.hnemd.hnemd`.
    direction : sequence of str
        Components; that of the driving force when empty.
    split : bool
        Whether motion in and out of the plane is drawn too.
    ax : matplotlib Axes, optional
        Where to draw; new axes when left out.

    Returns
    -------
    matplotlib Axes
    """
    names = parts_of(direction or [result.direction] * bool(result.direction), split)
    time = result.time[result.skip :]
    for name, color in zip(names, PALETTE * 2, strict=False):
        curves = result.running(name)
        if len(curves) > 1:
            for curve in curves:
                ax.plot(*thinned(time, curve), color=color, linewidth=0.6, alpha=0.5)
        text = in_words(result.values[name].quantity).replace(" W/m/K", "")
        ax.plot(*thinned(time, curves.mean(axis=0)), color=color, label=f"{name}: {text}")
    ax.set_xlim(0.0, float(result.time[-1]))
    ax.set_xlabel("time (ps)")
    ax.set_ylabel("running average of the conductivity (W/m/K)")
    ax.set_title(f"Driven conductivity, {result.values['x'].source}")
    ax.legend(loc="lower right")
    return ax


def numbers(result: Driven) -> list[Table]:
    """Return the conductivities."""
    return [
        means_table(f"Thermal conductivity, runs of {result.time[-1]:.6g} ps: {len(result.kappa)}", {"": result.values})
    ]


def notes(result: Driven) -> tuple[str, ...]:
    """Return what the reader should know."""
    return result.notes


def series(result: Driven) -> Table:
    """Return the running averages, mean over runs."""
    curves = {f"kappa {name} (W/m/K)": result.running(name).mean(axis=0) for name in result.values}
    return table_of_columns("Running average", {"time (ps)": result.time[result.skip :], **curves})


PLOT = Plot(
    name="hnemd",
    summary="Thermal conductivity by homogeneous driving (HNEMD).",
    menu=641,
    files=(File("kappa.out", "compute_hnemd of gpumd"), File("run.in", "you", needed=False)),
    options=(
        Option(
            "direction",
            "Direction of the current (default: that of the driving force).",
            choices=("x", "y", "z"),
            several=True,
        ),
        Option("split", "Separate in-plane (xy) and out-of-plane motion.", type=bool, default=False),
        Option("skip", "Time omitted at the beginning of each run, ps.", type=float, default=0.0, minimum=0),
        Option("interval", "Time between rows, ps, where there is no run.in.", type=float),
    ),
    read=read,
    draw=plot_driven,
    numbers=numbers,
    series=series,
    notes=notes,
    takes="all",
    help="All runs of all FILES are taken for independent ones. One run has the error of blocks of time.",
    size=(5.4, 3.8),
)
