"""``nepkit collect``: results of prepared folders."""

from __future__ import annotations

from pathlib import Path

import click

from nepkit.cli import options
from nepkit.cli.command import command
from nepkit.cli.output import Output, Table


@command("collect", menu=304)
@click.argument("manifest", type=click.Path(exists=True, path_type=Path))
@click.option("--partial", is_flag=True, help="Write the available results although some are missing.")
@click.option("--stride", type=click.IntRange(1), default=1, show_default=True,
              help="Molecular dynamics: keep every Nth frame.")  # fmt: skip
@click.option(
    "--result",
    metavar="NAME",
    help="Name of the result file in each folder, e.g. run.log (default: detected from content).",
)
@options.output("Output file for the results, extended xyz.", required=True)
def collect(manifest: Path, partial: bool, stride: int, result: str | None, output: Path, overwrite: bool) -> Output:
    """Bring back the results of prepared folders.

    MANIFEST is manifest.json or its folder. Every result is compared with the structure that was prepared, and comes
    with that structure's order of atoms, columns and keys. Folders that are missing, unconverged, failed or of another
    structure are named; then nothing is written and the status is 1, unless --partial is given.
    """
    from nepkit.prepare.collect import collect as run

    found = run(manifest, output, partial=partial, stride=stride, pattern=result, overwrite=overwrite)
    bad = [item for item in found.outcomes if item.status != "complete"]
    counts = ", ".join(f"{number} {status}" for status, number in found.counts.most_common())
    wrote = f"wrote {found.frames} frames to {output}" if found.output else "nothing written"
    remedy = "; --partial writes what is complete" if bad and not found.output and not partial else ""
    rows = [(item.folder, item.status, item.frames, item.detail or None) for item in bad]
    return Output(
        data={"frames": found.frames, "output": found.output, "counts": found.counts, "folders": found.outcomes},
        tables=[Table("", ["folder", "status", "frames", "why"], rows)] if rows else [],
        text=f"{len(found.outcomes)} folders: {counts}; {wrote}{remedy}",
        ok=found.output is not None and (partial or not bad),
    )
