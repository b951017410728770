"""Errors of forces: components, directions and their cumulative distribution."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from nepkit.core.table import Table, stacked, table_of_columns
from nepkit.plots.named.parity import PART, WRITER, merged, read_sets
from nepkit.plots.plot import File, Plot, Source, named
from nepkit.plots.style import ANGSTROM, PALETTE, styled

if TYPE_CHECKING:
    from nepkit.accuracy.force_errors import ForceErrors

SHARES = (0.5, 0.9, 0.99, 1.0)
UNIT = f"meV/{ANGSTROM}"


def read(source: Source, part: str = "both") -> dict[str, ForceErrors]:
    """Read the forces of training and test, and return their errors by part."""
    from nepkit.accuracy.force_errors import force_errors

    found = merged({"": read_sets(source, part, ("force",))})["force"]
    return {name: force_errors(one.predicted, one.reference) for name, one in found.items()}


def sets_of(results: Mapping[str, dict[str, ForceErrors]]) -> dict[str, ForceErrors]:
    """Return all sets by their name in the legend."""
    return {
        part if len(results) == 1 else f"{label} {part}": errors
        for label, result in results.items()
        for part, errors in result.items()
    }


@styled
def plot_components(results: ForceErrors | Mapping[str, ForceErrors], *, ax: Any = None) -> Any:
    """Draw the distribution of the errors of the components: one by one, or together where there are several sets.

    Parameters
    ----------
    results : ForceErrors or mapping of str to ForceErrors
        By name in the legend.
    ax : matplotlib Axes, optional
        Where to draw; new axes when left out.

    Returns
    -------
    matplotlib Axes
    """
    import numpy as np

    several = len(named(results)) > 1
    for (label, result), color in zip(named(results).items(), PALETTE * 9, strict=False):
        columns = {label: result.component} if several else dict(zip("xyz", result.component.T, strict=True))
        for (name, values), dash in zip(columns.items(), ("-", "--", ":"), strict=False):
            counts, edges = np.histogram(1e3 * values, 80, density=True)
            text = f"{name}: {1e3 * values.std():.3g} {UNIT}"
            ax.plot(0.5 * (edges[1:] + edges[:-1]), np.where(counts > 0.0, counts, np.nan), dash, color=color,
                    label=text, linewidth=1.2)  # fmt: skip
    ax.set(yscale="log", xlabel=f"error of a component ({UNIT})", ylabel=f"density ({ANGSTROM}/meV)")
    ax.set_title("Components, with their spread")
    ax.legend(loc="upper left")
    return ax


@styled
def plot_angles(results: ForceErrors | Mapping[str, ForceErrors], *, ax: Any = None) -> Any:
    """Draw the angle between prediction and reference against the reference force: median and 90 % of the atoms.

    Parameters
    ----------
    results : ForceErrors or mapping of str to ForceErrors
        By name in the legend.
    ax : matplotlib Axes, optional
        Where to draw; new axes when left out.

    Returns
    -------
    matplotlib Axes
    """
    import numpy as np

    for (label, result), color in zip(named(results).items(), PALETTE * 9, strict=False):
        kept = np.isfinite(result.angle)
        force, angle = result.reference[kept], result.angle[kept]
        order = np.argsort(force)
        # As many atoms in every bin: where forces are rare the bins are wide.
        bins = [part for part in np.array_split(order, min(25, max(1, len(order) // 20))) if len(part)]
        middle = [float(np.median(force[part])) for part in bins]
        ax.plot(middle, [np.median(angle[part]) for part in bins], color=color, label=f"{label} median".strip())
        ax.plot(middle, [np.quantile(angle[part], 0.9) for part in bins], "--", color=color,
                label=f"{label} 90 %".strip())  # fmt: skip
    ax.set(yscale="log", xlabel=f"reference force (eV/{ANGSTROM})", ylabel="angle to the reference (°)")
    ax.set_title("Direction")
    ax.legend()
    return ax


@styled
def plot_cumulative(results: ForceErrors | Mapping[str, ForceErrors], *, ax: Any = None) -> Any:
    """Draw which share of the atoms has an error vector no longer than a length.

    Parameters
    ----------
    results : ForceErrors or mapping of str to ForceErrors
        By name in the legend.
    ax : matplotlib Axes, optional
        Where to draw; new axes when left out.

    Returns
    -------
    matplotlib Axes
    """
    import numpy as np

    for label, result in named(results).items():
        lengths = 1e3 * np.sort(result.length)
        ax.plot(lengths, 100.0 * np.arange(1, len(lengths) + 1) / len(lengths), label=label or None)
    ax.set(xscale="log", ylim=(0.0, 102.0), xlabel=f"length of the error vector ({UNIT})", ylabel="atoms (%)")
    ax.set_title("Cumulative distribution")
    if any(named(results)):
        ax.legend()
    return ax


def panels(results: Mapping[str, dict[str, ForceErrors]]) -> dict[str, Any]:
    """Return the panels."""
    from functools import partial

    sets = sets_of(results)
    return {
        "components": partial(plot_components, sets),
        "angles": partial(plot_angles, sets),
        "cumulative": partial(plot_cumulative, sets),
    }


def numbers(results: Mapping[str, dict[str, ForceErrors]]) -> list[Table]:
    """Return the lengths of the error vectors and the angles."""
    import numpy as np

    rows = []
    for label, result in sets_of(results).items():
        lengths = [1e3 * float(value) for value in result.quantiles(SHARES)]
        known = result.angle[np.isfinite(result.angle)]
        rows.append((label, len(result.length), *lengths, float(np.median(known)) if len(known) else None))
    columns = ["set", "atoms", "median", "90 %", "99 %", "largest", "median angle (°)"]
    return [Table(f"Lengths of the error vectors ({UNIT})", columns, rows, ["", "", *[".4g"] * 5])]


def series(results: Mapping[str, dict[str, ForceErrors]]) -> Table:
    """Return the errors of every atom."""
    parts = {}
    for label, one in sets_of(results).items():
        parts[label] = table_of_columns("", {
            **{f"d{axis} (eV/A)": one.component[:, "xyz".index(axis)] for axis in "xyz"},
            "reference (eV/A)": one.reference,
            "angle (deg)": one.angle,
        })  # fmt: skip
    return stacked("Errors of forces", parts)


PLOT = Plot(
    name="force-errors",
    summary="Errors of forces: size and direction.",
    menu=609,
    files=(File("force_*.out", WRITER), File("energy_*.out", WRITER, needed=False)),
    options=(PART,),
    read=read,
    panels=panels,
    numbers=numbers,
    series=series,
)
