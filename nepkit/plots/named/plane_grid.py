"""Displacements of atoms, plane by plane."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nepkit.core.table import Table
from nepkit.plots.plot import File, Option, Panel, Plot, Source
from nepkit.plots.style import ANGSTROM, styled

if TYPE_CHECKING:
    from nepkit.properties.planes import Plane, PlaneGrid

MOST = 9
"""Maps of more planes would be too small; the profile has them all."""


def read(
    source: Source, element: str = "", normal: str = "z", gap: float = 0.8, structure: Path | None = None
) -> PlaneGrid:
    """Read displacements and sort them into planes."""
    from nepkit.properties.planes import plane_grid, read_displacements

    beside = structure or source.find("model.xyz")
    atoms, vectors = read_displacements(source.path("displacements.*"), beside, element)
    return plane_grid(atoms, vectors, normal=normal, element=element, gap=gap)


@styled
def plot_profile(result: PlaneGrid, *, ax: Any = None) -> Any:
    """Draw the mean displacement of every plane along the three axes, with its error over the atoms.

    Parameters
    ----------
    result : PlaneGrid
        From `nepkit.properties.planes.plane_grid`.
    ax : matplotlib Axes, optional
        Where to draw; new axes when left out.

    Returns
    -------
    matplotlib Axes
    """
    heights = [plane.height for plane in result.planes]
    for place, axis in enumerate((*result.axes, result.normal)):
        means = [float(plane.mean[place]) for plane in result.planes]
        errors = [float(plane.error[place]) for plane in result.planes]
        ax.errorbar(heights, means, yerr=errors, fmt="o-", markersize=3.5, capsize=2, linewidth=1.0, label=axis)
    ax.axhline(0.0, color="#9aa0ac", linewidth=0.6)
    ax.set_xlabel(f"{result.normal} ({ANGSTROM})")
    ax.set_ylabel(f"mean displacement ({ANGSTROM})")
    ax.set_title(" ".join(filter(None, ["Displacements by plane", result.element])))
    ax.legend()
    return ax


@styled
def plot_plane(result: PlaneGrid, number: int, *, ax: Any = None) -> Any:
    """Draw the displacements in one plane as arrows, coloured by the part along the normal.

    Parameters
    ----------
    result : PlaneGrid
        From `nepkit.properties.planes.plane_grid`.
    number : int
        Which plane, from 0.
    ax : matplotlib Axes, optional
        Where to draw; new axes when left out.

    Returns
    -------
    matplotlib Axes
    """
    plane = result.planes[number]
    reach = max(float(abs(one.vectors).max()) for one in result.planes) or 1.0
    drawn = ax.quiver(*plane.positions.T, *plane.vectors[:, :2].T, plane.vectors[:, 2], cmap="coolwarm",
                      clim=(-reach, reach), scale=_arrows(plane) * reach, scale_units="width",
                      pivot="mid", width=0.012)  # fmt: skip
    ax.figure.colorbar(drawn, ax=ax, label=f"along {result.normal} ({ANGSTROM})", shrink=0.8)
    ax.set_aspect("equal", adjustable="datalim")
    ax.margins(0.15)
    ax.set_xlabel(f"{result.axes[0]} ({ANGSTROM})")
    ax.set_ylabel(f"{result.axes[1]} ({ANGSTROM})")
    ax.set_title(f"{result.normal} = {plane.height:.2f} {ANGSTROM}")
    return ax


def _arrows(plane: Plane) -> float:
    """Return how many of the longest arrows fit side by side."""
    return float(max(4.0, 1.2 * len(plane.positions) ** 0.5))


def panels(result: PlaneGrid) -> dict[str, Panel]:
    """Return the profile and a map of every plane, up to nine spread over all."""
    count = len(result.planes)
    shown = range(count) if count <= MOST else [round(place * (count - 1) / (MOST - 1)) for place in range(MOST)]
    return {"profile": partial(plot_profile, result)} | {
        f"plane-{number + 1}": partial(plot_plane, result, number) for number in shown
    }


def numbers(result: PlaneGrid) -> list[Table]:
    """Return the mean displacement of every plane."""
    rows = []
    for number, plane in enumerate(result.planes, 1):
        cells = [value for pair in zip(plane.mean.tolist(), plane.error.tolist(), strict=True) for value in pair]
        rows.append((number, plane.height, len(plane.positions), *(None if cell != cell else cell for cell in cells)))
    names = [text for axis in (*result.axes, result.normal) for text in (f"{axis} (A)", f"± {axis}")]
    title = f"Mean displacement, {result.frames} frame{'s' * (result.frames > 1)}"
    columns = ["plane", f"at {result.normal} (A)", "atoms", *names]
    return [Table(title, columns, rows, ["", ".3f", "", *[".4f", ".2g"] * 3])]


def series(result: PlaneGrid) -> Table:
    """Return every atom of every plane."""
    rows = [
        (number, *position, plane.height, *vector)
        for number, plane in enumerate(result.planes, 1)
        for position, vector in zip(plane.positions.tolist(), plane.vectors.tolist(), strict=True)
    ]
    names = [f"d {axis} (A)" for axis in (*result.axes, result.normal)]
    first, second = result.axes
    return Table("Displacements", ["plane", f"{first} (A)", f"{second} (A)", f"{result.normal} (A)", *names], rows)


PLOT = Plot(
    name="plane-grid",
    summary="Displacements of atoms, plane by plane.",
    menu=661,
    files=(
        File("displacements.*", "nepkit calc displacements: displacements.xyz, .npz or .dat"),
        File("model.xyz", "you", needed=False),
    ),
    options=(
        Option("element", "Element to show (default: all with a displacement).", default=""),
        Option("normal", "Axis normal to the planes.", choices=("x", "y", "z"), default="z"),
        Option("gap", "Minimum spacing between planes, A.", type=float, default=0.8, minimum=0),
        Option("structure", "Structure belonging to an npz or dat file "
                            "(default: model.xyz in the same folder).", type=Path),
    ),
    read=read,
    panels=panels,
    numbers=numbers,
    series=series,
    takes="one",
    size=(3.9, 3.2),
)  # fmt: skip
