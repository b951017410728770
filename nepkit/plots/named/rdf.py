"""Radial distribution functions with coordination numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from nepkit.core.table import Table, stacked, table_of_columns
from nepkit.plots.plot import File, Option, Panel, Plot, Source, named
from nepkit.plots.style import ANGSTROM, PALETTE, styled

if TYPE_CHECKING:
    from nepkit.transport.mechanism.distributions import RadialStructure

DASHES = ("-", "--", ":", "-.")


def read(source: Source, density: float | None = None, pair: Sequence[str] = ()) -> RadialStructure:
    """Read one rdf.out and find its shells."""
    from dataclasses import replace

    from nepkit.core.errors import UnknownNameError, did_you_mean
    from nepkit.gpumd.structure import read_distribution
    from nepkit.transport.mechanism.distributions import densities_of, radial_structure

    path = source.path("rdf.out")
    blocks = read_distribution(path)
    block = blocks[-1]
    for name in pair:
        if name not in block.curves:
            raise UnknownNameError(f"{path}: no pair {name}: {did_you_mean(name, block.curves)}")
    if pair:
        block = replace(block, curves={name: block.curves[name] for name in pair})
    known, notes = ({"total": density}, ()) if density else densities_of(source.folder)
    if len(blocks) > 1:
        notes = (*notes, f"{path}: {len(blocks)} blocks of runs, the last is used")
    return replace(radial_structure(block, known), notes=notes)


@styled
def plot_distribution(results: RadialStructure | Mapping[str, RadialStructure], *, ax: Any = None) -> Any:
    """Draw radial distributions.

    Parameters
    ----------
    results : RadialStructure or mapping of str to RadialStructure
        Several are told apart by the dashes of their lines.
    ax : matplotlib Axes, optional
        Where to draw; new axes when left out.

    Returns
    -------
    matplotlib Axes
    """
    ax.axhline(1.0, color="#9aa0ac", linewidth=0.6)
    return _draw(results, "curves", "g(r)", ax)


@styled
def plot_coordination(results: RadialStructure | Mapping[str, RadialStructure], *, ax: Any = None) -> Any:
    """Draw running coordination numbers, up to twenty neighbours.

    Parameters
    ----------
    results : RadialStructure or mapping of str to RadialStructure
        Several are told apart by the dashes of their lines.
    ax : matplotlib Axes, optional
        Where to draw; new axes when left out.

    Returns
    -------
    matplotlib Axes
    """
    _draw(results, "coordination", "atoms within the distance", ax)
    ax.set_ylim(0.0, 20.0)
    return ax


def _draw(results: Any, what: str, label: str, ax: Any) -> Any:
    several = named(results)
    for (name, result), dash in zip(several.items(), DASHES * len(several), strict=False):
        for number, (curve, values) in enumerate(getattr(result, what).items()):
            text = " ".join(filter(None, [curve, name * (len(several) > 1)]))
            ax.plot(result.r, values, dash, color=PALETTE[number % len(PALETTE)], linewidth=1.3, label=text)
    ax.set_xlim(0.0, max(float(result.r[-1]) for result in several.values()))
    ax.set_ylim(bottom=0.0)
    ax.set_xlabel(f"r ({ANGSTROM})")
    ax.set_ylabel(label)
    ax.legend()
    return ax


def panels(results: Mapping[str, RadialStructure]) -> dict[str, Panel]:
    """Return the distributions, and the coordination where a density is known."""
    found: dict[str, Panel] = {"rdf": partial(plot_distribution, results)}
    if any(result.coordination for result in results.values()):
        found["coordination"] = partial(plot_coordination, results)
    return found


def numbers(results: Mapping[str, RadialStructure]) -> list[Table]:
    """Return peaks and coordination numbers."""
    from nepkit.transport.mechanism.distributions import coordination_of

    peaks, neighbours = [], []
    for label, result in results.items():
        for name, shell in result.shells.items():
            points = [
                value for point in (shell.first, shell.minimum, shell.second) for value in (point or (None, None))
            ]
            peaks.append((label, name, *points))
        for name in result.coordination:
            found = coordination_of(result, name)
            neighbours.append((label, name, *(found or (None, None))))
    columns = ["file", "pair", "first peak (A)", "g", "minimum (A)", "g ", "second peak (A)", "g  "]
    tables = [Table("Shells", columns, peaks, ["", "", *[".3f"] * 6])]
    if neighbours:
        columns = ["file", "neighbours", "number", "within (A)"]
        tables.append(Table("Coordination up to the first minimum", columns, neighbours, ["", "", ".3f", ".3f"]))
    return tables


def notes(results: Mapping[str, RadialStructure]) -> list[str]:
    """Return what the reader should know."""
    return [note for result in results.values() for note in result.notes]


def series(results: Mapping[str, RadialStructure]) -> Table:
    """Return the curves."""
    return stacked(
        "Radial distribution",
        {
            label: table_of_columns("", {"r (A)": result.r, **result.curves,
                                         **{f"n {name}": values for name, values in result.coordination.items()}})
            for label, result in results.items()
        },
    )  # fmt: skip


PLOT = Plot(
    name="rdf",
    summary="Radial distributions with coordination numbers.",
    menu=646,
    files=(
        File("rdf.out", "compute_rdf of gpumd"), File("model.xyz", "you", needed=False),
        File("thermo.out", "dump_thermo of gpumd", needed=False), File("run.in", "you", needed=False),
    ),
    options=(
        Option("pair", "Curve to draw, e.g. Li-Cl; repeatable (default: all).", several=True),
        Option("density", "Number density, 1/A^3, where there is no model.xyz.", type=float, minimum=0),
    ),
    read=read,
    panels=panels,
    numbers=numbers,
    series=series,
    notes=notes,
)  # fmt: skip
