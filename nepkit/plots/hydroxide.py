"""Ions in water: parts of their motion, how long they stay, and the network of hydrogen bonds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from nepkit.plots.style import ANGSTROM, PALETTE, new_figure, style, styled
from nepkit.transport.hydroxide.analysis import Hydroxide
from nepkit.transport.hydroxide.hbonds import HydrogenBonds
from nepkit.transport.hydroxide.split import Split
from nepkit.transport.mechanism.survival import Survival

NAMES = {"total": "total", "vehicular": "carried by water", "structural": "hops", "cross": "cross term"}


@styled
def plot_split(result: Split, *, ax: Any = None) -> Any:
    """Draw the mean squared displacement of ions and its parts, with errors.

    Parameters
    ----------
    result : Split
        From `nepkit.transport.hydroxide.split`.
    ax : matplotlib Axes, optional
        Where to draw; new axes when left out.

    Returns
    -------
    matplotlib Axes
    """
    colors = ("#33384a", *PALETTE)
    for color, (part, values) in zip(colors, result.values.items(), strict=False):
        label = NAMES[part]
        if part in result.D:
            quantity = result.D[part]
            label += f": {1e5 * quantity.value:.2f} ± {1e5 * quantity.error:.2f}"
        ax.errorbar(result.time, values, yerr=result.errors[part], fmt="o-", markersize=2.5, capsize=1.5,
                    linewidth=1.0, color=color, label=label)  # fmt: skip
    ax.axhline(0.0, color="#8a8f98", linewidth=0.6)
    ax.set_xlabel("lag time (ps)")
    ax.set_ylabel(f"MSD of the ions ({ANGSTROM}²)")
    ax.legend(loc="upper left", title="D (10⁻⁵ cm²/s)" if result.D else None)
    return ax


@styled
def plot_lifetime(result: Survival, *, what: str = "", ax: Any = None) -> Any:
    """Draw the population correlation functions with their errors and times.

    Parameters
    ----------
    result : Survival
        From `nepkit.transport.mechanism.survival`.
    what : str
        What is there, for the axis.
    ax : matplotlib Axes, optional
        Where to draw; new axes when left out.

    Returns
    -------
    matplotlib Axes
    """
    curves = (
        ("whatever happened in between", result.intermittent, result.intermittent_error, result.exchange),
        ("without a break", result.continuous, result.continuous_error, result.lifetime),
    )
    for color, (name, values, errors, time) in zip(PALETTE, curves, strict=False):
        label = name if time is None else f"{name}, {time.value:.3g} ± {time.error:.1g} ps"
        ax.plot(result.time, values, color=color, label=label)
        ax.fill_between(result.time, values - errors, values + errors, color=color, alpha=0.2, linewidth=0)
    if result.background > 0.0:
        ax.axhline(result.background, color="#8a8f98", linewidth=0.8, linestyle=":", label="by chance")
    ax.set_xlim(0.0, float(result.time[-1]))
    ax.set_ylim(0.0, 1.02)
    ax.set_xlabel("lag time (ps)")
    ax.set_ylabel(f"probability that {what} is there" if what else "probability")
    ax.legend(loc="best")
    return ax


@styled
def plot_transfer(result: Hydroxide, *, ax: Any = None) -> Any:
    """Draw the distribution of the transfer coordinate of the ions.

    Parameters
    ----------
    result : Hydroxide
        From `nepkit.transport.hydroxide.analysis`.
    ax : matplotlib Axes, optional
        Where to draw; new axes when left out.

    Returns
    -------
    matplotlib Axes
    """
    delta = result.surroundings.delta
    ax.hist(delta, bins=min(60, max(10, int(len(delta) ** 0.5))), density=True, color=PALETTE[0], alpha=0.8)
    ax.set_xlim(left=0.0)
    ax.set_xlabel(f"transfer coordinate r(acceptor–H) − r(donor–H) ({ANGSTROM})")
    ax.set_ylabel(f"density (1/{ANGSTROM})")
    return ax


@styled
def plot_network(results: Sequence[HydrogenBonds], *, ax: Any = None) -> Any:
    """Draw how the network of hydrogen bonds percolates with more water per ion.

    Parameters
    ----------
    results : sequence of HydrogenBonds
        One per water content, from `nepkit.transport.hydroxide.hbonds`.
    ax : matplotlib Axes, optional
        Where to draw; new axes when left out.

    Returns
    -------
    matplotlib Axes
    """
    ordered = sorted(results, key=lambda part: part.hydration)
    water = [part.hydration for part in ordered]
    chances = [part.network.probability() for part in ordered]
    value = np.array([chance.value for chance in chances])
    ends = np.abs([[chance.low, chance.high] for chance in chances] - value[:, None]).T
    ax.errorbar(water, value, yerr=ends, fmt="o-", markersize=4, capsize=2, color=PALETTE[0],
                label="percolates, 95 % interval")  # fmt: skip
    largest = [part.network.largest.mean() for part in ordered]
    spread = [part.network.largest.std() for part in ordered]
    ax.errorbar(water, largest, yerr=spread, fmt="s--", markersize=4, capsize=2, color=PALETTE[1],
                label="share in the largest cluster, spread")  # fmt: skip
    ax.set_ylim(-0.03, 1.05)
    ax.set_xlabel("water molecules per ion")
    ax.set_ylabel("probability, share")
    ax.legend(loc="best")
    return ax


def figure_hydroxide(result: Hydroxide) -> Any:
    """Return a figure of the parts of the motion, the residence at oxygens and the transfer coordinate."""
    figure = new_figure(12.6, 3.6)
    with style():
        axes = figure.subplots(1, 3)
        plot_split(result.split, ax=axes[0])
        plot_lifetime(result.residence, what="the ion", ax=axes[1])
        plot_transfer(result, ax=axes[2])
    return figure
