"""Mean squared displacements of GPUMD."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from nepkit.core.table import Table, stacked, table_of_columns
from nepkit.plots.means import in_words, value_and_error
from nepkit.plots.named.rdf import DASHES
from nepkit.plots.plot import File, Option, Plot, Source, named
from nepkit.plots.style import ANGSTROM, PALETTE, styled

if TYPE_CHECKING:
    from nepkit.transport.motion import GroupMotion


def read(
    source: Source, window: tuple[float, float] | None = None, group: Sequence[int] = (), no_fit: bool = False
) -> GroupMotion:
    """Read one msd.out."""
    from nepkit.transport.motion import group_motion

    return group_motion(source.path("msd.out"), window=window, group=group, fit=not no_fit)


@styled
def plot_motion(results: GroupMotion | Mapping[str, GroupMotion], *, directions: bool = False, ax: Any = None) -> Any:
    """Draw displacements, with the fitted lines and their windows.

    Parameters
    ----------
    results : GroupMotion or mapping of str to GroupMotion
        Several are told apart by the dashes of their lines.
    directions : bool
        Whether x, y and z are drawn instead of their sum.
    ax : matplotlib Axes, optional
        Where to draw; new axes when left out.

    Returns
    -------
    matplotlib Axes
    """
    several = named(results)
    for (name, result), dash in zip(several.items(), DASHES * len(several), strict=False):
        number = 0
        for label, values in result.msd.items():
            curves = dict(zip("xyz", values.T, strict=True)) if directions else {"": values.sum(axis=1)}
            for axis, curve in curves.items():
                text = " ".join(filter(None, [label, axis, name * (len(several) > 1)]))
                ax.plot(result.time, curve, dash, color=PALETTE[number % len(PALETTE)], label=text)
                number += 1
            if label in result.fits and not directions:
                fit = result.fits[label]
                ends = [fit.offset + fit.slope * time for time in fit.window]
                ax.plot(fit.window, ends, "--", color="#33384a", linewidth=1.0, label=f"{label}: {in_words(fit.D)}")
                ax.axvspan(*fit.window, color="#9aa0ac", alpha=0.1, linewidth=0, zorder=0)
    ax.set_xlim(0.0, max(float(result.time[-1]) for result in several.values()))
    ax.set_ylim(bottom=0.0)
    ax.set_xlabel("lag time (ps)")
    ax.set_ylabel(f"MSD ({ANGSTROM}²)")
    ax.legend(loc="upper left")
    return ax


def numbers(results: Mapping[str, GroupMotion]) -> list[Table]:
    """Return the last displacement and the diffusion coefficient of every group, with window and error."""
    rows: list[tuple[Any, ...]] = []
    for name, result in results.items():
        for label, values in result.msd.items():
            fit = result.fits.get(label)
            cells = (
                (*value_and_error(fit.D), f"{fit.window[0]:.4g} to {fit.window[1]:.4g}") if fit else (None, None, "-")
            )
            rows.append((name, label, float(values[-1].sum()), *cells))
            if fit:
                for axis, part in zip("xyz", fit.directions, strict=True):
                    rows.append(
                        (name, f"{label} {axis}", float(values[-1]["xyz".index(axis)]), *value_and_error(part), "")
                    )
    columns = ["file", "group", "last MSD (A^2)", "D (cm^2/s)", "error", "fitted (ps)"]
    return [Table("Displacements", columns, rows, ["", "", ".5g", ".4g", ".2g", ""])]


def notes(results: Mapping[str, GroupMotion]) -> list[str]:
    """Return what the reader should know."""
    return [note for result in results.values() for note in result.notes]


def series(results: Mapping[str, GroupMotion]) -> Table:
    """Return the curves."""
    tables = {}
    for name, result in results.items():
        curves = {f"{label} {axis} (A^2)": values[:, place] for label, values in result.msd.items()
                  for place, axis in enumerate("xyz")}  # fmt: skip
        tables[name] = table_of_columns("", {"time (ps)": result.time, **curves})
    return stacked("Displacements", tables)


PLOT = Plot(
    name="msd",
    summary="Mean squared displacements and diffusion.",
    menu=649,
    also={"msd_all": ()},
    files=(
        File("msd.out", "compute_msd of gpumd"), File("model.xyz", "you", needed=False),
        File("run.in", "you", needed=False),
    ),
    options=(
        Option("group", "Group to draw; repeatable (default: all elements).", type=int, several=True),
        Option("directions", "Components x, y and z instead of their sum.", type=bool, default=False),
        Option("window", "Fit window as fractions of the lag range, e.g. 0.4 0.8 (default: detected "
                         "automatically).", type=float, count=2),
        Option("no_fit", "Draw the displacements without a fit.", type=bool, default=False),
    ),
    read=read,
    draw=plot_motion,
    numbers=numbers,
    series=series,
    notes=notes,
    help="Errors and windows of the fits are those of nepkit transport diffusion.",
    size=(5.0, 3.6),
)  # fmt: skip
