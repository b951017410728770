"""Exchanges of atoms by Monte Carlo during a run."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from nepkit.core.table import Table, stacked, table_of_columns
from nepkit.plots.means import means_table
from nepkit.plots.plot import File, Panel, Plot, Source, named
from nepkit.plots.style import PALETTE, styled

if TYPE_CHECKING:
    from nepkit.gpumd.logs import MonteCarlo


def read(source: Source) -> MonteCarlo:
    """Read one mcmd.out."""
    from nepkit.gpumd.logs import read_mcmd

    return read_mcmd(source.path("mcmd.out"))


@styled
def plot_series(results: MonteCarlo | Mapping[str, MonteCarlo], what: str, *, ax: Any = None) -> Any:
    """Draw the share of accepted trials, or the concentrations.

    Parameters
    ----------
    results : MonteCarlo or mapping of str to MonteCarlo
        From `nepkit.gpumd.logs.read_mcmd`.
    what : str
        ``acceptance`` or ``concentrations``.
    ax : matplotlib Axes, optional
        Where to draw; new axes when left out.

    Returns
    -------
    matplotlib Axes
    """
    number = 0
    for label, result in named(results).items():
        curves = {"": result.acceptance} if what == "acceptance" else result.concentrations
        for name, values in curves.items():
            text = " ".join(filter(None, [name, label * (len(named(results)) > 1)]))
            ax.plot(result.step, values, color=PALETTE[number % len(PALETTE)], linewidth=1.0, label=text or None)
            number += 1
    ax.set_ylim(bottom=0.0)
    ax.set_xlabel("step")
    ax.set_ylabel("accepted share" if what == "acceptance" else "concentration")
    if number > 1:
        ax.legend()
    return ax


def panels(results: Mapping[str, MonteCarlo]) -> dict[str, Panel]:
    """Return the acceptance, and the concentrations where there are some."""
    shown = ["acceptance", *["concentrations"] * any(result.concentrations for result in results.values())]
    return {what: partial(plot_series, results, what) for what in shown}


def numbers(results: Mapping[str, MonteCarlo]) -> list[Table]:
    """Return means over the second half with errors of blocks."""
    from nepkit.core.statistics.averages import over_blocks

    means = {
        label: {name: over_blocks(values[len(values) // 2 :], "")
                for name, values in {"acceptance": result.acceptance, **result.concentrations}.items()}
        for label, result in results.items()
    }  # fmt: skip
    return [means_table("Means over the second half", means)]


def series(results: Mapping[str, MonteCarlo]) -> Table:
    """Return the curves."""
    tables = {label: table_of_columns("", {"step": one.step, "acceptance": one.acceptance, **one.concentrations})
              for label, one in results.items()}  # fmt: skip
    return stacked("Monte Carlo", tables)


PLOT = Plot(
    name="mcmd",
    summary="Monte Carlo exchange: acceptance, concentrations.",
    menu=660,
    files=(File("mcmd.out", "mc of gpumd"),),
    read=read,
    panels=panels,
    numbers=numbers,
    series=series,
)
