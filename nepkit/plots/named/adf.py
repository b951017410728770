"""Angular distribution functions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from nepkit.core.table import Table, stacked, table_of_columns
from nepkit.plots.named.rdf import DASHES
from nepkit.plots.plot import File, Plot, Source, named
from nepkit.plots.style import PALETTE, styled

if TYPE_CHECKING:
    from nepkit.gpumd.structure import Distribution


def read(source: Source) -> Distribution:
    """Read the last block of one adf.out, which is the longest average."""
    from nepkit.gpumd.structure import read_distribution

    return read_distribution(source.path("adf.out"))[-1]


@styled
def plot_angles(results: Distribution | Mapping[str, Distribution], *, ax: Any = None) -> Any:
    """Draw distributions of bond angles.

    Parameters
    ----------
    results : Distribution or mapping of str to Distribution
        Several are told apart by the dashes of their lines.
    ax : matplotlib Axes, optional
        Where to draw; new axes when left out.

    Returns
    -------
    matplotlib Axes
    """
    several = named(results)
    for (label, result), dash in zip(several.items(), DASHES * len(several), strict=False):
        for number, (name, values) in enumerate(result.curves.items()):
            text = " ".join(filter(None, [name, label * (len(several) > 1)]))
            ax.plot(result.x, values, dash, color=PALETTE[number % len(PALETTE)], label=text)
    ax.set_xlim(0.0, 180.0)
    ax.set_xticks(range(0, 181, 30))
    ax.set_ylim(bottom=0.0)
    ax.set_xlabel("angle (degrees)")
    ax.set_ylabel("angular distribution (1/degree)")
    ax.legend()
    return ax


def numbers(results: Mapping[str, Distribution]) -> list[Table]:
    """Return the most frequent angle, the mean and the width of every curve."""
    rows: list[tuple[Any, ...]] = []
    for label, result in results.items():
        for name, values in result.curves.items():
            total = float(values.sum())
            if not total:
                rows.append((label, name, None, None, None))
                continue
            mean = float((result.x * values).sum() / total)
            width = float(((result.x - mean) ** 2 * values).sum() / total) ** 0.5
            rows.append((label, name, float(result.x[values.argmax()]), mean, width))
    columns = ["file", "angle", "most frequent (degrees)", "mean (degrees)", "standard deviation (degrees)"]
    return [Table("Angles", columns, rows, ["", "", ".2f", ".2f", ".2f"])]


def series(results: Mapping[str, Distribution]) -> Table:
    """Return the curves."""
    tables = {label: table_of_columns("", {"angle (degrees)": result.x, **result.curves})
              for label, result in results.items()}  # fmt: skip
    return stacked("Angular distribution", tables)


PLOT = Plot(
    name="adf",
    summary="Angular distribution functions.",
    menu=648,
    files=(File("adf.out", "compute_adf of gpumd"),),
    read=read,
    draw=plot_angles,
    numbers=numbers,
    series=series,
)
