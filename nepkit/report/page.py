"""The report as one HTML file: style and plots are inside, so that it opens anywhere without a network."""

from __future__ import annotations

import base64
from collections.abc import Collection, Iterable, Sequence
from html import escape
from pathlib import Path
from string import Template
from typing import Any

from nepkit import __version__
from nepkit.plots.charges import plot_charges
from nepkit.plots.energy import plot_energy
from nepkit.plots.errors import plot_errors
from nepkit.plots.msd import plot_msd
from nepkit.plots.parity import QUANTITIES, plot_parity
from nepkit.plots.residuals import plot_residuals
from nepkit.plots.style import new_figure, style, svg
from nepkit.report.content import STAGES, ChargeReport
from nepkit.report.figure import capital, parity_sets

TEMPLATE = Path(__file__).with_name("template.html")
DASH, MINUS = "–", "−"
LONG = ' class="long"'  # a card with more text than fits in large letters


def report_page(report: ChargeReport) -> str:
    """Return the HTML text of a report.

    Parameters
    ----------
    report : ChargeReport
        Content.
    """
    parts = [_cards(report), _errors(report), _parity(report), _charges(report)]
    if report.trajectory is not None and report.msd is not None:
        parts.append(_dynamics(report))
    parts += [_next_steps(report), _facts(report)]
    counts = "; ".join(f"{d.frames} {name} frames with {d.atoms} atoms" for name, d in report.data.items())
    return Template(TEMPLATE.read_text(encoding="utf-8")).substitute(
        title=escape(report.title),
        subtitle=escape(f"Charges fitted atop a frozen NEP by Gauss-Newton. {counts}."),
        tone="good" if report.fit.charges_help else "care",
        verdict=escape(report.verdict),
        body="\n".join(parts),
        footer=f"Made by nepkit {escape(__version__)}. This file holds everything it shows.",
    )


def number(value: float | None, digits: int = 1) -> str:
    """Return a number as text, with a real minus, or a dash where there is none.

    Examples
    --------
    >>> number(-0.25, 2), number(None)
    ('−0.25', '–')
    """
    return DASH if value is None or value != value else f"{value:.{digits}f}".replace("-", MINUS)


def signed(value: float, digits: int) -> str:
    """Return a number as text with its sign, also where it is positive."""
    return ("+" if value >= 0.0 else "") + number(value, digits)


def table(
    columns: Sequence[str], rows: Iterable[Sequence[str]], marks: Sequence[str] = (), left: int | Collection[int] = 1
) -> str:
    """Return an HTML table of words and numbers; ``marks`` are classes of rows.

    ``left`` is how many columns at the left are words, or the places of all that are.
    """
    words = range(left) if isinstance(left, int) else left
    rows = list(rows)

    def line(cells: Sequence[str], tag: str, mark: str) -> str:
        kinds = ["" if index in words else ' class="n"' for index in range(len(cells))]
        inside = "".join(f"<{tag}{kind}>{escape(cell)}</{tag}>" for kind, cell in zip(kinds, cells, strict=True))
        return f'<tr class="{mark}">{inside}</tr>' if mark else f"<tr>{inside}</tr>"

    body = [line(row, "td", mark) for row, mark in zip(rows, marks or [""] * len(rows), strict=True)]
    return f'<div class="scroll"><table>{line(columns, "th", "")}{"".join(body)}</table></div>'


def image(axes: Any, alt: str) -> str:
    """Return a figure element with the plot inside; ``alt`` says what it shows to those who do not see it."""
    data = base64.b64encode(svg(axes)).decode("ascii")
    return f'<figure><img src="data:image/svg+xml;base64,{data}" alt="{escape(alt)}"></figure>'


def _cards(report: ChargeReport) -> str:
    errors = {(name, stage): row for name, stage, row in report.errors()}
    best, readout = errors[report.held_out, "charges"], errors[report.held_out, "readout"]
    charges = "  ".join(f"{element}\u00a0{signed(row.mean, 2)}" for element, row in report.fit.charges.items())
    cards = [
        (
            f"{number(best['force_mev_a'])} meV/Å",
            f"force RMSE on {report.held_out} frames (readout refit {number(readout['force_mev_a'])})",
        ),
        (
            f"{number(best['energy_mev_atom'])} meV/atom",
            f"energy RMSE on {report.held_out} frames (readout refit {number(readout['energy_mev_atom'])})",
        ),
        (charges, "mean charges, e"),
        (f"{report.fit.seconds['total']:.0f} s", f"for the whole fit, {report.fit.iterations} Gauss-Newton iterations"),
    ]
    inside = "".join(
        f'<div class="card"><b{LONG * (len(big) > 15)}>{escape(big)}</b><span>{escape(small)}</span></div>'
        for big, small in cards
    )
    return f'<div class="cards">{inside}</div>'


def _errors(report: ChargeReport) -> str:
    rows: list[list[str]] = []
    marks: list[str] = []
    for name, stage, row in report.errors():
        cells = [number(row[key]) for key in ("energy_mev_atom", "force_mev_a", "virial_mev_atom")]
        rows.append([name, STAGES[stage], *cells])
        marks.append(" ".join(["strong"] * (stage == "charges") + ["first"] * (stage == "frozen" and len(marks) > 0)))
    columns = ["frames", "model", "energy (meV/atom)", "force (meV/Å)", "virial (meV/atom)"]
    bars = image(plot_errors(report.force_errors()), "Bars of the force error by model")
    return section(
        "Errors",
        "Root mean square errors. Frozen NEP: as it was, with new constant energies of the elements. Readout refit: "
        "its last layer solved again on these frames, the fair comparison. With charges: readout and charges together.",
        f'<div class="beside"><div>{table(columns, rows, marks, left=2)}{_range(report)}</div>{bars}</div>',
    )


