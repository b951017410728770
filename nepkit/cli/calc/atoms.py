"""What a NEP computes for single atoms."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from nepkit.cli import options
from nepkit.cli.command import command
from nepkit.cli.output import Output, Table

element = click.option("--element", "elements", multiple=True, help="Restrict to atoms of this element; repeatable.")


@command("calc descriptors", menu=403)
@click.argument("frames", type=options.FILE)
@click.option("-m", "--model", required=True, type=options.FILE, help="NEP or qNEP file.")
@options.output("Output table of atoms as npz, or as npy without frame and atom numbers.", default="descriptors.npz")
@element
@options.jobs
def descriptors(
    frames: Path, model: Path, output: Path, overwrite: bool, elements: tuple[str, ...], jobs: int
) -> Output:
    """Descriptors of every atom, as a table.

    The npz file holds values (R, D), and frame, atom (both from 0) and symbols (R,) of every row. They are scaled as
    the network of the NEP takes them.
    """
    return _table(frames, model, "descriptors", output, overwrite, elements, jobs)


@command("calc latent", menu=419)
@click.argument("frames", type=options.FILE)
@click.option("-m", "--model", required=True, type=options.FILE, help="NEP or qNEP file.")
@options.output("Output table of atoms as npz, or as npy without frame and atom numbers.", default="latent.npz")
@element
@options.jobs
def latent(frames: Path, model: Path, output: Path, overwrite: bool, elements: tuple[str, ...], jobs: int) -> Output:
    """Hidden layer of a NEP for every atom, eV.

    Activations times output weights, as calorine gives them: their sum is the energy of the atom up to a constant of
    its element. The file is that of nepkit calc descriptors.
    """
    return _table(frames, model, "latent", output, overwrite, elements, jobs)


def _table(
    frames: Path, model: Path, kind: Any, output: Path, overwrite: bool, elements: tuple[str, ...], jobs: int
) -> Output:
    from collections import Counter

    from nepkit.formats.files import read_frames
    from nepkit.sampling.environments import atom_table

    found = atom_table(read_frames(frames), model, kind, elements=elements, source=str(frames), jobs=jobs)
    found.write(output, overwrite=overwrite)
    counts = Counter(found.symbols.tolist())
    width = found.values.shape[1]
    return Output(
        data={"file": output, "rows": len(found.values), "columns": width, "atoms": dict(counts)},
        tables=[Table(f"{kind}, {width} numbers each", ("element", "atoms"), sorted(counts.items()))],
        text=f"{int(found.frame[-1]) + 1} frames; wrote {output}",
    )
