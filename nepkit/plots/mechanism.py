"""How ions move: density and ways through it, jumps, van Hove's functions, radial distributions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from nepkit.plots.hydroxide import plot_lifetime
from nepkit.plots.style import ANGSTROM, PALETTE, new_figure, style, styled
from nepkit.transport.mechanism.density import Density
from nepkit.transport.mechanism.free_energy import Barrier, Way
from nepkit.transport.mechanism.jumps import Jumps
from nepkit.transport.mechanism.radial import Radial
from nepkit.transport.mechanism.van_hove import VanHove


@styled
def plot_density(result: Density, *, axis: int = 2, ax: Any = None) -> Any:
    """Draw a density summed along one cell vector, in the true shape of the cell's face.

    Parameters
    ----------
    result : Density
        From `nepkit.transport.mechanism.density`.
    axis : int
        Cell vector that is looked along.
    ax : matplotlib Axes, optional
        Where to draw; new axes when left out.

    Returns
    -------
    matplotlib Axes
    """
    one, two = ((1, 2), (0, 2), (0, 1))[axis]
    summed = result.values.sum(axis=axis) * np.linalg.norm(result.structure.cell[axis]) / result.shape[axis]
    lengths, angle = result.structure.cell.lengths(), np.radians(result.structure.cell.angles()[axis])
    first, second = (np.linspace(0.0, 1.0, size + 1) for size in summed.shape)
    u, v = np.meshgrid(first, second, indexing="ij")
    x = u * lengths[one] + v * lengths[two] * np.cos(angle)
    y = v * lengths[two] * np.sin(angle)
    drawn = ax.pcolormesh(x, y, summed, cmap="magma_r", rasterized=True)
    ax.figure.colorbar(drawn, ax=ax, label=f"ions per {ANGSTROM}²", shrink=0.85)
    ax.set_aspect("equal")
    ax.grid(False)
    ax.set_xlabel(f"along {'abc'[one]} ({ANGSTROM})")
    ax.set_ylabel(f"across it ({ANGSTROM})")
    return ax


@styled
def plot_way(result: Way, saddle: Barrier | None = None, *, ax: Any = None) -> Any:
    """Draw the free energy along the way through a density.

    Parameters
    ----------
    result : Way
        From `nepkit.transport.mechanism.free_energy`.
    saddle : Barrier, optional
        Its energy is shown with its error.
    ax : matplotlib Axes, optional
        Where to draw; new axes when left out.

    Returns
    -------
    matplotlib Axes
    """
    ax.plot(result.distance, result.energy, "o-", markersize=2.5, color=PALETTE[0])
    if saddle is not None:
        energy = saddle.energy
        label = f"saddle {energy.value:.3f} ± {energy.error:.3f} eV"
        ax.axhline(energy.value, color=PALETTE[1], linestyle="--", linewidth=1.0)
        ax.set_title(label)
        if np.isfinite(energy.error):
            ax.axhspan(energy.value - energy.error, energy.value + energy.error, color=PALETTE[1], alpha=0.15,
                       linewidth=0)  # fmt: skip
    ax.set_xlim(0.0, float(result.distance[-1]))
    ax.set_ylim(bottom=0.0)
    ax.set_xlabel(f"distance along the way ({ANGSTROM})")
    ax.set_ylabel("free energy (eV)")
    return ax


def figure_density(result: Density, way: Way | None, saddle: Barrier | None) -> Any:
    """Return a figure of a density and, where there is one, the way through it."""
    figure = new_figure(9.2 if way else 4.6, 3.6)
    with style():
        axes = figure.subplots(1, 2 if way else 1, squeeze=False)[0]
        plot_density(result, ax=axes[0])
        if way is not None:
            plot_way(way, saddle, ax=axes[1])
    return figure


@styled
def plot_jumps(result: Jumps, *, most: int = 8, ax: Any = None) -> Any:
    """Draw the rates of jumps by kinds of sites, with errors and mean lengths.

    Parameters
    ----------
    result : Jumps
        From `nepkit.transport.mechanism.jumps`.
    most : int
        How many pairs of kinds, the most frequent first.
    ax : matplotlib Axes, optional
        Where to draw; new axes when left out.

    Returns
    -------
    matplotlib Axes
    """
    pairs = result.pairs[:most][::-1]
    places = np.arange(len(pairs))
    values = np.array([pair.rate.value for pair in pairs])
    ends = np.abs([[pair.rate.low, pair.rate.high] for pair in pairs] - values[:, None]).T
    ax.errorbar(values, places, xerr=ends, fmt="o", color=PALETTE[0], markersize=4, capsize=2)
    ax.set_yticks(places, [f"{pair.origin} → {pair.target}\n{pair.length:.2f} {ANGSTROM}" for pair in pairs])
    ax.set_ylim(-0.6, len(pairs) - 0.4)
    ax.set_xlabel("jumps per ion there (1/ps), 95 % interval")
    if values.min() > 0.0 and values.max() > 20.0 * values.min():
        ax.set_xscale("log")
    else:
        ax.set_xlim(left=0.0)
    return ax


@styled
def plot_lengths(result: Jumps, *, ax: Any = None) -> Any:
    """Draw the distribution of the lengths of jumps.

    Parameters
    ----------
    result : Jumps
        From `nepkit.transport.mechanism.jumps`.
    ax : matplotlib Axes, optional
        Where to draw; new axes when left out.

    Returns
    -------
    matplotlib Axes
    """
    lengths = result.events.length
    ax.hist(lengths, bins=np.arange(0.0, lengths.max() + 0.6, 0.1), color=PALETTE[0], alpha=0.85)
    ax.set_xlabel(f"length of a jump ({ANGSTROM})")
    ax.set_ylabel("jumps")
    return ax


def figure_jumps(result: Jumps) -> Any:
    """Return a figure of rates and lengths of jumps, and of residence at the kind of sites with most jumps."""
    figure = new_figure(12.6, 3.6)
    kind = result.pairs[0].origin
    with style():
        axes = figure.subplots(1, 3)
        plot_jumps(result, ax=axes[0])
        plot_lengths(result, ax=axes[1])
        plot_lifetime(result.residence[kind], what=f"the ion (at {kind})", ax=axes[2])
    return figure


@styled
def plot_van_hove(result: VanHove, *, distinct: bool = False, ax: Any = None) -> Any:
    """Draw the self or the distinct part of van Hove's function at all lags, with errors.

    Parameters
    ----------
    result : VanHove
        From `nepkit.transport.mechanism.van_hove`.
    distinct : bool
        Which part.
    ax : matplotlib Axes, optional
        Where to draw; new axes when left out.

    Returns
    -------
    matplotlib Axes
    """
    values, errors = (result.distinct, result.distinct_error) if distinct else (result.self_part, result.self_error)
    for color, time, value, error in zip(PALETTE, result.time, values, errors, strict=False):
        ax.plot(result.distance, value, color=color, label=f"{time:.3g} ps")
        ax.fill_between(result.distance, value - error, value + error, color=color, alpha=0.25, linewidth=0)
    ax.set_xlim(0.0, float(result.edges[-1]))
    ax.set_ylim(bottom=0.0)
    ax.set_xlabel(f"r ({ANGSTROM})")
    ax.set_ylabel("distinct part / mean density" if distinct else f"4πr² G_self (1/{ANGSTROM})")
    ax.legend(loc="best", title=result.element)
    return ax


def figure_van_hove(result: VanHove) -> Any:
    """Return a figure of the self part and, where there is one, the distinct part."""
    both = len(result.distinct) > 0
    figure = new_figure(9.2 if both else 4.6, 3.6)
    with style():
        axes = figure.subplots(1, 2 if both else 1, squeeze=False)[0]
        plot_van_hove(result, ax=axes[0])
        if both:
            plot_van_hove(result, distinct=True, ax=axes[1])
    return figure


@styled
def plot_radial(results: Sequence[Radial], *, coordination: bool = False, ax: Any = None) -> Any:
    """Draw radial distribution functions or the numbers of neighbours, with errors and the ends of first shells.

    Parameters
    ----------
    results : sequence of Radial
        From `nepkit.transport.mechanism.radial`; eight are drawn at most.
    coordination : bool
        Numbers of neighbours instead.
    ax : matplotlib Axes, optional
        Where to draw; new axes when left out.

    Returns
    -------
    matplotlib Axes
    """
    for color, one in zip(PALETTE, results, strict=False):
        x, value, error = (
            (one.edges[1:], one.number, one.number_error) if coordination else (one.distance, one.g, one.g_error)
        )
        ax.plot(x, value, color=color, label="–".join(one.pair))
        ax.fill_between(x, value - error, value + error, color=color, alpha=0.25, linewidth=0)
        if coordination and one.coordination:
            ax.plot(one.shell, one.coordination.value, "o", color=color, markersize=4)
            ax.annotate(f"{one.coordination.value:.2f}", (one.shell, one.coordination.value), xytext=(4, -9),
                        textcoords="offset points", color=color, fontsize="small")  # fmt: skip
    if coordination:
        shells = [one.coordination.value for one in results[: len(PALETTE)] if one.coordination]
        ax.set_ylim(0.0, 2.0 * max(shells) if shells else None)
    else:
        ax.axhline(1.0, color="#8a8f98", linewidth=0.6)
        ax.set_ylim(bottom=0.0)
    ax.set_xlim(0.0, float(results[0].edges[-1]))
    ax.set_xlabel(f"r ({ANGSTROM})")
    ax.set_ylabel("neighbours within r" if coordination else "g(r)")
    ax.legend(loc="best")
    return ax


def figure_radial(results: Sequence[Radial]) -> Any:
    """Return a figure of radial distribution functions and numbers of neighbours."""
    figure = new_figure(9.2, 3.6)
    with style():
        axes = figure.subplots(1, 2)
        plot_radial(results, ax=axes[0])
        plot_radial(results, coordination=True, ax=axes[1])
    return figure
