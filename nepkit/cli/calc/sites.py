"""Energies of single atoms."""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import click

from nepkit.cli import options
from nepkit.cli.calc.minimize import optimiser, steps
from nepkit.cli.command import command
from nepkit.cli.output import Output, Table
from nepkit.core.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nepkit.properties.landscape.minimum import Minimum


@command("calc doas", menu=404, csv=True)
@click.argument("frames", type=options.FILE)
@options.models
@click.option("--fmax", type=click.FloatRange(0, min_open=True), default=0.05, show_default=True,
              help="Convergence threshold on the largest atomic force, eV/A.")  # fmt: skip
@steps
@optimiser
@click.option("--no-relax", is_flag=True, help="Use the frames as they are, without relaxation.")
@options.output("Output frames at rest with a column site_energy, eV.", default="doas.xyz")
@options.resume
@options.jobs
def doas(
    frames: Path,
    models: tuple[str, ...],
    fmax: float,
    steps: int,
    optimiser: str,
    no_relax: bool,
    output: Path,
    overwrite: bool,
    resume: bool,
    jobs: int,
) -> Output:
    """Site energies of relaxed frames (DOAS).

    The density of atomistic states. Every frame is relaxed in its cell, and written as it is done: an interrupted
    run goes on with --resume. See nepkit plot doas for the distribution.
    """
    from nepkit.core.progress import track
    from nepkit.formats.files import read_frames
    from nepkit.models.potentials import load_potential
    from nepkit.properties.landscape.minima import Relaxation
    from nepkit.properties.landscape.sites import append, completed, site_energies
    from nepkit.properties.site_energies import read_site_energies

    potential = load_potential(models)
    how = None if no_relax else Relaxation(fmax=fmax, steps=steps, optimiser=optimiser)
    done = completed(output, read_frames(frames)) if resume and output.exists() else 0
    minima: list[Minimum] = []
    given = islice(read_frames(frames), done, None)
    work = site_energies(given, potential, how, source=str(frames), first=done + 1, jobs=jobs, watch=minima.append)
    count = done
    try:
        for _ in track(append(output, work, fresh=not done), "Site energies"):
            count += 1
    except InputError as error:
        if count == 0:
            raise
        raise InputError(f"{error}; frames done before it: {count}, in {output}") from None
    failed = [done + number for number, one in enumerate(minima, 1) if not one.converged]
    return _output(read_site_energies(output).values, count, done, failed, minima, output)


def _output(
    values: Mapping[str, object], count: int, done: int, failed: list[int], minima: list[Minimum], output: Path
) -> Output:
    import numpy as np

    rows = []
    for symbol, one in sorted(values.items()):
        energies = np.asarray(one, dtype=float)
        rows.append(
            (symbol, len(energies), *map(float, (energies.mean(), energies.std(), energies.min(), energies.max())))
        )
    columns, formats = ("element", "atoms", "mean", "spread", "lowest", "highest"), ("", "", ".4f", ".4f", ".4f", ".4f")
    lines = [f"{count} frames" + (f", {done} of them from before" if done else "")]
    if minima:
        lines[0] += f", {sum(one.steps for one in minima) / len(minima):.0f} steps each"
    if failed:
        lines.append(f"Not at rest: frame{'s' * (len(failed) > 1)} {', '.join(map(str, failed))}; raise --steps")
    lines.append(f"wrote {output}")
    return Output(
        data={"elements": Table("", columns, rows).records(), "frames": count, "not_converged": failed, "file": output},
        tables=[Table("Site energies (eV)", columns, rows, formats)],
        text="\n".join(lines),
        ok=not failed,
    )
