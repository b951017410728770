"""``nepkit convert``: from any format that is read to any that is written."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import click

from nepkit.cli import options
from nepkit.cli.command import command
from nepkit.cli.output import Output, Table

if TYPE_CHECKING:
    from nepkit.formats.format import Dropped


@command("convert", menu=101, also=(102, 103, 104, 105))
@click.argument("inputs", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.argument("output", type=click.Path(path_type=Path))
@click.option("--from", "source", metavar="FORMAT", help="Input format (default: detected from content and file name).")
@click.option("--to", "target", metavar="FORMAT", help="Output format (default: chosen by the file name).")
@click.option("--types", default="", metavar="LIST", help="Elements of numbered atom types, e.g. Li,Cl (LAMMPS, MTP).")
@options.jobs
@click.option("--overwrite", is_flag=True, help="Replace existing output files.")
def convert(
    inputs: tuple[Path, ...],
    output: Path,
    source: str | None,
    target: str | None,
    types: str,
    jobs: int,
    overwrite: bool,
) -> Output:
    """Convert structures and calculations.

    INPUTS are files, or folders that are searched for what calculations left (OUTCAR, vasprun.xml, outputs of other
    codes, DeePMD). All become one OUTPUT. Ionic steps whose electronic steps did not converge, and steps made by a
    machine-learned force field, are left out and told; a stress that a code did not print stays missing. Every frame of
    a calculation notes its source. An OUTPUT of single structures takes {} in its name as their number.

    Ends with status 1 where an input could not be read, also when others were converted. nepkit formats lists all.
    """
    from nepkit.formats.conversion import convert as run

    report = run(
        inputs,
        output,
        source_format=source,
        target_format=target,
        types=types.replace(",", " ").split(),
        overwrite=overwrite,
        jobs=jobs,
    )
    rows = []
    for item in report.sources:
        reasons = Counter(step.reason for step in item.dropped)
        told = [f"{reason} (step {_steps(item.dropped, reason)})" for reason in reasons]
        rows.append(
            (
                str(item.path),
                item.format,
                item.frames,
                len(item.dropped),
                "; ".join([*told, *filter(None, [item.error])]),
            )
        )
    lines = [
        "",
        f"{report.frames} frame{'s' if report.frames != 1 else ''} in {report.files[0]}"
        + (f" ... {report.files[-1]}" if len(report.files) > 1 else ""),
        f"elements {' '.join(f'{name} {count}' for name, count in sorted(report.elements.items()))}",
        "labels " + (", ".join(f"{name} {count}" for name, count in report.counts.items()) or "none"),
    ]
    if target == "mtp" or (target is None and output.suffix == ".cfg"):
        ordered = sorted(report.elements)
        lines.append(
            f"types {' '.join(map(str, range(len(ordered))))} are {' '.join(ordered)}: --types {','.join(ordered)}"
        )
    if report.lost:
        lines.append(f"left behind, for the format does not hold them: {', '.join(report.lost)}")
    for name, (low, high) in report.ranges.items():
        label, _, unit = name.partition(" ")
        lines.append(f"{label} {low:.4f} to {high:.4f} {unit.strip('()')}")
    if report.failed:
        lines.append(f"{len(report.failed)} of {len(report.sources)} inputs could not be read to the end")
    return Output(
        data={
            "frames": report.frames,
            "files": report.files,
            "sources": report.sources,
            "elements": report.elements,
            "labels": report.counts,
            "left_behind": report.lost,
            "ranges": report.ranges,
        },
        tables=[Table("", ["input", "format", "frames", "left out", "why"], rows)],
        text="\n".join(lines),
        ok=not report.failed,
    )


def _steps(dropped: list[Dropped], reason: str) -> str:
    numbers = [str(item.step) for item in dropped if item.reason == reason]
    return ", ".join(numbers[:6]) + (" ..." if len(numbers) > 6 else "")
