"""Elastic constants and moduli."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nepkit.core.table import Table
from nepkit.plots.plot import File, Plot, Source
from nepkit.plots.style import styled

if TYPE_CHECKING:
    from nepkit.properties.statics import Moduli

NAMES = ("xx", "yy", "zz", "yz", "xz", "xy")


def read(source: Source) -> Moduli:
    """Read one elastic.out."""
    from nepkit.gpumd.structure import read_elastic
    from nepkit.properties.statics import moduli

    return moduli(read_elastic(source.path("elastic.out")))


@styled
def plot_elastic(result: Moduli, *, ax: Any = None) -> Any:
    """Draw the matrix of elastic constants with its numbers.

    Parameters
    ----------
    result : Moduli
        From `nepkit.properties.statics.moduli`.
    ax : matplotlib Axes, optional
        Where to draw; new axes when left out.

    Returns
    -------
    matplotlib Axes
    """
    from numpy import abs as magnitude

    reach = float(magnitude(result.stiffness).max())
    ax.imshow(result.stiffness, cmap="RdBu_r", vmin=-1.2 * reach, vmax=1.2 * reach)
    for row in range(6):
        for column in range(6):
            value = float(result.stiffness[row, column])
            ax.text(column, row, f"{value:.1f}", ha="center", va="center", fontsize=7.5,
                    color="white" if abs(value) > 0.75 * reach else "#33384a")  # fmt: skip
    ax.set_xticks(range(6), NAMES)
    ax.set_yticks(range(6), NAMES)
    ax.grid(visible=False)
    ax.set_title(f"Elastic constants (GPa): bulk {result.bulk[2]:.1f}, shear {result.shear[2]:.1f}")
    return ax


def numbers(result: Moduli) -> list[Table]:
    """Return the moduli."""
    rows = [
        ("bulk modulus", *result.bulk, "GPa"),
        ("shear modulus", *result.shear, "GPa"),
        ("Young's modulus", None, None, result.young, "GPa"),
        ("Poisson's ratio", None, None, result.poisson, ""),
        ("ratio of Pugh, bulk to shear", None, None, result.bulk[2] / result.shear[2], ""),
        ("universal anisotropy", None, None, result.anisotropy, ""),
        ("mechanically stable", None, None, "yes" if result.stable else "no", ""),
    ]
    return [Table("Moduli", ["quantity", "Voigt", "Reuss", "Hill", "unit"], rows, ["", ".4g", ".4g", ".4g", ""])]


def notes(result: Moduli) -> tuple[str, ...]:
    """Return what the reader should know."""
    return result.notes


def series(result: Moduli) -> Table:
    """Return the matrix."""
    rows = [(name, *(float(value) for value in row)) for name, row in zip(NAMES, result.stiffness, strict=True)]
    return Table("Elastic constants (GPa)", ["", *NAMES], rows)


PLOT = Plot(
    name="elastic",
    summary="Elastic constants and moduli.",
    menu=657,
    files=(File("elastic.out", "compute_elastic of gpumd"),),
    read=read,
    draw=plot_elastic,
    numbers=numbers,
    series=series,
    notes=notes,
    takes="one",
)
