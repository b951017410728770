"""Parity plots: prediction against reference for energies, forces and virials."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from nepkit.accuracy.parity import Parity
from nepkit.gpumd.predictions import Prediction
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
    errors = {name: getattr(parity, f"{quantity}_rmse") for name, parity in sets.items()}
    ax.set_title(quantity.capitalize())
    shifted = quantity == "energy"
    texts = {name: f"{name}: {1e3 * errors[name]:.3g} {unit}" for name in pairs}
    return _scatter(ax, pairs, texts, label, colors=colors, shifted=shifted)


#: Quantity of `Prediction`: name, unit on the axes, unit of errors and factor to it.
KINDS = {
    "energy": ("energy", "eV/atom", "meV/atom", 1e3),
    "force": ("force", f"eV/{ANGSTROM}", f"meV/{ANGSTROM}", 1e3),
    "virial": ("virial", "eV/atom", "meV/atom", 1e3),
    "stress": ("stress (+ compressed)", "GPa", "GPa", 1.0),
    "bec": ("Born effective charge", "e", "e", 1.0),
    "dipole": ("dipole", "unit of the data/atom", "", 1.0),
    "polarizability": ("polarizability", "unit of the data/atom", "", 1.0),
}


FEWEST_FOR_DENSITY = 500


@styled
def plot_prediction(sets: Mapping[str, Prediction], *, density: bool = False, ax: Any = None) -> Any:
    """Draw predictions against references of one quantity, the root mean square errors in the legend.

    Parameters
    ----------
    sets : mapping of str to Prediction
        Name in the legend (``train``, ``test``) and numbers of the same quantity; later ones are drawn on top. Energies
        are drawn relative to the mean of all references, since only their differences mean anything.
    density : bool
        Whether to draw how many points fall where, all sets together, instead of the points where these are many.
    ax : matplotlib Axes, optional
        Where to draw; new axes when left out.

    Returns
    -------
    matplotlib Axes
    """
    quantity = next(iter(sets.values())).quantity
    name, unit, small, factor = KINDS[quantity]
    pairs, texts = {}, {}
    for label, found in sets.items():
        pairs[label] = np.stack([found.reference.ravel(), found.predicted.ravel()])
        texts[label] = f"{label}: {factor * np.sqrt(np.mean(found.error**2)):.3g} {small}".removeprefix(": ")
    ax.set_title(name[:1].upper() + name[1:])
    many = any(pair.shape[1] >= FEWEST_FOR_DENSITY for pair in pairs.values())
    draw = _density if density and many else _scatter
    return draw(ax, pairs, texts, f"{name.partition(' (')[0]} ({unit})", shifted=quantity == "energy")


def _shift(pairs: Mapping[str, Any], shifted: bool) -> float:
    return float(np.mean(np.concatenate([pair[0] for pair in pairs.values()]))) if shifted else 0.0


def _scatter(
    ax: Any,
    pairs: Mapping[str, Any],
    texts: Mapping[str, str],
    label: str,
    *,
    shifted: bool,
    colors: Mapping[str, str] | None = None,
) -> Any:
    drawn = {name: pair for name, pair in pairs.items() if pair.size}
    if not drawn:
        ax.text(0.5, 0.5, "no labels", transform=ax.transAxes, ha="center", va="center", color="#6b7180")
        return _labels(ax, label, False)
    zero = _shift(drawn, shifted)
    few = max(pair.shape[1] for pair in drawn.values()) < 200
    for index, name in enumerate(pairs):
        if name in drawn:
            color = (colors or {}).get(name) or PALETTE[index % len(PALETTE)]
            ax.plot(*(drawn[name] - zero), "o", color=color, markersize=4.5 if few else 2.4,
                    alpha=0.75 if few else 0.45, markeredgewidth=0, label=texts[name], rasterized=not few)  # fmt: skip
    _frame(ax, np.concatenate(list(drawn.values()), axis=1) - zero)
    return _labels(ax, label, shifted)


def _density(ax: Any, pairs: Mapping[str, Any], texts: Mapping[str, str], label: str, *, shifted: bool) -> Any:
    from matplotlib.colors import LogNorm

    every = np.concatenate(list(pairs.values()), axis=1) - _shift(pairs, shifted)
    low, high = _ends(every)
    counts, x, y = np.histogram2d(every[0], every[1], bins=np.linspace(low, high, 101))
    shown = np.ma.masked_less(counts.T, 1.0)
    mesh = ax.pcolormesh(x, y, shown, norm=LogNorm(1.0, max(2.0, counts.max())), cmap="viridis_r", rasterized=True)
    ax.figure.colorbar(mesh, ax=ax, label="points", shrink=0.6)
    for name in pairs:
        ax.plot([], [], label=texts[name], linestyle="none")
    _frame(ax, every)
    return _labels(ax, label, shifted)


def _labels(ax: Any, label: str, shifted: bool) -> Any:
    if shifted:
        label = label.replace(" (", " − mean (")
    ax.set_xlabel(f"reference {label}")
    ax.set_ylabel(f"predicted {label}")
    return ax


def _ends(values: Any) -> tuple[float, float]:
    low, high = float(values.min()), float(values.max())
    margin = 0.05 * (high - low or 1.0)
    return low - margin, high + margin


def _frame(ax: Any, values: Any) -> None:
    """Give both axes one range with the diagonal, and the legend room above it."""
    ends = _ends(values)
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
