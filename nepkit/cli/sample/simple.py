"""Frames at equal steps, random ones, and perturbed copies."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from nepkit.cli import options
from nepkit.cli.command import command
from nepkit.cli.output import Output
from nepkit.cli.sample.shared import count_frames, indices_option, write_chosen
from nepkit.cli.structure.displace import perturb_options, perturbed_frames


@command("sample uniform", menu=201)
@click.argument("file", type=options.FILE)
@click.argument("count", type=int)
@indices_option
@options.output("Output file for the selected frames.", required=True)
def uniform(file: Path, count: int, indices: Path | None, output: Path, overwrite: bool) -> Output:
    """Take frames at equal steps through a file.

    No frame is taken twice; more frames than there are is an error.
    """
    from nepkit.sampling.simple import uniform

    chosen = uniform(count_frames(file), count)
    write_chosen(file, output, chosen, indices, overwrite)
    return Output(data={"frames": [index + 1 for index in chosen]}, text=f"{count} frames in {output}")


@command("sample random", menu=207)
@click.argument("file", type=options.FILE)
@click.argument("count", type=int)
@options.seed
@indices_option
@options.output("Output file for the selected frames.", required=True)
def random(file: Path, count: int, seed: int, indices: Path | None, output: Path, overwrite: bool) -> Output:
    """Take random frames of a file.

    No frame is taken twice, and the same seed takes the same frames.
    """
    from nepkit.sampling.simple import random

    chosen = random(count_frames(file), count, seed)
    write_chosen(file, output, chosen, indices, overwrite)
    data = {"frames": [index + 1 for index in chosen], "seed": seed}
    return Output(data=data, text=f"{count} frames in {output}")


@command("sample perturb", menu=204)
@perturb_options
def perturb(file: Path, count: int, **how: Any) -> Output:
    """Displace atoms and strain cells at random.

    COUNT copies of every frame of FILE, without labels. A copy in which atoms come too close is drawn again.
    """
    return perturbed_frames(file, count, **how)
