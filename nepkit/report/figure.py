"""The report as one image."""

from __future__ import annotations

from textwrap import fill
from typing import Any

from nepkit.plots.charges import plot_charges
from nepkit.plots.energy import plot_energy
from nepkit.plots.errors import plot_errors
from nepkit.plots.msd import plot_msd
from nepkit.plots.parity import QUANTITIES, plot_parity
from nepkit.plots.residuals import plot_residuals
from nepkit.plots.style import MODELS, new_figure, style
from nepkit.report.content import ChargeReport

GREY, DARK = "#6b7180", "#1d2433"


def parity_sets(report: ChargeReport) -> tuple[dict[str, Any], dict[str, str]]:
    """Return what is drawn in parity plots, by name, and the colours: both models on the frames that count."""
    chosen = report.parities[report.held_out]
    names = {model: MODELS[model][1] for model in ("frozen", "charges")}
    return {names[m]: chosen[m] for m in names}, {names[m]: MODELS[m][0] for m in names}


def report_figure(report: ChargeReport) -> Any:
    """Return the figure: a headline, then panels in rows of three.

    Parameters
    ----------
    report : ChargeReport
        Content.

    Returns
    -------
    matplotlib Figure
    """
    rows = 2 if report.trajectory is None else 3
    head, row_height = 1.2, 4.0
    figure = new_figure(13.0, head + rows * row_height)
    with style():
        top, body = figure.subfigures(2, 1, height_ratios=[head, rows * row_height])
        axes = body.subplots(rows, 3).ravel()
        figure.get_layout_engine().set(w_pad=0.12, h_pad=0.12)
        _headline(top, report)
        _panels(axes, report)
    return figure


def _panels(axes: Any, report: ChargeReport) -> None:
    sets, colors = parity_sets(report)
    for ax, quantity in zip(axes[:3], QUANTITIES, strict=True):
        plot_parity(sets, quantity, colors=colors, ax=ax)
        ax.set_title(f"{quantity.capitalize()}, {report.held_out} frames")
    plot_residuals(sets, "force", colors=colors, ax=axes[3])
    axes[3].set_title(f"Force errors, {report.held_out} frames")
    plot_errors(report.force_errors(), ax=axes[4])
    plot_charges(report.charges, ax=axes[5])
    if report.trajectory is not None and report.msd is not None:
        plot_msd(report.msd, ax=axes[6])
        plot_energy(report.trajectory, ax=axes[7])
        _numbers(axes[8], report)


def _headline(top: Any, report: ChargeReport) -> None:
    left = 0.012
    top.text(left, 0.88, report.title, fontsize=17, fontweight="bold", color=DARK, va="top")
    color = "#00694f" if report.fit.charges_help else "#9a5b00"
    top.text(left, 0.58, fill(report.verdict, 150), fontsize=11, color=color, va="top")
    counts = ", ".join(f"{data.frames} {name} frames ({data.atoms} atoms)" for name, data in report.data.items())
    line = f"{counts}; {report.fit.iterations} Gauss-Newton iterations, {report.fit.seconds['total']:.0f} s in all"
    top.text(left, 0.13, line, fontsize=9.5, color=GREY, va="top")


def _numbers(ax: Any, report: ChargeReport) -> None:
    """Write the charges with their error bars, and what the run did."""
    ax.set_axis_off()
    ax.set_title("Numbers")
    lines = [("charge (e)", "mean", "error", "start")]
    for element, row in report.fit.charges.items():
        lines.append((element, f"{row.mean:+.3f}", f"{row.error:.3f}", f"{row.start:+.2f}"))
    trajectory = report.trajectory
    assert trajectory is not None
    for number, cells in enumerate(lines):
        for x, cell, side in zip((0.0, 0.5, 0.75, 1.0), cells, ("left", "right", "right", "right"), strict=True):
            color = GREY if number == 0 else DARK
            ax.text(x, 0.95 - 0.075 * number, cell, transform=ax.transAxes, ha=side, va="top", color=color)
    drift, error = trajectory.drift()
    text = (
        f"MD with the corrected model: {len(trajectory.symbols)} atoms, {trajectory.time[-1]:.1f} ps at "
        f"constant energy, steps of {trajectory.timestep:g} fs, mean temperature "
        f"{trajectory.temperature[trajectory.nve].mean():.0f} K. Energy drift {drift:+.3f} ± {error:.3f} meV/atom/ps. "
        "A demonstration: far too short for a diffusion coefficient, and no proof of stability."
    )
    y = 0.9 - 0.075 * len(lines)
    ax.text(0.0, y, fill(text, 46), transform=ax.transAxes, va="top", color=DARK, linespacing=1.4)


def capital(sentence: str) -> str:
    """Return a sentence with a capital first letter; the rest stays as it is."""
    return sentence[:1].upper() + sentence[1:]
