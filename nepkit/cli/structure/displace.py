"""Atoms displaced at random; `nepkit sample perturb` is the same command under the number of GPUMDkit."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from nepkit.cli import options
from nepkit.cli.command import command
from nepkit.cli.output import Output
from nepkit.cli.structure.shared import SAVED, changed

F = TypeVar("F", bound=Callable[..., Any])

min_radii = click.option("--min-radii", type=float, default=0.6, show_default=True,
                         help="Smallest allowed distance as a fraction of the sum of covalent radii.")  # fmt: skip


def perturb_options(function: F) -> F:
    """Add the options of perturbing."""
    for option in reversed((
        click.argument("file", type=options.FILE),
        click.argument("count", type=int),
        click.option("--displacement", type=float, default=0.2, show_default=True, help="Displacement amplitude, A."),
        click.option("--strain", type=float, default=0.03, show_default=True,
                     help="Largest strain component of the cell."),
        click.option("--style", type=click.Choice(["uniform", "normal", "const"]), default="uniform", show_default=True,
                     help="Distribution of the displacements: uniform within the amplitude, normal, or of "
                          "exactly that length."),
        min_radii,
        options.seed,
        options.save(SAVED),
    )):  # fmt: skip
        function = option(function)
    return function


def perturbed_frames(file: Path, count: int, seed: int, **how: Any) -> Output:
    """Return perturbed copies of every frame of a file."""
    from itertools import count as numbers

    from nepkit.sampling.perturb import perturbed

    frame = numbers()
    made = changed(file, lambda atoms: list(perturbed(atoms, count, seed=(seed, next(frame)), **how)))
    return Output(frames=(atoms for group in made for atoms in group))


@command("structure perturb", menu=123)
@perturb_options
def perturb(file: Path, count: int, **how: Any) -> Output:
    """Displace atoms and strain cells at random.

    COUNT copies of every frame of FILE, without labels. A copy in which atoms come too close is drawn again. The same
    seed makes the same copies; nepkit sample perturb is the same command.
    """
    return perturbed_frames(file, count, **how)


@command("structure rattle", menu=126)
@click.argument("file", type=options.FILE)
@click.option("--deviation", type=float, default=0.05, show_default=True,
              help="Standard deviation of the displacements along x, y and z, A.")  # fmt: skip
@click.option("--count", type=click.IntRange(1), default=1, show_default=True, help="Number of copies of every frame.")
@min_radii
@options.seed
@options.save(SAVED)
def rattle(file: Path, deviation: float, count: int, min_radii: float, seed: int) -> Output:
    """Displace atoms by normally distributed distances.

    The cell stays. A copy in which atoms come too close is drawn again; columns stay, labels are left out.
    """
    # The style takes the deviation of the length, which is that of one direction times the root of 3.
    return perturbed_frames(
        file, count, seed, displacement=deviation * 3**0.5, strain=0.0, style="normal", min_radii=min_radii
    )
