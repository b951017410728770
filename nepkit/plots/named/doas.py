"""Density of atomistic states: distribution of site energies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from nepkit.core.errors import UnknownNameError, did_you_mean
from nepkit.core.table import Table, stacked, table_of_columns
from nepkit.plots.plot import File, Option, Plot, Source, named
from nepkit.plots.style import PALETTE, styled

if TYPE_CHECKING:
    from nepkit.properties.site_energies import SiteEnergies

DASHES = ("-", "--", ":", "-.")


def read(source: Source, element: Sequence[str] = ()) -> SiteEnergies:
    """Read the site energies of a file, of all elements or some.

    Raises
    ------
    UnknownNameError
        Where an element has none.
    """
    from nepkit.properties.site_energies import SiteEnergies, read_site_energies

    path = source.path("doas.*")
    found = read_site_energies(path)
    for symbol in element:
        if symbol not in found.values:
            raise UnknownNameError(f"{path}: no site energies of {symbol}: {did_you_mean(symbol, found.values)}")
    kept = {name: found.values[name] for name in element or found.values}
    return SiteEnergies(kept, found.frames)


@styled
def plot_states(
    results: SiteEnergies | Mapping[str, SiteEnergies], *, width: float | None = None, ax: Any = None
) -> Any:
    """Draw the distribution of the site energies of every element.

    Parameters
    ----------
    results : SiteEnergies or mapping of str to SiteEnergies
        Elements have colours, files dashes.
    width : float, optional
        Broadening, eV; by Silverman's rule when left out.
    ax : matplotlib Axes, optional
        Where to draw; new axes when left out.

    Returns
    -------
    matplotlib Axes
    """
    from nepkit.properties.site_energies import density_of_states

    elements = dict.fromkeys(symbol for result in named(results).values() for symbol in result.values)
    colors = {symbol: PALETTE[index % len(PALETTE)] for index, symbol in enumerate(elements)}
    for (label, result), dash in zip(named(results).items(), DASHES * 9, strict=False):
        for symbol, values in result.values.items():
            found = density_of_states(values, width)
            text = " ".join(filter(None, [symbol, label if len(named(results)) > 1 else ""]))
            ax.plot(found.energy, found.density, dash, color=colors[symbol], label=text)
            if len(named(results)) == 1:
                ax.fill_between(found.energy, found.density, color=colors[symbol], alpha=0.2, linewidth=0)
    ax.set_ylim(bottom=0.0)
    ax.set(xlabel="site energy (eV)", ylabel="density (1/eV, per atom)")
    ax.set_title("Density of atomistic states")
    ax.legend()
    return ax


def numbers(results: Mapping[str, SiteEnergies], width: float | None = None) -> list[Table]:
    """Return mean, spread and range of every element."""
    from nepkit.properties.site_energies import density_of_states

    rows = []
    for label, result in results.items():
        for symbol, values in result.values.items():
            spread = float(values.std(ddof=1)) if len(values) > 1 else None
            middle = density_of_states(values, width)
            peak = float(middle.energy[middle.density.argmax()])
            rows.append((label, symbol, len(values), float(values.mean()), spread, float(values.min()),
                         float(values.max()), peak, middle.width))  # fmt: skip
    columns = ["file", "element", "atoms", "mean", "spread", "lowest", "highest", "peak", "width"]
    return [Table("Site energies (eV)", columns, rows, ["", "", "", *[".4f"] * 6])]


def series(results: Mapping[str, SiteEnergies], width: float | None = None) -> Table:
    """Return the distributions."""
    from nepkit.properties.site_energies import density_of_states

    parts = {}
    for label, result in results.items():
        columns: dict[str, Any] = {}
        for symbol, values in result.values.items():
            found = density_of_states(values, width)
            columns |= {f"{symbol} energy (eV)": found.energy, f"{symbol} density (1/eV)": found.density}
        parts[label] = table_of_columns("", columns)
    return stacked("Density of atomistic states", parts)


PLOT = Plot(
    name="doas",
    summary="Density of atomistic states by element.",
    menu=614,
    files=(File("doas.*", "a calculator of site energies: doas.xyz or doas.out"),),
    options=(
        Option("element", "Element to draw; repeatable (default: all).", several=True, default=()),
        Option("width", "Gaussian broadening, eV (default: Silverman's rule).", type=float, minimum=0.0),
    ),
    read=read,
    draw=plot_states,
    numbers=numbers,
    series=series,
)
