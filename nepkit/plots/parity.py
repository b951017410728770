"""Parity plots: prediction against reference for energies, forces and virials."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from nepkit.atomic import atomic_path
from nepkit.training.parity import Parity

#: Quantity of `Parity`: axis label, factor from its unit, and unit of the error in the legend.
QUANTITIES = {
    "energy": ("energy (eV/atom)", 1e3, "meV/atom"),
    "force": ("force (eV/$\\mathrm{\\AA}$)", 1e3, "meV/$\\mathrm{\\AA}$"),
    "virial": ("virial (eV/atom)", 1e3, "meV/atom"),
}


def plot_parity(sets: Mapping[str, Parity], quantity: str, *, ax: Any) -> Any:
    """Draw prediction against reference of one quantity.

    Parameters
    ----------
    sets : mapping of str to Parity
        Name in the legend (``train``, ``test``) and its numbers.
    quantity : str
        ``energy``, ``force`` or ``virial``.
    ax : matplotlib Axes
        Where to draw.

    Returns
    -------
    matplotlib Axes
    """
    label, factor, unit = QUANTITIES[quantity]
    for name, parity in sets.items():
        reference, prediction = getattr(parity, quantity)
        if reference.size:
            error = factor * getattr(parity, f"{quantity}_rmse")
            text = f"{name}: {error:.3g} {unit}"
            ax.plot(reference, prediction, ".", markersize=3, alpha=0.6, label=text, rasterized=True)
    values = np.concatenate([getattr(parity, quantity).ravel() for parity in sets.values()])
    if values.size:
        ends = [values.min(), values.max()]
        ax.plot(ends, ends, color="0.3", linewidth=0.8, zorder=0)
        ax.legend(fontsize=8, loc="upper left")
    ax.set_xlabel(f"reference {label}")
    ax.set_ylabel(f"predicted {label}")
    return ax


def save_parity(sets: Mapping[str, Parity], path: Path) -> None:
    """Write one figure with energy, force and virial side by side; an existing file is replaced."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, 3.6), layout="constrained")
    for ax, quantity in zip(figure.subplots(1, 3), QUANTITIES, strict=True):
        plot_parity(sets, quantity, ax=ax)
    with atomic_path(path, overwrite=True) as temporary:
        figure.savefig(temporary, dpi=150)
