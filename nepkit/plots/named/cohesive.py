"""Cohesive curve with an equation of state."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from nepkit.core.table import Table, stacked, table_of_columns
from nepkit.plots.plot import File, Option, Plot, Source, named
from nepkit.plots.style import ANGSTROM, PALETTE, styled

if TYPE_CHECKING:
    from nepkit.properties.statics import Cohesive

EQUATIONS = ("birch-murnaghan", "vinet", "murnaghan")


def read(
    source: Source, equation: str = "birch-murnaghan", volume: float | None = None, isotropic: bool = False
) -> Cohesive:
    """Read one cohesive.out and fit it."""
    from numpy import prod

    from nepkit.gpumd.model import read_model
    from nepkit.gpumd.structure import read_cohesive
    from nepkit.inputs.runfile import read_run_file
    from nepkit.properties.statics import cohesive, scaled_vectors

    scale, energy = read_cohesive(source.path("cohesive.out"))
    inputs, model = source.find("run.in"), source.find("model.xyz")
    copies = int(prod(read_run_file(inputs).replicate)) if inputs else 1
    atoms = read_model(model, copies) if model else None
    size = volume or (atoms.volume if atoms else None)
    scaled = 3 if isotropic else (scaled_vectors(inputs) if inputs else None)
    count = len(atoms.symbols) * copies if atoms else None
    return cohesive(scale, energy, volume=size, scaled=scaled, atoms=count, equation=equation.replace("-", ""))


@styled
def plot_cohesive(results: Cohesive | Mapping[str, Cohesive], *, ax: Any = None) -> Any:
    """Draw the energy against the volume with the equation of state, or against the scale where there is none.

    Parameters
    ----------
    results : Cohesive or mapping of str to Cohesive
        From `nepkit.properties.statics.cohesive`.
    ax : matplotlib Axes, optional
        Where to draw; new axes when left out.

    Returns
    -------
    matplotlib Axes
    """
    several = named(results)
    by_volume = all(result.volume is not None for result in several.values())
    unit = "eV/atom" if all(result.atoms for result in several.values()) else "eV"
    for (label, result), color in zip(several.items(), PALETTE * len(several), strict=False):
        share = (result.atoms or 1) if unit == "eV/atom" else 1
        x = result.volume if by_volume else result.scale
        ax.plot(x, result.energy / share, "o", color=color, markersize=2.5, alpha=0.6, label=label or None)
        if by_volume and result.curve is not None:
            text = f"{result.equilibrium:.2f} {ANGSTROM}³, {result.bulk_modulus:.1f} GPa"
            ax.plot(result.curve[:, 0], result.curve[:, 1] / share, color=color, label=text)
        else:
            ax.plot(*result.lowest, "o", color="#d55e00", markersize=5, label=f"scale {result.lowest[0]:.5f}")
    ax.set_xlabel(f"volume ({ANGSTROM}³)" if by_volume else "scale of the cell vectors")
    ax.set_ylabel(f"energy ({unit})")
    ax.set_title("Cohesive curve")
    ax.legend()
    return ax


def numbers(results: Mapping[str, Cohesive]) -> list[Table]:
    """Return minimum, equilibrium volume and bulk modulus."""
    rows = [
        (label, result.lowest[0], result.lowest[1], result.lowest[1] / result.atoms if result.atoms else None,
         result.equilibrium, result.bulk_modulus, result.residual)
        for label, result in results.items()
    ]  # fmt: skip
    columns = [
        "file",
        "scale",
        "energy (eV)",
        "per atom (eV)",
        "volume (A^3)",
        "bulk modulus (GPa)",
        "misfit (meV/atom)",
    ]
    return [Table("Minimum", columns, rows, ["", ".6f", ".6f", ".6f", ".4f", ".3f", ".3g"])]


def notes(results: Mapping[str, Cohesive]) -> list[str]:
    """Return what the reader should know."""
    return [f"{label}: {note}" for label, result in results.items() for note in result.notes]


def series(results: Mapping[str, Cohesive]) -> Table:
    """Return the points."""
    tables = {}
    for label, result in results.items():
        columns = {"scale": result.scale, "energy (eV)": result.energy}
        extra = {} if result.volume is None else {"volume (A^3)": result.volume}
        tables[label] = table_of_columns("", {**columns, **extra})
    return stacked("Cohesive curve", tables)


PLOT = Plot(
    name="cohesive",
    summary="Cohesive curve with an equation of state.",
    menu=656,
    files=(
        File("cohesive.out", "compute_cohesive of gpumd"), File("run.in", "you", needed=False),
        File("model.xyz", "you", needed=False),
    ),
    options=(
        Option("equation", "Equation of state.", choices=EQUATIONS, default="birch-murnaghan"),
        Option("volume", "Cell volume at scale one, A^3.", type=float, minimum=0),
        Option("isotropic", "All cell vectors were scaled (only needed without run.in).", type=bool, default=False),
    ),
    read=read,
    draw=plot_cohesive,
    numbers=numbers,
    series=series,
    notes=notes,
)  # fmt: skip
