"""Phonon bands of GPUMD."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from nepkit.core.table import Table, stacked, table_of_columns
from nepkit.plots.named.rdf import DASHES
from nepkit.plots.plot import File, Plot, Source, named
from nepkit.plots.style import PALETTE, styled

if TYPE_CHECKING:
    from nepkit.gpumd.structure import Dispersion

IMAGINARY = -0.05
"""THz: less than this is an imaginary mode, more is rounding of an acoustic one."""


def read(source: Source) -> Dispersion:
    """Read one omega2.out."""
    from nepkit.gpumd.structure import read_omega2

    return read_omega2(source.path("omega2.out"))


@styled
def plot_bands(results: Dispersion | Mapping[str, Dispersion], *, ax: Any = None) -> Any:
    """Draw frequencies along the path; imaginary ones below zero.

    Parameters
    ----------
    results : Dispersion or mapping of str to Dispersion
        From `nepkit.gpumd.structure.read_omega2`.
    ax : matplotlib Axes, optional
        Where to draw; new axes when left out.

    Returns
    -------
    matplotlib Axes
    """
    several = named(results)
    for number, (label, result) in enumerate(several.items()):
        color, dash = PALETTE[number % len(PALETTE)], DASHES[number % len(DASHES)]
        lines = ax.plot(result.distance, result.frequency, dash, color=color, linewidth=1.0)
        if len(several) > 1:
            lines[0].set_label(label)
    first = next(iter(several.values()))
    if first.labels:
        names, places = zip(*first.labels, strict=True)
        ax.set_xticks(places, [name.replace("G", "Γ") for name in names])
        for place in places:
            ax.axvline(place, color="#9aa0ac", linewidth=0.6)
        ax.grid(visible=False, axis="x")
    ax.axhline(0.0, color="#33384a", linewidth=0.6)
    ax.set_xlim(float(first.distance[0]), float(first.distance[-1]))
    ax.set_xlabel("wave vector" if first.labels else "point of the path")
    ax.set_ylabel("frequency (THz)")
    ax.set_title("Phonon bands")
    if len(several) > 1:
        ax.legend()
    return ax


def numbers(results: Mapping[str, Dispersion]) -> list[Table]:
    """Return lowest and highest frequency and the number of points with imaginary ones."""
    rows = []
    for label, result in results.items():
        frequency = result.frequency
        unstable = int((frequency < IMAGINARY).any(axis=1).sum())
        rows.append((label, *frequency.shape, float(frequency.min()), float(frequency.max()), unstable))
    columns = ["file", "points", "bands", "lowest (THz)", "highest (THz)", "points with imaginary modes"]
    return [Table("Phonon bands", columns, rows, ["", "", "", ".4f", ".4f", ""])]


def series(results: Mapping[str, Dispersion]) -> Table:
    """Return the bands."""
    tables = {}
    for label, result in results.items():
        bands = {f"band {number} (THz)": values for number, values in enumerate(result.frequency.T, 1)}
        tables[label] = table_of_columns("", {"distance": result.distance, **bands})
    return stacked("Phonon bands", tables)


PLOT = Plot(
    name="bands",
    summary="Phonon bands of GPUMD (omega2.out).",
    menu=658,
    files=(File("omega2.out", "compute_phonon of gpumd"),),
    read=read,
    draw=plot_bands,
    numbers=numbers,
    series=series,
)
