"""Frames on which the models of a committee disagree."""

from __future__ import annotations

from pathlib import Path

import click

from nepkit.cli import options
from nepkit.cli.command import command
from nepkit.cli.output import Output, Table
from nepkit.cli.sample.shared import check_new, indices_option, write_chosen
from nepkit.core.errors import InputError


@command("sample deviation", menu=205)
@click.argument("file", type=options.FILE)
@click.option(
    "-m", "--model", "models", multiple=True, metavar="MODEL", help="Two or more potentials forming a committee."
)
@click.option(
    "--active", type=options.FILE, help="GPUMD's active.out in place of models; FILE is the matching active.xyz."
)
@click.option(
    "--threshold", type=click.FloatRange(0), default=0.0, show_default=True, help="Minimum force deviation, eV/A."
)
@click.option(
    "--ceiling",
    type=click.FloatRange(0),
    help="Maximum force deviation, eV/A; frames above it are taken as unphysical.",
)
@click.option(
    "--max",
    "count",
    type=click.IntRange(1),
    help="Maximum number of frames; those with the largest deviation are selected.",
)
@options.device
@options.jobs
@indices_option
@options.output("Output file for the selected frames.", required=True)
def deviation(
    file: Path,
    models: tuple[str, ...],
    active: Path | None,
    threshold: float,
    ceiling: float | None,
    count: int | None,
    device: str,
    jobs: int,
    indices: Path | None,
    output: Path,
    overwrite: bool,
) -> Output:
    """Take the frames on which models disagree.

    The deviation of a frame is the largest of a force on its atoms: computed from a committee, or as GPUMD's active
    wrote it, in the frames (uncertainty) or in active.out, whose rows are found by time. The file of --indices lists
    the numbers by falling deviation.
    """
    from nepkit.formats.files import read_frames
    from nepkit.sampling.deviation import committee_deviation, largest, recorded_deviation

    check_new(overwrite, indices)
    if models and active is not None:
        raise InputError("give --model or --active, not both")
    if len(models) == 1:
        raise InputError("one model has no deviation; give --model twice or more")
    if models:
        from nepkit.models.potentials import Committee, load_potential

        committee = Committee([load_potential(model, device=device) for model in models])
        values = committee_deviation(read_frames(file), committee, source=str(file), jobs=jobs)
    else:
        values = recorded_deviation(read_frames(file), active, source=str(file))
    chosen = largest(values, threshold, ceiling, count)
    if not chosen:
        top = "" if ceiling is None else f" and at most {ceiling:g}"
        raise InputError(
            f"{file}: no frame deviates by at least {threshold:g}{top} eV/A (they deviate by {values.min():.4g} to "
            f"{values.max():.4g}), so nothing is written"
        )
    write_chosen(file, output, chosen, indices, overwrite)
    broken = 0 if ceiling is None else int((values > ceiling).sum())
    rows = [(index + 1, float(values[index])) for index in chosen]
    text = f"{len(rows)} of {len(values)} frames in {output}"
    return Output(
        data={"frames": [row[0] for row in rows], "deviations": values, "unit": "eV/A", "above_ceiling": broken},
        tables=[Table("", ["frame", "deviation (eV/A)"], rows[:20], ["", ".4f"])],
        text=text + (f"; {broken} deviate by more than {ceiling:g} eV/A and are left out" if broken else ""),
    )
