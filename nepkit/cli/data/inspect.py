"""Commands that look into a set of frames: info, check, min-dist."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from nepkit.cli import options
from nepkit.cli.command import command
from nepkit.cli.output import Output, Table
from nepkit.core.atomic import refuse_existing

if TYPE_CHECKING:
    from nepkit.datasets.distances import Contact, Pair
    from nepkit.datasets.survey import Survey


def _contacts(contacts: dict[Pair, Contact]) -> Table:
    rows = [
        ("-".join(pair), contact.distance, contact.frame, "-".join(str(index + 1) for index in contact.atoms))
        for pair, contact in contacts.items()
    ]
    return Table("Shortest distances", ["pair", "distance (A)", "frame", "atoms"], rows, ["", ".4f", "", ""])


def _contact_data(contacts: dict[Pair, Contact]) -> dict[str, object]:
    return {
        "-".join(pair): {"distance": found.distance, "frame": found.frame, "atoms": [i + 1 for i in found.atoms]}
        for pair, found in contacts.items()
    }


@command("data min-dist", menu=507, csv=True)
@click.argument("file", type=options.FILE)
@options.save("Output table as text, JSON or CSV, chosen by the suffix.")
def min_dist(file: Path) -> Output:
    """Shortest distance of every two elements.

    All elements of all frames count, and all periodic images, an atom's own too. Atoms at the same place are 0 apart.
    """
    from nepkit.core.progress import track
    from nepkit.datasets.distances import closest_in_frames
    from nepkit.formats.files import read_frames

    contacts = closest_in_frames(track(read_frames(file), "Frames"))
    return Output(data=_contact_data(contacts), tables=[_contacts(contacts)])


@command("data info", menu=501, also=(503, 505))
@click.argument("file", type=options.FILE)
@click.option("--html", type=options.NEW, help="Output page with plots of the distributions (html).")
@options.save("Output tables as text, JSON or CSV, chosen by the suffix.")
def info(file: Path, html: Path | None) -> Output:
    """Compositions, labels and ranges of a set.

    Ranges are of the energy per atom, largest force, sum of forces, largest virial component per atom, pressure, volume
    per atom and edges of the cell. What looks wrong is told in full by nepkit data check; frames of one composition
    are written by nepkit data filter --formula.
    """
    from nepkit.datasets.quantities import UNITS
    from nepkit.datasets.survey import LABELS, survey_file

    if html is not None:
        refuse_existing(html, overwrite=False)
    found = survey_file(file)
    if html is not None:
        from nepkit.report.dataset import write_dataset_page

        write_dataset_page(found, file.name, html, overwrite=False)
    count = found.frames
    compositions = [
        (number, name, found.sizes[name], len(frames), _spans(frames))
        for number, (name, frames) in enumerate(found.compositions.items(), 1)
    ]
    ranges = [
        (_title(name, UNITS[name]), item.minimum, item.mean, item.maximum, item.minimum_frame, item.maximum_frame)
        for name, item in found.ranges.items()
    ]
    known = [(name, found.counts[name], count - found.counts[name]) for name in LABELS if found.counts[name]]
    tables = [
        Table("Compositions", ["", "formula", "atoms", "frames", "which"], compositions),
        Table("Ranges", ["quantity", "least", "mean", "largest", "frame of least", "of largest"], ranges),
        Table("Labels", ["label", "frames", "missing"], known),
        _contacts(found.contacts),
    ]
    lines = [
        "",
        f"{_number(count, 'frame')}, {_number(found.atoms, 'atom')}, "
        f"elements {' '.join(f'{name} {share}' for name, share in sorted(found.elements.items()))}",
        *([f"{_number(len(found.duplicates), 'structure')} more than once"] if found.duplicates else []),
        *_balance_line(found),
        *_findings_line(found, file),
        *([f"wrote the page to {html}"] if html is not None else []),
    ]
    return Output(data=_survey_data(found), tables=[table for table in tables if table.rows], text="\n".join(lines))


@command("data check", menu=509, csv=True)
@click.argument("file", type=options.FILE)
@click.option("--strict", is_flag=True, help="Exit status 1 for warnings as well.")
@options.save("Output findings as text, JSON or CSV, chosen by the suffix.")
def check(file: Path, strict: bool) -> Output:
    """Find what the trainer chokes on or spoils a fit.

    Ends with status 1 where there are errors: labels missing or wrong, virial and stress that disagree, no cell, atoms
    at the same place, one structure with two energies, wrong weights. Warnings are to be looked at: duplicates, close
    atoms, large forces, forces that do not add up to zero, energies off the trend.
    """
    from nepkit.datasets.survey import survey_file

    found = survey_file(file)
    rows = [(item.severity, item.frame, item.kind, item.message, item.remedy) for item in found.findings]
    warnings = len(rows) - found.errors
    table = Table("", ["severity", "frame", "kind", "what", "remedy"], rows)
    verdict = f"{_number(found.frames, 'frame')}: {_number(found.errors, 'error')}, {_number(warnings, 'warning')}"
    ok = not found.errors and not (strict and rows)
    data = {"ok": ok, "frames": found.frames, "errors": found.errors, "warnings": warnings, "findings": found.findings}
    return Output(data=data, tables=[table], text=verdict, ok=ok)


def _title(name: str, unit: str) -> str:
    return name.replace("_", " ") + (f" ({unit})" if unit else "")


def _number(count: int, what: str) -> str:
    return f"{count} {what}{'s' if count != 1 else ''}"


def _balance_line(found: Survey) -> list[str]:
    if not found.unbalanced:
        return []
    return [
        f"{_number(len(found.unbalanced), 'frame')} whose usual oxidation states do not add up to the charge: "
        f"{_spans(found.unbalanced)}"
    ]


def _findings_line(found: Survey, file: Path) -> list[str]:
    if not found.findings:
        return []
    warnings = _number(len(found.findings) - found.errors, "warning")
    return [f"{_number(found.errors, 'error')}, {warnings}: nepkit data check {file}"]


def _spans(numbers: list[int]) -> str:
    """Return ``1-3,7`` for 1, 2, 3 and 7, cut after a few."""
    spans: list[list[int]] = []
    for number in numbers:
        if spans and number == spans[-1][1] + 1:
            spans[-1][1] = number
        else:
            spans.append([number, number])
    texts = [str(first) if first == last else f"{first}-{last}" for first, last in spans]
    return ",".join(texts[:6]) + (",..." if len(texts) > 6 else "")


def _survey_data(found: Survey) -> dict[str, object]:
    ranges = {
        name: {"min": item.minimum, "mean": item.mean, "max": item.maximum,
               "min_frame": item.minimum_frame, "max_frame": item.maximum_frame}
        for name, item in found.ranges.items()
    }  # fmt: skip
    return {
        "frames": found.frames,
        "atoms": found.atoms,
        "elements": dict(sorted(found.elements.items())),
        "compositions": {
            name: {"atoms": found.sizes[name], "frames": frames} for name, frames in found.compositions.items()
        },
        "ranges": ranges,
        "labels": dict(sorted(found.counts.items())),
        "min_distances": _contact_data(found.contacts),
        "duplicates": found.duplicates,
        "unbalanced": found.unbalanced,
        "findings": found.findings,
    }
