"""Displacements with their fits, and coefficients against inverse temperature."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from nepkit.plots.style import ANGSTROM, element_colors, styled
from nepkit.transport import Arrhenius, Diffusion, Displacements
from nepkit.transport.convergence import Stage


@styled
def plot_displacements(curves: Displacements, fits: Mapping[str, Diffusion] | None = None, *, ax: Any = None) -> Any:
    """Draw mean squared displacements, with the lines fitted to them and the windows of the fits.

    Parameters
    ----------
    curves : Displacements
        From `nepkit.transport.msd`.
    fits : mapping of str to Diffusion, optional
        By label.
    ax : matplotlib Axes, optional
        Where to draw; new axes when left out.

    Returns
    -------
    matplotlib Axes
    """
    colors = element_colors(list(curves.tensor))
    for label in curves.tensor:
        ax.plot(curves.time, curves.total(label), color=colors[label], label=label)
    for label, fit in (fits or {}).items():
        start, stop = fit.window
        ax.axvspan(start, stop, color=colors[label], alpha=0.08, linewidth=0)
        ends = [fit.offset + fit.slope * time for time in (start, stop)]
        ax.plot((start, stop), ends, color="#33384a", linestyle="--", linewidth=1.0, label=f"D({label}) = {fit.D}")
    ax.set_xlim(0.0, float(curves.time[-1]))
    ax.set_ylim(bottom=0.0)
    ax.set_xlabel("lag time (ps)")
    ax.set_ylabel(f"MSD ({ANGSTROM}²)")
    ax.legend(loc="upper left")
    return ax


@styled
def plot_arrhenius(result: Arrhenius, *, quantity: str = "σ", ax: Any = None) -> Any:
    """Draw a coefficient against inverse temperature with the best model, its band and the extrapolated value.

    Parameters
    ----------
    result : Arrhenius
        From `nepkit.transport.arrhenius`.
    quantity : str
        Symbol of the coefficient.
    ax : matplotlib Axes, optional
        Where to draw; new axes when left out.

    Returns
    -------
    matplotlib Axes
    """
    best = result.best
    inverse = 1000.0 / best.band[:, 0]
    ax.fill_between(inverse, best.band[:, 2], best.band[:, 3], alpha=0.2, linewidth=0, label="95 % interval")
    ax.plot(inverse, best.band[:, 1], label=best.model)
    ax.errorbar(
        1000.0 / result.temperature, result.value, yerr=result.error, fmt="o", color="#33384a", markersize=4, capsize=2
    )
    target = best.target
    ax.errorbar(
        inverse[0] if best.band[0, 0] < result.temperature[0] else inverse[-1],
        target.value,
        yerr=[[target.value - target.low], [target.high - target.value]],
        fmt="s",
        markersize=4,
        capsize=2,
        color="#d55e00",
        label=f"{target.value:.3g} {target.unit}",
    )
    ax.set_yscale("log")
    ax.set_xlabel("1000 / T (1/K)")
    ax.set_ylabel(f"{quantity} ({result.unit})")
    ax.legend(loc="best")
    return ax


@styled
def plot_convergence(stages: Mapping[str, Sequence[Stage]], *, ax: Any = None) -> Any:
    """Draw diffusion coefficients of growing parts of a run with their 95 % intervals.

    Parameters
    ----------
    stages : mapping of str to sequence of Stage
        By ion, from `nepkit.transport.convergence`.
    ax : matplotlib Axes, optional
        Where to draw; new axes when left out.

    Returns
    -------
    matplotlib Axes
    """
    colors = element_colors(list(stages))
    for ion, parts in stages.items():
        told = [(stage.duration, stage.found.D) for stage in parts if stage.found]
        time, found = [duration for duration, _ in told], [d for _, d in told]
        ax.errorbar(
            time, [d.value for d in found],
            yerr=[[d.value - d.low for d in found], [d.high - d.value for d in found]],
            fmt="o-", markersize=4, capsize=2, color=colors[ion], label=ion,
        )  # fmt: skip
    ax.set_xlim(left=0.0)
    ax.set_xlabel("length of the run (ps)")
    ax.set_ylabel("D (cm²/s)")
    ax.legend(loc="best")
    return ax
