"""Parity plots: prediction against reference for energies, forces and virials."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from nepkit.analysis.parity import Parity
from nepkit.plots.style import ANGSTROM, PALETTE, new_figure, save_image, style, styled

#: Quantity of `Parity`: axis label, and the unit of a thousandth for errors.
QUANTITIES = {
    "energy": ("energy (eV/atom)", "meV/atom"),
    "force": (f"force (eV/{ANGSTROM})", f"meV/{ANGSTROM}"),
    "virial": ("virial (eV/atom)", "meV/atom"),
}


@styled
def plot_parity(
    sets: Mapping[str, Parity], quantity: str, *, colors: Mapping[str, str] | None = None, ax: Any = None
) -> Any:
    """Draw prediction against reference of one quantity, the errors in the legend.

    Energies are drawn relative to the mean of all references, since only their differences mean anything.

    Parameters
    ----------
    sets : mapping of str to Parity
        Name in the legend (``train``, ``test``) and its numbers; later ones are drawn on top.
    quantity : str
        ``energy``, ``force`` or ``virial``.
    colors : mapping of str to str, optional
        Colour by name.
    ax : matplotlib Axes, optional
        Where to draw; new axes when left out.

    Returns
    -------
    matplotlib Axes
    """
    label, unit = QUANTITIES[quantity]
    pairs = {name: getattr(parity, quantity) for name, parity in sets.items()}
    drawn = [pair for pair in pairs.values() if pair.size]
    ax.set_title(quantity.capitalize())
    ax.set_xlabel(f"reference {label}")
    ax.set_ylabel(f"predicted {label}")
    if not drawn:
        ax.text(0.5, 0.5, "no labels", transform=ax.transAxes, ha="center", va="center", color="#6b7180")
        return ax
    zero = float(np.mean(np.concatenate([pair[0] for pair in drawn]))) if quantity == "energy" else 0.0
    few = max(pair.shape[1] for pair in drawn) < 200
    for index, (name, pair) in enumerate(pairs.items()):
        if pair.size:
            color = (colors or {}).get(name) or PALETTE[index % len(PALETTE)]
            error = 1e3 * getattr(sets[name], f"{quantity}_rmse")
            ax.plot(*(pair - zero), "o", color=color, markersize=4.5 if few else 2.4, alpha=0.75 if few else 0.45,
                    markeredgewidth=0, label=f"{name}: {error:.3g} {unit}", rasterized=not few)  # fmt: skip
    _frame(ax, np.concatenate(drawn, axis=1) - zero)
    if quantity == "energy":
        ax.set_xlabel("reference energy − mean (eV/atom)")
        ax.set_ylabel("predicted energy − mean (eV/atom)")
    return ax


def _frame(ax: Any, values: Any) -> None:
    """Give both axes one range with the diagonal, and the legend room above it."""
    low, high = float(values.min()), float(values.max())
    margin = 0.05 * (high - low or 1.0)
    ends = (low - margin, high + margin)
    ax.plot(ends, ends, color="#33384a", linewidth=0.8, zorder=0)
    ax.set_xlim(ends)
    ax.set_ylim(ends)
    ax.set_aspect("equal", adjustable="box")
    ax.locator_params(nbins=6)
    for handle in ax.legend(loc="upper left", borderaxespad=0.2, handletextpad=0.2).legend_handles:
        handle.set(markersize=5, alpha=1.0)


def save_parity(sets: Mapping[str, Parity], path: Path) -> None:
    """Write one figure with energy, force and virial side by side; an existing file is replaced."""
    figure = new_figure(11, 3.9)
    with style():
        axes = figure.subplots(1, 3)
    for ax, quantity in zip(axes, QUANTITIES, strict=True):
        plot_parity(sets, quantity, ax=ax)
    save_image(figure, path, overwrite=True)
