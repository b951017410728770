"""A data set on one page: what it consists of, how it is distributed, what looks wrong."""

from __future__ import annotations

from html import escape
from pathlib import Path
from string import Template

from nepkit import __version__
from nepkit.core.atomic import atomic_path
from nepkit.datasets.quantities import UNITS
from nepkit.datasets.survey import LABELS, Survey
from nepkit.plots.distribution import plot_compositions, plot_distribution
from nepkit.plots.style import ANGSTROM
from nepkit.report.page import TEMPLATE, image, new_axes, number, section, table

SHOWN = ("energy", "force", "volume", "virial", "pressure", "net_force")
MOST_FINDINGS = 50


def dataset_page(survey: Survey, name: str) -> str:
    """Return the HTML text of a page about a data set; plots are inside it.

    Parameters
    ----------
    survey : nepkit.datasets.survey.Survey
        What there is to show.
    name : str
        Of the file.
    """
    parts = [_compositions(survey), _distributions(survey), _distances(survey), _labels(survey), _findings(survey)]
    elements = ", ".join(f"{element} {count}" for element, count in sorted(survey.elements.items()))
    verdict = f"{survey.errors} errors, {len(survey.findings) - survey.errors} warnings"
    return Template(TEMPLATE.read_text(encoding="utf-8")).substitute(
        title=escape(f"Data set {name}"),
        subtitle=escape(f"{survey.frames} frames, {survey.atoms} atoms: {elements}."),
        tone="care" if survey.findings else "good",
        verdict=escape(verdict if survey.findings else "Nothing looks wrong."),
        body="\n".join(part for part in parts if part),
        footer=f"Made by nepkit {escape(__version__)}. This file holds everything it shows.",
    )


def write_dataset_page(survey: Survey, name: str, path: Path, *, overwrite: bool) -> None:
    """Write the page, whole or not at all."""
    with atomic_path(path, overwrite=overwrite) as temporary:
        temporary.write_text(dataset_page(survey, name), encoding="utf-8")


def _compositions(survey: Survey) -> str:
    counts = {name: len(frames) for name, frames in survey.compositions.items()}
    height = 1.2 + 0.22 * min(len(counts), 25)
    axes = plot_compositions(counts, ax=new_axes(7.5, 1.25 * height))
    return section("Compositions", "Frames of every formula.", image(axes, "Frames of every formula"))


def _distributions(survey: Survey) -> str:
    plots = []
    for quantity in SHOWN:
        if quantity in survey.values:
            label = f"{quantity.replace('_', ' ')} ({UNITS[quantity]})".replace("^3", "³").replace("A", ANGSTROM)
            axes = plot_distribution(survey.values[quantity], label, ax=new_axes(4.2, 2.9))
            plots.append(image(axes, f"Distribution of the {quantity.replace('_', ' ')}"))
    text = "Energy and volume per atom, largest force, virial per atom, pressure, sum of all forces of a frame."
    return section("Distributions", text, f'<div class="plots">{"".join(plots)}</div>')


def _distances(survey: Survey) -> str:
    rows = [["-".join(pair), number(item.distance, 3), str(item.frame)] for pair, item in survey.contacts.items()]
    return section("Shortest distances", "", table(["pair", "distance (Å)", "frame"], rows)) if rows else ""


def _labels(survey: Survey) -> str:
    rows = [[name, str(survey.counts[name]), str(survey.frames - survey.counts[name])] for name in LABELS]
    rows = [row for row in rows if row[1] != "0"]
    return section("Labels", "", table(["label", "frames", "missing"], rows)) if rows else ""


def _findings(survey: Survey) -> str:
    rows = [
        [item.severity, "" if item.frame is None else str(item.frame), item.message, item.remedy]
        for item in survey.findings[:MOST_FINDINGS]
    ]
    left = len(survey.findings) - len(rows)
    text = f"{left} more: nepkit data check." if left > 0 else ""
    return section("What looks wrong", text, table(["", "frame", "what", "remedy"], rows, left=4)) if rows else ""
