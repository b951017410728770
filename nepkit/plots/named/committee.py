"""Spread of a committee of models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from nepkit.core.errors import InputError
from nepkit.core.table import Table, stacked, table_of_columns
from nepkit.plots.plot import File, Option, Plot, Source, named
from nepkit.plots.style import ANGSTROM, PALETTE, styled

if TYPE_CHECKING:
    from nepkit.accuracy.committee import CommitteeSpread

UNIT = f"meV/{ANGSTROM}"


def read(source: Source, model: Sequence[str] = ()) -> CommitteeSpread:
    """Evaluate the frames of a file with all models.

    Raises
    ------
    InputError
        Where fewer than two models are given.
    """
    from nepkit.accuracy.committee import committee_spread
    from nepkit.formats.files import read_frames
    from nepkit.models.potentials.combine import Committee
    from nepkit.models.potentials.load import load_potential

    path = source.path("train.xyz")
    if len(model) < 2:
        raise InputError(
            f"{len(model)} --model given; a committee needs two or more, --model nep1.txt --model nep2.txt"
        )
    members = [load_potential(name) for name in model]
    return committee_spread(list(read_frames(path)), Committee(members), str(path))


@styled
def plot_spread(results: CommitteeSpread | Mapping[str, CommitteeSpread], *, ax: Any = None) -> Any:
    """Draw how many frames have a largest force spread of which size.

    Parameters
    ----------
    results : CommitteeSpread or mapping of str to CommitteeSpread
        By name in the legend.
    ax : matplotlib Axes, optional
        Where to draw; new axes when left out.

    Returns
    -------
    matplotlib Axes
    """
    import numpy as np

    largest = {label: 1e3 * result.largest for label, result in named(results).items()}
    every = np.concatenate(list(largest.values()))
    low, high = max(float(every.min()), 1e-3), max(float(every.max()), 2e-3)
    edges = np.geomspace(0.9 * low, 1.1 * high, 31)
    for (label, values), color in zip(largest.items(), PALETTE * 9, strict=False):
        counts = np.histogram(np.maximum(values, edges[0]), edges)[0]
        ax.stairs(counts, edges, color=color, fill=True, alpha=0.3)
        ax.stairs(counts, edges, color=color, label=label or None)
    ax.set(xscale="log", xlabel=f"largest force spread of a frame ({UNIT})", ylabel="frames")
    ax.set_title("Spread of the committee")
    if any(named(results)):
        ax.legend()
    return ax


@styled
def plot_calibration(results: CommitteeSpread | Mapping[str, CommitteeSpread], *, ax: Any = None) -> Any:
    """Draw the error of the mean force against the spread: root mean squares of atoms of similar spread.

    Parameters
    ----------
    results : CommitteeSpread or mapping of str to CommitteeSpread
        Of frames with forces.
    ax : matplotlib Axes, optional
        Where to draw; new axes when left out.

    Returns
    -------
    matplotlib Axes
    """
    import numpy as np

    ends = []
    for (label, result), color in zip(named(results).items(), PALETTE * 9, strict=False):
        known = np.isfinite(result.error)
        if not known.any():
            continue
        spread, error = 1e3 * result.spread[known], 1e3 * result.error[known]
        many = len(spread) > 3000
        ax.plot(spread, error, ".", color=color, markersize=3, alpha=0.3, markeredgewidth=0, rasterized=many)
        bins = [part for part in np.array_split(np.argsort(spread), min(15, max(1, len(spread) // 30))) if len(part)]
        points = np.array([[np.sqrt(np.mean(values[part] ** 2)) for part in bins] for values in (spread, error)])
        ax.plot(*points, "o-", color=color, markersize=4, label=label or "bins of atoms")
        ends += [float(spread.min()), float(spread.max())]
    low, high = min(ends), max(ends)
    ax.plot((low, high), (low, high), color="#33384a", linewidth=0.8, zorder=0, label="error = spread")
    ax.set(xscale="log", yscale="log", xlabel=f"force spread of an atom ({UNIT})", ylabel=f"force error ({UNIT})")
    ax.set_title("Does the spread tell the error?")
    ax.legend()
    return ax


def panels(results: Mapping[str, CommitteeSpread]) -> dict[str, Any]:
    """Return the panels; errors only where some frames have forces."""
    from functools import partial

    made = {"spread": partial(plot_spread, results)}
    if any(result.calibration is not None for result in results.values()):
        made["calibration"] = partial(plot_calibration, results)
    return made


def numbers(results: Mapping[str, CommitteeSpread]) -> list[Table]:
    """Return the size of the spread, and how it compares with the errors."""
    import numpy as np

    rows = []
    for label, result in results.items():
        largest = 1e3 * result.largest
        rows.append((label, result.models, len(largest), float(np.median(largest)), float(largest.max()),
                     int(largest.argmax()) + 1, 1e3 * float(np.median(result.energy)), result.calibration,
                     result.rank_correlation))  # fmt: skip
    columns = ["file", "models", "frames", f"median largest ({UNIT})", f"largest ({UNIT})", "of frame",
               "median energy spread (meV/atom)", "error / spread", "rank correlation"]  # fmt: skip
    return [Table("Spread of the committee", columns, rows, ["", "", "", ".4g", ".4g", "", ".3g", ".3g", ".3f"])]


def series(results: Mapping[str, CommitteeSpread]) -> Table:
    """Return spread and error of every atom."""
    parts = {}
    for label, one in results.items():
        columns = {"frame": one.frame, "spread (eV/A)": one.spread, "error (eV/A)": one.error}
        parts[label] = table_of_columns("", columns)
    return stacked("Spread of the committee", parts)


PLOT = Plot(
    name="committee",
    summary="Spread of a committee of models, and errors.",
    help="FILES are frames; every --model evaluates them. Where the frames have forces, spread and error are compared.",
    menu=617,
    files=(File("train.xyz", "you: frames"),),
    options=(
        Option("model", "Model of the committee; two or more are required.", several=True, default=()),
    ),
    read=read,
    panels=panels,
    numbers=numbers,
    series=series,
    in_report=False,
)  # fmt: skip