def _range(report: ChargeReport) -> str:
    found = report.fit.range
    if found is None:
        return ""
    steps = (found.readout, found.short_range_charges, found.screened, found.full)
    values = [number(part.force_mev_a) for part in steps]
    return (
        f"<p><b>Is it the long range?</b> Force error on {escape(found.frames)} frames: {values[0]} meV/Å without "
        f"charges, {values[1]} with charges whose interaction ends at the NEP's cutoff, {values[2]} at twice that, "
        f"{values[3]} with the full periodic sum. The first step is flexibility, the second what a longer cutoff would "
        "bring as well; only the last is long range.</p>"
    )


def _parity(report: ChargeReport) -> str:
    sets, colors = parity_sets(report)
    parts = []
    for quantity in QUANTITIES:
        axes = plot_parity(sets, quantity, colors=colors, ax=new_axes(4.6, 4.3))
        parts.append(image(axes, f"{quantity} of the models against the reference"))
    residuals = plot_residuals(sets, "force", colors=colors, ax=new_axes(4.6, 4.3))
    parts.append(image(residuals, "Histogram of the force errors"))
    return section(
        "Prediction against reference",
        f"{capital(report.held_out)} frames"
        + (", which the fit has not seen." if report.held_out == "test" else "; no test frames were given."),
        f'<div class="plots">{"".join(parts)}</div>',
    )


def new_axes(width: float, height: float) -> Any:
    """Return axes of a figure of this size, inches."""
    with style():
        return new_figure(width, height).add_subplot()


def _charges(report: ChargeReport) -> str:
    rows = [
        [element, signed(row.mean, 3), number(row.error, 3), number(row.std, 3), signed(row.start, 2)]
        for element, row in report.fit.charges.items()
    ]
    elements = table(["element", "mean (e)", "error", "spread", "start"], rows)
    shells = [
        [row.element, row.environment, str(row.count), signed(row.mean, 3), number(row.std, 3)]
        for row in report.charges.by_environment(least=0.04)
    ]
    environments = table(["element", "first shell", "atoms", "mean (e)", "spread"], shells, left=2)
    plot = image(plot_charges(report.charges), "Histogram of the charges by element")
    return section(
        "Charges",
        "Every atom's charge follows its environment. The error is that of the mean, from a jackknife over groups of "
        "frames; the spread is the standard deviation over atoms. These are the charges that give the best forces, not "
        "those of a population analysis.",
        f'<div class="beside"><div>{elements}{plot}</div><div><p class="soft">By the ions of the other sign in the '
        f"first shell, {report.held_out} frames</p>{environments}</div></div>",
    )


def _dynamics(report: ChargeReport) -> str:
    run = report.trajectory
    assert run is not None
    assert report.msd is not None
    drift, error = run.drift()
    temperature = run.temperature[run.nve]
    text = (
        f"{len(run.symbols)} atoms, steps of {run.timestep:g} fs: {-run.time[0]:.1f} ps under a thermostat at "
        f"{run.target:.0f} K, then {run.time[-1]:.1f} ps at constant energy, where the temperature was "
        f"{temperature.mean():.0f} ± {temperature.std():.0f} K and the total energy drifted by "
        f"{signed(drift, 3)} ± {number(error, 3)} meV/atom/ps. "
        "This shows that the exported file runs; it is far too short for a diffusion coefficient, and no proof of "
        "stability."
    )
    plots = image(plot_msd(report.msd), "Mean squared displacement by element") + image(
        plot_energy(run), "Total energy and temperature against time"
    )
    return section("A short run with the corrected model", text, f'<div class="plots">{plots}</div>')


def _next_steps(report: ChargeReport) -> str:
    steps = "".join(f"<p>{escape(text)}</p><pre>{escape(command)}</pre>" for text, command in report.next_steps)
    return section("What next", "", steps) if steps else ""


def _facts(report: ChargeReport) -> str:
    fit = report.fit
    facts = list(report.facts)
    for name, data in report.data.items():
        formulas = ", ".join(f"{count} x {formula}" for formula, count in data.formulas.items())
        from_runs = f" from {data.trajectories} trajectories" if data.trajectories else ""
        facts.append((
            f"{name} frames",
            f"{data.frames}{from_runs} ({formulas}); energies on {data.energies}, forces on {data.forces}, virials on "
            f"{data.virials}; force rms {data.force_rms:.2f} eV/Å",
        ))  # fmt: skip
    chosen = "chosen by cross-validation" if fit.ridge_chosen else "given"
    facts += [
        ("charge mode", f"{fit.potential.mode}; sqrt_epsilon_inf {fit.potential.sqrt_epsilon_inf:.4g}"),
        ("ridge", f"charges {fit.ridge.charges:.0e}, readout {fit.ridge.readout:.0e}, {chosen}"),
        ("parameters", f"{fit.parameters}, of which the data fix {fit.rank}; condition {fit.condition:.1e}"),
        ("converged", "yes" if fit.converged else "no: the limit of iterations was reached"),
    ]
    rows = "".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in facts)
    notes = "".join(f"<li>{escape(capital(note))}.</li>" for note in fit.notes)
    return section("How it was made", "", f"<dl>{rows}</dl>" + (f"<ul>{notes}</ul>" if notes else ""))


def section(title: str, text: str, body: str) -> str:
    """Return a part of the page under a heading, with a sentence on it."""
    """Return a part of a page under a heading."""
    lead = f'<p class="soft">{escape(text)}</p>' if text else ""
    return f"<section><h2>{escape(title)}</h2>{lead}{body}</section>"
