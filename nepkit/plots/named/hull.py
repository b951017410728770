"""Energies over volume with their lower hull."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nepkit.core.table import Table, stacked, table_of_columns
from nepkit.plots.plot import File, Option, Plot, Source
from nepkit.plots.style import ANGSTROM, PALETTE, styled

if TYPE_CHECKING:
    from nepkit.datasets.composition import Hull

MOST = 8


@dataclass(frozen=True)
class Hulls:
    """Hull of every formula, and how many frames lack energy or cell."""

    hulls: dict[str, Hull]
    left_out: int


def read(source: Source) -> Hulls:
    """Read energies and volumes of a file of frames."""
    from nepkit.datasets.composition import compositions, energy_volume_hulls
    from nepkit.formats.files import read_frames

    path = source.path("train.xyz")
    found = compositions(read_frames(path), str(path))
    hulls = energy_volume_hulls(found)
    return Hulls(hulls, len(found.formulas) - sum(len(hull.volume) for hull in hulls.values()))


def curves_of(results: Mapping[str, Hulls], formula: str | None = None) -> dict[str, Hull]:
    """Return the hulls by name in the legend.

    Raises
    ------
    UnknownNameError
        Where the formula asked for is not there.
    """
    from nepkit.core.errors import UnknownNameError, did_you_mean

    found = {
        f"{name} {label}" if len(results) > 1 else name: hull
        for label, result in results.items()
        for name, hull in result.hulls.items()
        if formula in (None, name)
    }
    if not found:
        known = {name for result in results.values() for name in result.hulls}
        raise UnknownNameError(f"no frames of formula {formula}: {did_you_mean(formula or '', known)}")
    return found


@styled
def plot_hulls(results: Mapping[str, Hull], *, ax: Any = None) -> Any:
    """Draw energies over volume, with the lower convex hull of every formula.

    Parameters
    ----------
    results : mapping of str to Hull
        By name in the legend; the formulas with most frames are drawn where there are many.
    ax : matplotlib Axes, optional
        Where to draw; new axes when left out.

    Returns
    -------
    matplotlib Axes
    """
    most = sorted(results, key=lambda name: -len(results[name].volume))[:MOST]
    for index, name in enumerate(name for name in results if name in most):
        hull, color = results[name], PALETTE[index % len(PALETTE)]
        ax.plot(hull.volume, hull.energy, "o", color=color, markersize=3.5, alpha=0.5, markeredgewidth=0, label=name)
        ax.plot(hull.volume[hull.vertices], hull.energy[hull.vertices], color=color, linewidth=1.2)
    ax.set(xlabel=f"volume ({ANGSTROM}³/atom)", ylabel="energy (eV/atom)")
    ax.set_title("Energy over volume, with the lower hull")
    ax.legend()
    return ax


def panels(results: Mapping[str, Hulls], formula: str | None = None) -> dict[str, Any]:
    """Return the one panel."""
    from functools import partial

    return {"hull": partial(plot_hulls, curves_of(results, formula))}


def numbers(results: Mapping[str, Hulls], formula: str | None = None) -> list[Table]:
    """Return the lowest energy of every formula and the range of pressures of its hull."""
    rows = []
    for name, hull in curves_of(results, formula).items():
        lowest = int(hull.energy.argmin())
        pressures = hull.pressures
        ends = (float(pressures.max()), float(pressures.min())) if len(pressures) else (None, None)
        above = float(hull.above.max())
        rows.append((name, len(hull.volume), float(hull.volume[lowest]), float(hull.energy[lowest]),
                     len(hull.vertices), *ends, 1e3 * above))  # fmt: skip
    columns = ["formula", "frames", "volume of lowest (A³/atom)", "lowest (eV/atom)", "on the hull",
               "highest pressure (GPa)", "lowest pressure (GPa)", "furthest above (meV/atom)"]  # fmt: skip
    return [Table("Energy over volume", columns, rows, ["", "", ".3f", ".5f", "", ".3g", ".3g", ".4g"])]


def notes(results: Mapping[str, Hulls], formula: str | None = None) -> list[str]:
    """Return what was left out or not drawn."""
    told = [f"{label}: {result.left_out} frames without energy or cell were left out"
            for label, result in results.items() if result.left_out]  # fmt: skip
    count = len(curves_of(results, formula))
    return told + [f"the {MOST} of {count} formulas with most frames are drawn; choose one by --formula"] * (
        count > MOST
    )


def series(results: Mapping[str, Hulls], formula: str | None = None) -> Table:
    """Return volume, energy and height above the hull of every frame."""
    parts = {}
    for name, hull in curves_of(results, formula).items():
        parts[name] = table_of_columns("", {"volume (A^3/atom)": hull.volume, "energy (eV/atom)": hull.energy,
                                            "above the hull (eV/atom)": hull.above})  # fmt: skip
    return stacked("Energy over volume", parts)


PLOT = Plot(
    name="hull",
    summary="Energies over volume with their lower hull.",
    menu=615,
    files=(File("train.xyz", "you: frames with energies"),),
    options=(Option("formula", "Reduced formula of the frames to draw."),),
    read=read,
    panels=panels,
    numbers=numbers,
    series=series,
    notes=notes,
)
