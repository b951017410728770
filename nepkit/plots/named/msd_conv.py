"""Diffusion coefficient of growing parts of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nepkit.core.errors import InputError
from nepkit.core.table import Table, table_of_columns
from nepkit.plots.means import value_and_error
from nepkit.plots.plot import File, Option, Plot, Source
from nepkit.plots.style import PALETTE, styled

if TYPE_CHECKING:
    from nepkit.transport.motion import Convergence


def read(source: Source, window: tuple[float, float] | None = None) -> Convergence:
    """Read every msd_step*.out of a folder."""
    from nepkit.transport.motion import convergence

    source.path("msd_step*.out")
    if source.role is not None:
        raise InputError(f"{source.given}: give the folder with all msd_step*.out of a run")
    return convergence(source.find_all("msd_step*.out"), window)


@styled
def plot_convergence(result: Convergence, *, ax: Any = None) -> Any:
    """Draw the coefficient against the length of the part of the run, with errors.

    Parameters
    ----------
    result : Convergence
        From `nepkit.transport.motion.convergence`.
    ax : matplotlib Axes, optional
        Where to draw; new axes when left out.

    Returns
    -------
    matplotlib Axes
    """
    for (label, fits), color in zip(result.values.items(), PALETTE * len(result.values), strict=False):
        points = [(time, fit.D) for time, fit in zip(result.time.tolist(), fits, strict=True) if fit is not None]
        if points:
            x, found = zip(*points, strict=True)
            ax.errorbar(x, [part.value for part in found], yerr=[part.error for part in found], fmt="o-", color=color,
                        markersize=3.5, capsize=2, linewidth=1.0, label=label)  # fmt: skip
    ax.set_ylim(bottom=0.0)
    ax.set_xlabel("length of the run (ps)" if result.unit == "ps" else "step")
    ax.set_ylabel("diffusion coefficient (cm²/s)")
    ax.legend()
    return ax


def _rows(result: Convergence) -> list[tuple[Any, ...]]:
    return [
        (label, time, *(value_and_error(fit.D) if fit else (None, None)))
        for label, fits in result.values.items()
        for time, fit in zip(result.time.tolist(), fits, strict=True)
    ]


def numbers(result: Convergence) -> list[Table]:
    """Return the coefficient of every part."""
    columns = ["group", f"length ({result.unit})", "D (cm^2/s)", "error"]
    return [Table("Diffusion coefficient", columns, _rows(result), ["", ".6g", ".4g", ".2g"])]


def notes(result: Convergence) -> tuple[str, ...]:
    """Return what the reader should know."""
    return result.notes


def series(result: Convergence) -> Table:
    """Return the points."""
    columns = zip(*_rows(result), strict=True)
    names = ["group", f"length ({result.unit})", "D (cm^2/s)", "error"]
    return table_of_columns("Convergence", dict(zip(names, columns, strict=True)))


PLOT = Plot(
    name="msd-conv",
    summary="Diffusion coefficient of growing parts of a run.",
    menu=652,
    files=(
        File("msd_step*.out", "compute_msd ... save_every of gpumd"), File("model.xyz", "you", needed=False),
        File("run.in", "you", needed=False),
    ),
    options=(Option("window", "Fit window as fractions of the lag range, e.g. 0.4 0.8 (default: detected "
                              "automatically).", type=float, count=2),),
    read=read,
    draw=plot_convergence,
    numbers=numbers,
    series=series,
    notes=notes,
    takes="one",
)  # fmt: skip
