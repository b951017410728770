"""Everything found in the folder of a run or training on one page: inputs, warnings, plots and their numbers."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from html import escape
from io import BytesIO
from pathlib import Path
from string import Template
from typing import Any

from nepkit import __version__
from nepkit.core.errors import InputError, NepkitError
from nepkit.core.progress import track
from nepkit.core.table import Table
from nepkit.inputs.check import NAMES, check_file
from nepkit.inputs.finding import InputFinding
from nepkit.plots.catalogue import plots
from nepkit.plots.compose import compose
from nepkit.plots.labels import merged
from nepkit.plots.plot import Plot
from nepkit.report.page import TEMPLATE, section, table

DPI = 180
SCALE = 110
"""Pixels of the page per inch of a figure."""
MOST_ROWS = 40
"""Longer tables are cut on the page."""
MOST_LINES = 200


@dataclass(frozen=True)
class Drawn:
    """A plot of a folder.

    Parameters
    ----------
    plot : Plot
        Which.
    image : bytes
        As png.
    width : int
        On the page, pixels, where there is room.
    tables : list of Table
        The numbers it shows.
    notes : list of str
        What was left out.
    """

    plot: Plot
    image: bytes
    width: int
    tables: list[Table]
    notes: list[str]


@dataclass(frozen=True)
class RunReport:
    """What was found in a folder.

    Parameters
    ----------
    folder : Path
        Where.
    inputs : dict of str to str
        Texts of run.in, nep.in and gnep.in, those that are there.
    findings : list of InputFinding
        What is wrong with them.
    drawn : list of Drawn
        Every plot whose files were there.
    failed : dict of str to str
        Why a plot whose files were there could not be drawn, by name.
    """

    folder: Path
    inputs: dict[str, str]
    findings: list[InputFinding]
    drawn: list[Drawn]
    failed: dict[str, str]

    @property
    def errors(self) -> int:
        """How many errors the input files have."""
        return sum(item.severity == "error" for item in self.findings)


def run_report(folder: Path) -> RunReport:
    """Read, check and draw what lies in a folder.

    Raises
    ------
    InputError
        Where there is neither an input file nor a file that a plot reads.

    Examples
    --------
    >>> run_report(Path("run")).failed  # doctest: +SKIP
    {}
    """
    files = [folder / name for name in NAMES if (folder / name).is_file()]
    found = [plot for plot in plots().values() if _alone(plot) and plot.found_in(folder)]
    if not files and not found:
        raise InputError(f"{folder}: no {', '.join(NAMES)} and no file that a plot reads; is it the folder of a run?")
    drawn: list[Drawn] = []
    failed: dict[str, str] = {}
    for plot in track(found, "Plots"):
        try:
            drawn.append(_draw(plot, folder))
        except NepkitError as error:
            failed[plot.name] = str(error)
    inputs = {path.name: path.read_text(encoding="utf-8", errors="replace") for path in files}
    return RunReport(folder, inputs, [item for path in files for item in check_file(path)], drawn, failed)


def _alone(plot: Plot) -> bool:
    """Return whether a plot says something of its own without being told more."""
    return plot.in_report and not plot.example


def _draw(plot: Plot, folder: Path) -> Drawn:
    loaded = plot.load([folder], {})
    figure = compose(loaded.panels(), size=plot.size)
    buffer = BytesIO()
    figure.savefig(buffer, format="png", dpi=DPI)
    return Drawn(
        plot, buffer.getvalue(), round(SCALE * figure.get_size_inches()[0]), loaded.numbers(), merged(loaded.notes())
    )


def run_page(report: RunReport) -> str:
    """Return the HTML text of a report; everything it shows is inside."""
    warnings = len(report.findings) - report.errors
    counts = f"{_count(report.errors, 'error')} and {_count(warnings, 'warning')} in the input files"
    verdict = counts if report.inputs else "No run.in or nep.in in this folder"
    parts = [_findings(report), *map(_plot, report.drawn), _failed(report), _inputs(report), _files(report.folder)]
    return Template(TEMPLATE.read_text(encoding="utf-8")).substitute(
        title=escape(f"Run in {report.folder.resolve().name}"),
        subtitle=escape(f"{report.folder.resolve()}: {_count(len(report.drawn), 'plot')}."),
        tone="care" if report.findings or not report.inputs else "good",
        verdict=escape(f"{verdict[:1].upper()}{verdict[1:]}."),
        body="\n".join(part for part in parts if part),
        footer=f"Made by nepkit {escape(__version__)}. This file holds everything it shows.",
    )


def _count(number: int, what: str) -> str:
    return f"{number or 'no'} {what}{'s' if number != 1 else ''}"


def _findings(report: RunReport) -> str:
    if not report.findings:
        return ""
    rows = [[item.severity, f"{item.path.name}{f', line {item.line}' if item.line else ''}", item.message, item.remedy]
            for item in report.findings]  # fmt: skip
    words = table(["severity", "where", "what", "remedy"], rows, left=4).replace("<table>", '<table class="words">')
    return section("Input files: what was found", "", words)


def _plot(one: Drawn) -> str:
    data = base64.b64encode(one.image).decode("ascii")
    source, style = f"data:image/png;base64,{data}", f"max-width: {one.width}px"
    picture = f'<figure><img style="{style}" src="{source}" alt="{escape(one.plot.summary)}"></figure>'
    notes = "".join(f"<li>{escape(note)}</li>" for note in one.notes)
    tables = "".join(map(_table, one.tables))
    return section(one.plot.name, one.plot.summary, f"{picture}{tables}" + (f"<ul>{notes}</ul>" if notes else ""))


def _table(one: Table) -> str:
    cells = one.cells()[:MOST_ROWS]
    if not cells:
        return ""
    words = [place for place in range(len(one.columns)) if all(isinstance(row[place], str | None) for row in one.rows)
             and any(row[place] for row in one.rows)]  # fmt: skip
    more = len(one.rows) - len(cells)
    cut = f'<p class="soft">and {more} rows more</p>' if more else ""
    title = f'<p class="soft">{escape(one.title)}</p>' if one.title else ""
    return title + table(one.columns, cells, left=words) + cut


def _failed(report: RunReport) -> str:
    items = "".join(f"<li><b>{escape(name)}</b>: {escape(why)}</li>" for name, why in report.failed.items())
    return (
        section("Not drawn", "Their files are here, but could not be used as they are.", f"<ul>{items}</ul>")
        if items
        else ""
    )


def _inputs(report: RunReport) -> str:
    parts = []
    for name, text in report.inputs.items():
        lines = text.splitlines()
        shown = "\n".join(lines[:MOST_LINES]) + ("\n..." if len(lines) > MOST_LINES else "")
        parts.append(f"<p>{escape(name)}</p><pre>{escape(shown)}</pre>")
    return section("Input files", "", "".join(parts)) if parts else ""


def _files(folder: Path) -> str:
    return section("Files", "", table(["file", "size", "changed"], list(_rows(folder)), left=(0, 2)))


def _rows(folder: Path) -> Iterator[list[str]]:
    for path in sorted(folder.iterdir()):
        if path.is_file():
            status: Any = path.stat()
            changed = datetime.fromtimestamp(status.st_mtime).strftime("%Y-%m-%d %H:%M")
            yield [path.name, _size(status.st_size), changed]


def _size(count: int) -> str:
    """Return a number of bytes as text."""
    if count < 1000:
        return f"{count} B"
    return f"{count / 1e3:.1f} kB" if count < 1e6 else f"{count / 1e6:.1f} MB"
