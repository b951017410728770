"""One page on the transport of a run, or of runs at several temperatures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from string import Template
from textwrap import wrap
from typing import Any

from nepkit import __version__
from nepkit.core.atomic import atomic_path
from nepkit.plots.style import SUFFIXES, new_figure, save_image, style
from nepkit.plots.transport import plot_arrhenius, plot_convergence, plot_displacements
from nepkit.report.page import TEMPLATE, image, table
from nepkit.report.write import check_report
from nepkit.transport import Arrhenius, Conductivity, Diffusion, Quantity
from nepkit.transport.convergence import Stage
from nepkit.transport.record import Source


@dataclass(frozen=True)
class RunTransport:
    """What one run tells.

    Parameters
    ----------
    source : Source
        The run.
    temperature, volume : float
        K and A^3.
    ions : dict of str to Diffusion
        By element.
    conductivity : Conductivity
        Of all ions.
    stages : dict of str to tuple of Stage
        Convergence with the length of the run, by element; empty without a trajectory.
    """

    source: Source
    temperature: float
    volume: float
    ions: dict[str, Diffusion]
    conductivity: Conductivity
    stages: dict[str, tuple[Stage, ...]]


@dataclass(frozen=True)
class TransportReport:
    """Runs and, where there are two temperatures at least, activation energies.

    Parameters
    ----------
    title : str
        Heading.
    runs : tuple of RunTransport
        By temperature.
    arrhenius : Arrhenius or None
        Of the conductivity of independent ions.
    """

    title: str
    runs: tuple[RunTransport, ...]
    arrhenius: Arrhenius | None

    @property
    def notes(self) -> tuple[str, ...]:
        """What the user should know, each once."""
        # What holds for several runs is said once.
        found = [note.removeprefix(f"{run.source.name}: ") for run in self.runs for note in run.source.notes]
        found += [note for run in self.runs for fit in run.ions.values() for note in fit.notes]
        found += list(self.arrhenius.notes) if self.arrhenius else []
        return tuple(dict.fromkeys(found))

    @property
    def headline(self) -> str:
        """The main result as a sentence."""
        last = self.runs[-1]
        if self.arrhenius is not None:
            best = self.arrhenius.best
            energy = f", Ea = {shown(best.parameters['Ea'])}" if "Ea" in best.parameters else ""
            target = best.target
            return f"Conductivity extrapolated by the {best.model}: {shown(target)} ({interval(target)}){energy}."
        quoted = last.conductivity.collective or last.conductivity.nernst_einstein
        haven = last.conductivity.haven
        ratio = f"; Haven ratio {shown(haven)}" if haven else "; no collective conductivity without a trajectory"
        return f"Conductivity at {last.temperature:.0f} K: {shown(quoted)}{ratio}."


def shown(quantity: Quantity | None) -> str:
    """Return a quantity as text, a dash where there is none."""
    return "–" if quantity is None else str(quantity)


def interval(quantity: Quantity) -> str:
    """Return the 95 % interval as text."""
    return f"95 %: {quantity.low:.3g} to {quantity.high:.3g}"


def rows_of_runs(report: TransportReport) -> list[list[str]]:
    """Return a row for every run and ion."""
    return [
        [f"{run.temperature:.0f} K", ion, shown(fit.D), f"{fit.window[0]:.3g} to {fit.window[1]:.3g} ps",
         "independent ions" if fit.trusted == "model" else "blocks of time", shown(run.conductivity.nernst_einstein),
         shown(run.conductivity.collective), shown(run.conductivity.haven)]
        for run in report.runs for ion, fit in run.ions.items()
    ]  # fmt: skip


COLUMNS = ("T", "ion", "D", "fitted from", "error from", "σ, independent ions", "σ, collective", "Haven ratio")


def _panels(report: TransportReport) -> list[tuple[str, Any]]:
    """Return what is drawn: a title, and a function of axes."""
    last = report.runs[-1]
    curves, title = last.source.curves, f"Displacements at {last.temperature:.0f} K"
    panels: list[tuple[str, Any]] = [(title, lambda ax: plot_displacements(curves, last.ions, ax=ax))]
    if last.stages:
        panels.append(("With the length of the run", lambda ax: plot_convergence(last.stages, ax=ax)))
    if report.arrhenius is not None:
        found = report.arrhenius
        panels.append(("Against temperature", lambda ax: plot_arrhenius(found, quantity="σ", ax=ax)))
    return panels


def transport_page(report: TransportReport) -> str:
    """Return the report as the text of one HTML file."""
    figures = []
    for title, draw in _panels(report):
        axes = new_figure(5.4, 3.8).add_subplot()
        with style():
            draw(axes)
        figures.append(f"<div><h2>{escape(title)}</h2>{image(axes, title)}</div>")
    body = f"<section><h2>Results</h2>{table(COLUMNS, rows_of_runs(report), left=2)}</section>"
    body += f'<section><div class="plots">{"".join(figures)}</div></section>'
    if report.arrhenius is not None:
        rows = [
            [fit.model, ", ".join(f"{name} {shown(part)}" for name, part in fit.parameters.items()), shown(fit.target),
             interval(fit.target), f"{fit.aicc:.1f}" if fit.aicc < 1e9 else "too few temperatures"]
            for fit in report.arrhenius.fits
        ]  # fmt: skip
        columns = ("model", "parameters", "extrapolated", "interval", "AICc")
        body += f"<section><h2>Models of the temperature dependence</h2>{table(columns, rows, left=2)}</section>"
    if report.notes:
        items = "".join(f"<li>{escape(note)}</li>" for note in report.notes)
        body += f"<section><h2>Notes</h2><ul>{items}</ul></section>"
    names = ", ".join(run.source.name for run in report.runs)
    return Template(TEMPLATE.read_text(encoding="utf-8")).substitute(
        title=escape(report.title), subtitle=escape(names), tone="care" if report.notes else "good",
        verdict=escape(report.headline), body=body,
        footer=f"Made by nepkit {escape(__version__)}. Errors are one standard error. This file holds all it shows.",
    )  # fmt: skip


def transport_figure(report: TransportReport) -> Any:
    """Return the report as one image: headline, results and plots."""
    panels, rows = _panels(report), rows_of_runs(report)
    text = [report.headline, ""] + [
        f"{row[0]}  {row[1]}: D = {row[2]} ({row[3]}, {row[4]});  σ = {row[5]}, collective {row[6]}, Haven {row[7]}"
        for row in rows
    ]
    width = 5.2 * max(2, len(panels))
    text += [line for note in report.notes for line in wrap(f"Note: {note}", int(14 * width))]
    lines = len(text) + 3
    figure = new_figure(width, 4.2 + 0.19 * lines)
    with style():
        top, body = figure.subfigures(2, 1, height_ratios=[0.19 * lines, 4.2])
        top.text(0.012, 0.96, report.title, fontsize=15, fontweight="bold", va="top")
        top.text(0.012, 0.96 - 2.2 / lines, "\n".join(text), fontsize=8.5, va="top", linespacing=1.5)
        axes = body.subplots(1, len(panels), squeeze=False)[0]
        for ax, (title, draw) in zip(axes, panels, strict=True):
            draw(ax)
            ax.set_title(title)
    return figure


def write_transport_report(report: TransportReport, path: Path, *, overwrite: bool = False) -> None:
    """Write a report as a page (html) or an image (png, pdf, svg), whole or not at all."""
    check_report(path, overwrite)
    if path.suffix.lower() in SUFFIXES:
        save_image(transport_figure(report), path, overwrite=overwrite)
        return
    with atomic_path(path, overwrite=overwrite) as temporary:
        temporary.write_text(transport_page(report), encoding="utf-8")


def runs_by_temperature(runs: Sequence[RunTransport]) -> tuple[RunTransport, ...]:
    """Return runs, the coldest first."""
    return tuple(sorted(runs, key=lambda run: run.temperature))
