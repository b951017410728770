"""Potential of mean force from a radial distribution."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from nepkit.core.errors import InputError, UnknownNameError, did_you_mean
from nepkit.core.table import Table, stacked, table_of_columns
from nepkit.plots.plot import File, Option, Plot, Source, named
from nepkit.plots.style import ANGSTROM, styled

if TYPE_CHECKING:
    from nepkit.transport.mechanism.distributions import MeanForce


def read(source: Source, temperature: float | None = None, pair: str = "total") -> MeanForce:
    """Read one rdf.out and its temperature."""
    from nepkit.gpumd.structure import read_distribution
    from nepkit.gpumd.thermodynamics import state_of
    from nepkit.transport.mechanism.distributions import mean_force

    path = source.path("rdf.out")
    block = read_distribution(path)[-1]
    if pair not in block.curves:
        raise UnknownNameError(f"{path}: no pair {pair}: {did_you_mean(pair, block.curves)}")
    kelvin = temperature if temperature is not None else state_of(source.folder, "compute_rdf").temperature
    if kelvin is None:
        raise InputError(f"{path}: neither run.in nor thermo.out beside it tells the temperature; give --temperature")
    return mean_force(block.x, block.curves[pair], kelvin)


@styled
def plot_mean_force(results: MeanForce | Mapping[str, MeanForce], *, ax: Any = None) -> Any:
    """Draw potentials of mean force, their first minimum and barrier marked.

    Parameters
    ----------
    results : MeanForce or mapping of str to MeanForce
        From `nepkit.transport.mechanism.distributions.mean_force`.
    ax : matplotlib Axes, optional
        Where to draw; new axes when left out.

    Returns
    -------
    matplotlib Axes
    """
    from nepkit.transport.mechanism.distributions import KJ_PER_MOL

    for label, result in named(results).items():
        (line,) = ax.plot(result.r, KJ_PER_MOL * result.energy, label=f"{label} {result.temperature:.4g} K".strip())
        for point in (result.first, result.barrier, result.second):
            if point is not None:
                ax.plot(point[0], KJ_PER_MOL * point[1], "o", color=line.get_color(), markersize=4)
    ax.axhline(0.0, color="#9aa0ac", linewidth=0.6)
    ax.set_xlabel(f"r ({ANGSTROM})")
    ax.set_ylabel("potential of mean force (kJ/mol)")
    ax.set_title("Potential of mean force")
    ax.legend()
    return ax


def numbers(results: Mapping[str, MeanForce]) -> list[Table]:
    """Return minima and barrier."""
    from nepkit.transport.mechanism.distributions import KJ_PER_MOL

    rows: list[tuple[Any, ...]] = []
    for label, result in results.items():
        for name, point in (
            ("first minimum", result.first),
            ("barrier", result.barrier),
            ("second minimum", result.second),
        ):
            if point is not None:
                rows.append((label, name, point[0], point[1], KJ_PER_MOL * point[1]))
        if result.first is not None and result.barrier is not None:
            height = result.barrier[1] - result.first[1]
            rows.append((label, "height of the barrier", None, height, KJ_PER_MOL * height))
    columns = ["file", "point", "r (A)", "energy (eV)", "energy (kJ/mol)"]
    return [Table("Potential of mean force", columns, rows, ["", "", ".3f", ".4f", ".3f"])]


def series(results: Mapping[str, MeanForce]) -> Table:
    """Return the curves."""
    tables = {label: table_of_columns("", {"r (A)": result.r, "energy (eV)": result.energy})
              for label, result in results.items()}  # fmt: skip
    return stacked("Potential of mean force", tables)


PLOT = Plot(
    name="rdf-pmf",
    summary="Potential of mean force from a radial distribution.",
    menu=647,
    files=(
        File("rdf.out", "compute_rdf of gpumd"), File("run.in", "you", needed=False),
        File("thermo.out", "dump_thermo of gpumd", needed=False),
    ),
    options=(
        Option("temperature", "Temperature, K (default: from run.in or thermo.out).", type=float, minimum=0),
        Option("pair", "Pair of elements, e.g. Li-Cl.", default="total"),
    ),
    read=read,
    draw=plot_mean_force,
    numbers=numbers,
    series=series,
)  # fmt: skip
